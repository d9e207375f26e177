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

const (
	publishIdle  = 5 * time.Second // between polls for records that a former holder of the lease left unpublished
	publishRetry = time.Second     // after a failure
	notifyFor    = 250 * time.Millisecond
)

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
		pause := publishIdle
		if err != nil {
			pause = publishRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-l.placed:
		case <-time.After(pause):
		}
	}
}

// storedChannel is the channel on which replicas say that records wait.
func (l *Log) storedChannel() string { return "events:stored:" + l.tele.Component }

// listen wakes the relay when another replica says that records wait, until ctx ends.
func (l *Log) listen(ctx context.Context) {
	_ = l.redis.Subscribe(ctx, l.storedChannel(), func(subscribed bool) { // it only ends with ctx
		l.listening.Store(subscribed)
		signal(l.stored) // a message may have been lost
	}, func(string) { signal(l.told) })
}

// notifyHolder wakes the relay of the replica that has the lease. If the message is lost, it is repeated as long as
// records wait.
func (l *Log) notifyHolder(ctx context.Context) {
	if l.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, notifyFor)
	defer cancel()
	if err := l.redis.Publish(ctx, l.storedChannel(), ""); err != nil {
		l.tele.Log.DebugContext(ctx, "outbox relay: waking the holder of the lease failed; it polls", "error", err)
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
