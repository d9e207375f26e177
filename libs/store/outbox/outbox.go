// Package outbox stores the events of a service. Begin with NewLog and Append. A service appends a Record to its Log
// in the transaction of the change that the record describes, so that neither exists without the other.
//
// Record ids of one key follow commit order. A relay, one replica at a time by a lease, gives committed records their
// positions in the log, so that no reader can skip a record that commits late, and publishes them to a Redis stream.
// Services read their own log with Log, and another service's log with Remote. Package feed consumes either.
package outbox

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	relayPause  = 100 * time.Millisecond // between polls of an empty outbox, because another replica may have written
	relayGather = 10 * time.Millisecond  // how long a record of this process waits for more records
	relayBatch  = 500                    // records that get positions in one transaction; their data isn't read
	lease       = 5 * time.Second        // how long a failed relay blocks the others
	retention   = 7 * 24 * time.Hour     // of a record, from the time it got its position
)

// Record is one event.
type Record struct {
	// ID is a UUIDv7: unique, and the same on every delivery. The ids of one key ascend.
	ID string `bson:"_id" json:"id"`
	// Website is zero if the website was erased.
	Website tenant.ID          `bson:"websiteId" json:"websiteId,omitzero"`
	Type    contract.EventType `bson:"type" json:"type"`
	// Key is the id of the changed object, or Many. The records of one key are in order. It is 0 after an erasure.
	Key  int64     `bson:"key" json:"key"`
	At   time.Time `bson:"at" json:"at"`
	Data string    `bson:"data" json:"data"` // JSON
	// Pos is the position in the log, from 1 without gaps. It is 0 until the relay assigns it.
	Pos   int64     `bson:"pos" json:"pos"`
	PosAt time.Time `bson:"posAt,omitempty" json:"-"`
	// Erased says that the personal data was removed. Statistics count the record; nothing else publishes it.
	Erased bool `bson:"erased,omitempty" json:"erased,omitzero"`
	// Visitor is the visitor that the event concerns, so that an erasure finds what was derived from the event. It is 0
	// if the data names the visitor, or if there is none.
	Visitor int64 `bson:"visitorId,omitempty" json:"visitorId,omitzero"`
	// Trace is the traceparent of the span that wrote the record, or "".
	Trace string `bson:"traceparent,omitempty" json:"traceparent,omitzero"`
}

// Decode reads the record's data.
func (r Record) Decode(into any) error { return json.Unmarshal([]byte(r.Data), into) }

// Many is the key of a record about many objects, which its data names.
const Many = -1

// Log holds one service's events.
type Log struct {
	rows   *mongokit.Global[Record]
	leases *mongokit.Global[leaseRow]
	db     *mongokit.DB
	tele   *telemetry.Telemetry
	holder string
	gauges *gauges
	redis  *rediskit.Client // nil: records aren't published
	placed chan struct{}    // signals that records have positions
	stored chan struct{}    // signals that this process has stored records
	until  time.Time        // the end of this relay's lease
}

type leaseRow struct {
	ID        string    `bson:"_id"`
	Holder    string    `bson:"holder"`
	Until     time.Time `bson:"until"`
	Pos       int64     `bson:"pos"`       // the last assigned position
	Published int64     `bson:"published"` // the last position that is in Redis
}

// byKey is the index by which the records of an object are read in their order.
var byKey = bson.D{{Key: mongokit.TenantKey, Value: 1}, {Key: "key", Value: 1}, {Key: "_id", Value: 1}}

// NewLog declares a service's log, stored in service+"_outbox".
func NewLog(db *mongokit.DB, t *telemetry.Telemetry) *Log {
	host, _ := os.Hostname()
	l := &Log{
		rows: mongokit.GlobalOf[Record](
			db,
			t.Component+"_outbox",
			"event",
			mongokit.Index{Keys: bson.D{{Key: "pos", Value: 1}, {Key: "_id", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: mongokit.TenantKey, Value: 1}, {Key: "pos", Value: 1}}},
			mongokit.Index{Keys: byKey},
			// A record without a position has no posAt, so it isn't removed.
			mongokit.Index{Keys: bson.D{{Key: "posAt", Value: 1}}, TTL: retention},
		).
			// Records are on the shard of the change that they describe. Only the relay and its readers query all
			// shards.
			SpreadByTenant(),
		leases: mongokit.GlobalOf[leaseRow](db, t.Component+"_leases", "lease"),
		db:     db, tele: t, holder: host + "/" + uuid.NewString(), placed: make(chan struct{}, 1),
		stored: make(chan struct{}, 1),
		gauges: newGauges(t.Registry),
	}
	return l
}

// Append writes an event about key, or about Many. Call it inside the transaction of the change, after the change of
// the key's own row. Then transactions on one key are serialised by the write conflict on that row, and the record ids
// of the key follow commit order.
func (l *Log) Append(ctx context.Context, t tenant.ID, key int64, data contract.Data) error {
	return l.append(ctx, t, Record{Key: key}, data)
}

// AppendAbout is Append for an event about a visitor that its data doesn't name.
func (l *Log) AppendAbout(
	ctx context.Context, t tenant.ID, visitor id.Visitor, key int64, data contract.Data,
) error {
	return l.append(ctx, t, Record{Key: key, Visitor: int64(visitor)}, data)
}

// append stores a record with the key and the visitor of r.
func (l *Log) append(ctx context.Context, t tenant.ID, r Record, data contract.Data) error {
	b, err := httpkit.Encode(data)
	if err != nil {
		return fmt.Errorf("outbox: encode %s: %w", data.EventType(), err)
	}
	if r.ID, err = l.nextID(ctx, t, r.Key); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	mongokit.AfterCommit(ctx, func() { signal(l.stored) })
	r.Website, r.Type, r.At = t, data.EventType(), time.Now()
	r.Data, r.Trace = string(b), telemetry.Traceparent(ctx)
	return l.rows.Insert(ctx, r)
}

// signal sends on a channel with a buffer of one, unless a signal is pending already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// one is a query for a single row.
var one = mongokit.Query{Limit: 1}

// After implements feed.Source.
func (l *Log) After(ctx context.Context, pos, limit int64) ([]Record, error) {
	return l.batch(ctx, beyond(pos), limit)
}

// Of implements feed.Source.
func (l *Log) Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]Record, error) {
	return l.batch(ctx, append(bson.D{{Key: mongokit.TenantKey, Value: t}}, beyond(pos)...), limit)
}

// batch returns records in order of position, up to limit and BatchBytes.
func (l *Log) batch(ctx context.Context, filter bson.D, limit int64) ([]Record, error) {
	q := mongokit.Query{Sort: bson.D{{Key: "pos", Value: 1}}, Limit: limit, Bytes: BatchBytes}
	records, _, err := l.rows.Part(ctx, filter, q)
	return records, err
}

// Later calls take, in batches, with the records about keys that follow a position or have none yet.
func (l *Log) Later(ctx context.Context, t tenant.ID, keys []int64, pos int64, take func([]Record) error) error {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	last := Record{Key: math.MinInt64}
	for {
		// The order is an index's, so the next batch begins after the last record of this one.
		rows, cut, err := l.rows.Part(ctx, bson.D{
			{Key: mongokit.TenantKey, Value: t},
			{Key: "key", Value: bson.D{{Key: "$in", Value: keys}}},
			{Key: "$and", Value: bson.A{
				bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "pos", Value: int64(0)}}, beyond(pos)}}},
				bson.D{
					{
						Key: "$or",
						Value: bson.A{
							bson.D{{Key: "key", Value: bson.D{{Key: "$gt", Value: last.Key}}}},
							bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: last.ID}}}},
						},
					},
				},
			}},
		}, mongokit.Query{
			// MongoDB would choose the index by position, and sort in memory.
			Index: byKey,
			Sort:  bson.D{{Key: "key", Value: 1}, {Key: "_id", Value: 1}},
			Limit: BatchRecords,
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := take(rows); err != nil || len(rows) < BatchRecords && !cut {
			return err
		}
		last = rows[len(rows)-1]
		keys = keys[slices.Index(keys, last.Key):]
	}
}

// Head implements feed.Source.
func (l *Log) Head(ctx context.Context) (int64, error) {
	rows, err := l.leases.List(ctx, bson.D{{Key: "_id", Value: "relay"}}, one)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Pos, nil
}

// margin is how long before their removal records count as removed, because removal takes time and has no order.
const margin = time.Hour

// Keeps reports whether the log still has every record after a position. It doesn't if records were removed by age, or
// if the log never assigned the position.
func (l *Log) Keeps(ctx context.Context, pos int64) (bool, error) {
	head, err := l.Head(ctx)
	if err != nil || pos >= head {
		return pos == head, err
	}
	next, err := l.After(ctx, pos, 1)
	return len(next) > 0 && next[0].Pos == pos+1 && time.Since(next[0].PosAt) < retention-margin, err
}

// Leading reports whether this replica has the relay's lease. It acquires the lease if it is free.
func (l *Log) Leading(ctx context.Context) (bool, error) { return l.acquire(ctx) }

// beyond matches the records after a position. Records without a position are at 0.
func beyond(pos int64) bson.D {
	return bson.D{{Key: "pos", Value: bson.D{{Key: "$gt", Value: pos}}}}
}

// Relay assigns positions to records and publishes them, until ctx ends. Every replica runs it; only the one that
// holds the lease works.
func (l *Log) Relay(ctx context.Context) error {
	var publisher sync.WaitGroup
	defer publisher.Wait()
	if l.redis != nil {
		publisher.Go(func() { l.publish(ctx) })
	}
	known := false
	for {
		n, err := l.relayOnce(ctx, known)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "outbox relay: assigning positions failed; retrying", "error", err)
		}
		if n > 0 {
			signal(l.placed)
		}
		if known = n == relayBatch; known {
			continue
		}
		select {
		case <-ctx.Done():
			l.release(context.WithoutCancel(ctx))
			return nil
		case <-l.stored:
			known = true
			time.Sleep(relayGather)
		case <-time.After(relayPause):
		}
	}
}

// relayOnce assigns positions to one batch. It reads the batch in the transaction that assigns them: one snapshot,
// which has every record that committed before any record in it. The transaction also changes the lease's row, so that
// two relays never assign a position to the same record. known says that there are records.
func (l *Log) relayOnce(ctx context.Context, known bool) (placed int, err error) {
	if !known || l.gauges.due() {
		if idle, err := l.gauges.update(ctx, l); err != nil || idle {
			return 0, err
		}
	}
	if held, err := l.hold(ctx); err != nil || !held {
		return 0, err
	}
	var now time.Time
	err = l.db.Tx(ctx, func(ctx context.Context) (err error) {
		waiting, err := l.waiting(ctx, relayBatch)
		if placed = len(waiting); err != nil || placed == 0 {
			return err
		}
		ctx, end := StartBatchSpan(ctx, l.tele, "relay", l.tele.Component, waiting)
		defer func() { end(err) }()
		n := int64(placed)
		now = time.Now()
		row, err := l.leases.Modify(
			ctx,
			bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}},
			bson.D{
				{Key: "$inc", Value: bson.D{{Key: "pos", Value: n}}},
				{Key: "$set", Value: bson.D{{Key: "until", Value: now.Add(lease)}}},
			},
			false,
		)
		if err != nil {
			return err
		}
		changes := make([]mongokit.RowUpdate, n)
		for i, r := range waiting {
			changes[i] = mongokit.RowUpdate{
				Tenant: r.Website,
				ID:     r.ID,
				Set:    bson.D{{Key: "pos", Value: row.Pos - n + int64(i) + 1}, {Key: "posAt", Value: now}},
			}
		}
		return l.rows.SetEach(ctx, changes)
	})
	if err != nil {
		l.until = time.Time{} // another replica may have the lease
		return 0, err
	}
	if placed > 0 {
		l.until = now.Add(lease)
	}
	return placed, nil
}

// hold acquires the lease, or renews it after half of its time. Assigning positions renews it too.
func (l *Log) hold(ctx context.Context) (bool, error) {
	now := time.Now()
	if l.until.Sub(now) > lease/2 {
		return true, nil
	}
	held, err := l.acquire(ctx)
	if held {
		l.until = now.Add(lease)
	}
	return held, err
}

// waiting returns up to n records without a position, the oldest first, without their data.
func (l *Log) waiting(ctx context.Context, n int64) ([]Record, error) {
	q := mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: n, Omit: "data"}
	return l.rows.List(ctx, bson.D{{Key: "pos", Value: int64(0)}}, q)
}

// acquire acquires or renews the lease. Its upsert matches only if the lease is ours or has expired; another replica's
// valid lease makes the upsert fail with a duplicate _id. A lease that ends later than possible was taken while a
// clock was ahead, and is ignored: otherwise no replica could work until that time.
func (l *Log) acquire(ctx context.Context) (bool, error) {
	now := time.Now()
	_, err := l.leases.Modify(
		ctx,
		bson.D{{Key: "_id", Value: "relay"}, {Key: "$or", Value: bson.A{
			bson.D{{Key: "holder", Value: l.holder}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$gt", Value: now.Add(2 * lease)}}}},
		}}},
		bson.D{
			{Key: "$set", Value: bson.D{{Key: "holder", Value: l.holder}, {Key: "until", Value: now.Add(lease)}}},
		},
		true,
	)
	if mongokit.IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

func (l *Log) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := l.leases.Update(ctx, bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "until", Value: time.Time{}}}}})
	if err != nil && !fault.Is(err, fault.Canceled) {
		l.tele.Log.Info("outbox relay: releasing the lease failed; it expires by itself", "error", err)
	}
}
