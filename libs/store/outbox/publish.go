package outbox

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

// longEntry is from how many bytes on a record isn't carried by Redis: an entry without its data stands for it, so that
// readers are woken and read the record from the log. A stream has about 200 entries, so about 1 MiB.
const longEntry = 4 << 10

// publishPause is between looks for records that the stream has not got, where nothing says that there are some.
const publishPause = time.Second

// StreamName is the Redis stream that carries the log of a service.
func StreamName(source string) string { return "fivechat:events:" + source }

// PublishTo lets the relay carry records to readers over Redis as soon as they have their positions. The log stays the
// truth: what Redis loses, readers find in it.
func (l *Log) PublishTo(redis *rediskit.Client) { l.redis = redis }

// publish carries records to Redis until ctx ends. It works where the lease is.
func (l *Log) publish(ctx context.Context) {
	for {
		more, err := l.publishOnce(ctx)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "publishing will be tried again", "error", err)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-l.given:
		case <-time.After(publishPause):
		}
	}
}

// publishOnce carries one batch and says whether there may be more. What it has carried stands in the lease's row, so
// the next holder goes on from there; a batch that is carried twice stands in the stream once.
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
