package outbox

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

// longEntry is the size in bytes from which a record isn't copied to Redis. An entry without data replaces it, so that
// readers wake up and read the record from the log. A stream has about 200 entries, so about 1 MiB.
const longEntry = 4 << 10

// publishPause is the interval of polling for unpublished records without a signal.
const publishPause = time.Second

// StreamName is the Redis stream that carries the log of a service.
func StreamName(source string) string { return "events:" + source }

// PublishTo makes the relay publish records to Redis as soon as they have positions, so that readers get them quickly.
// The log remains authoritative: if Redis loses records, readers read them from the log.
func (l *Log) PublishTo(redis *rediskit.Client) { l.redis = redis }

// publish publishes records to Redis until ctx ends. It works only while this replica has the lease.
func (l *Log) publish(ctx context.Context) {
	for {
		more, err := l.publishOnce(ctx)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "outbox relay: publishing events failed; retrying", "error", err)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-l.placed:
		case <-time.After(publishPause):
		}
	}
}

// publishOnce publishes one batch, and reports whether there may be more. The lease's row stores the last published
// position, so the next holder continues there. A batch that is published twice is in the stream once.
func (l *Log) publishOnce(ctx context.Context) (more bool, err error) {
	mine := bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}}
	rows, err := l.leases.List(ctx, mine, one)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 || rows[0].Published >= rows[0].Pos {
		l.gauges.unpublished.Set(0)
		return false, nil
	}
	l.gauges.unpublished.Set(float64(rows[0].Pos - rows[0].Published))
	records, err := l.After(ctx, rows[0].Published, relayBatch)
	if err != nil || len(records) == 0 {
		return false, err
	}
	ctx, end := StartBatchSpan(ctx, l.tele, "publish", l.tele.Component, records)
	defer func() { end(err) }()
	entries := make([]rediskit.Entry, len(records))
	for i, r := range records {
		b, err := httpkit.Encode(r)
		if err != nil {
			return false, fmt.Errorf("events: %w", err)
		}
		if entries[i].Pos = r.Pos; len(b) <= longEntry {
			entries[i].Data = string(b)
		}
	}
	if err := l.redis.Append(ctx, StreamName(l.tele.Component), entries); err != nil {
		return false, err
	}
	last := records[len(records)-1].Pos
	_, err = l.leases.Update(ctx, mine, bson.D{{Key: "$max", Value: bson.D{{Key: "published", Value: last}}}})
	return err == nil && last < rows[0].Pos, err
}
