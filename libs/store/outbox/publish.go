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
	publishIdle  = 10 * time.Second // between two checks, by any replica, for unpublished records
	publishRetry = time.Second      // after a failure
	publishSave  = time.Second      // between two writes of the published position, while records are published
	publishFresh = time.Second      // how long after it got positions a batch is published without reading it again
	notifyFor    = 250 * time.Millisecond
)

// StreamName is the Redis stream that carries the log of a service.
func StreamName(source string) string { return "events:" + source }

// PublishTo makes the relay publish records to Redis as soon as they have positions, so that readers get them quickly.
// The log remains authoritative: if Redis loses records, readers read them from the log.
func (l *Log) PublishTo(redis *rediskit.Client) { l.redis = redis }

// publisher publishes to Redis what its replica has given positions. It remembers up to which position, and stores that
// in the lease's row from time to time, so that the next holder of the lease continues there. A record that is
// published twice is in the stream once.
type publisher struct {
	*Log
	pos     int64 // the last position that it has published
	behind  bool  // there is more to publish
	saved   int64 // the last that it has stored
	savedAt time.Time
	turns   *rediskit.Turns
}

// publish publishes records to Redis until ctx ends.
func (l *Log) publish(ctx context.Context) {
	p := publisher{Log: l, turns: l.redis.Turns("publish:"+l.tele.Component, publishIdle)}
	var batch []Record
	for {
		more, err := p.once(ctx, batch)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "outbox relay: publishing events failed; retrying", "error", err)
		}
		batch, p.behind = nil, more || err != nil
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
		case batch = <-l.placed:
		case <-time.After(pause):
		}
	}
}

// once publishes a batch that has just got its positions, or without one, what is unpublished. more reports that there
// may be more.
func (p *publisher) once(ctx context.Context, batch []Record) (more bool, err error) {
	if len(batch) > 0 && batch[0].Pos == p.pos+1 && time.Since(batch[0].PosAt) < publishFresh {
		if err := p.append(ctx, batch, 0); err != nil || time.Since(p.savedAt) < publishSave {
			return false, err
		}
		return false, p.save(ctx)
	}
	if err := p.save(ctx); err != nil {
		return false, err
	}
	if len(batch) > 0 || p.behind || p.turns.Take(ctx) {
		return p.catchUp(ctx)
	}
	return false, nil
}

// catchUp publishes a batch of what the lease's row shows as unpublished. If nothing is, it makes sure that Redis still
// has the end of the stream: otherwise readers would not notice that they have missed it.
func (p *publisher) catchUp(ctx context.Context) (more bool, err error) {
	rows, err := p.leases.List(ctx, bson.D{{Key: "_id", Value: "relay"}}, one)
	if err != nil || len(rows) == 0 || rows[0].Pos == 0 {
		return false, err
	}
	row := rows[0]
	if row.Holder != p.holder && row.Until.After(time.Now()) {
		p.gauges.unpublished.Set(0)
		return false, nil // the holder publishes
	}
	from := row.Published
	if row.Holder == p.holder {
		from = max(from, p.pos)
	}
	p.gauges.unpublished.Set(float64(row.Pos - from))
	if from >= row.Pos {
		p.pos, p.saved = row.Pos, row.Published
		return false, p.redis.Append(ctx, StreamName(p.tele.Component), []rediskit.Entry{{Pos: row.Pos}}, row.Pos)
	}
	records, err := p.After(ctx, from, relayBatch)
	if err != nil || len(records) == 0 {
		return false, err
	}
	if err := p.append(ctx, records, row.Pos); err != nil {
		return false, err
	}
	return p.pos < row.Pos, p.save(ctx)
}

// append publishes records. head is the last position of the log, or 0 if that is the last record's.
func (p *publisher) append(ctx context.Context, records []Record, head int64) (err error) {
	ctx, end := StartBatchSpan(ctx, p.tele, "publish", p.tele.Component, records)
	defer func() { end(err) }()
	entries := make([]rediskit.Entry, len(records))
	for i, r := range records {
		b, err := httpkit.Encode(r)
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		if entries[i].Pos = r.Pos; len(b) <= longEntry {
			entries[i].Data = string(b)
		}
	}
	if err := p.redis.Append(ctx, StreamName(p.tele.Component), entries, head); err != nil {
		return err
	}
	p.pos = records[len(records)-1].Pos
	p.gauges.unpublished.Set(float64(max(head-p.pos, 0)))
	return nil
}

// save stores the published position, unless that was done.
func (p *publisher) save(ctx context.Context) error {
	if p.pos <= p.saved {
		return nil
	}
	_, err := p.leases.Update(ctx, bson.D{{Key: "_id", Value: "relay"}},
		bson.D{{Key: "$max", Value: bson.D{{Key: "published", Value: p.pos}}}})
	if err == nil {
		p.saved, p.savedAt = p.pos, time.Now()
	}
	return err
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
