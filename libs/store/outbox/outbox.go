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
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	relayPause  = 100 * time.Millisecond // between polls of the outbox, if nothing else shows that another replica wrote
	relayIdle   = 5 * time.Second        // between polls of an empty outbox by any replica, while their messages arrive
	relayGather = 10 * time.Millisecond  // how long a record of this process waits for more records
	relayBatch  = 500                    // records that get positions in one transaction, up to BatchBytes
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
	placed chan []Record    // the last batch that got positions, for the publisher
	stored chan struct{}    // signals that this process has stored records
	told   chan struct{}    // signals that another process has stored records
	until  time.Time        // the end of this relay's lease
	idle   time.Duration    // relayIdle, unless a test changes it
	lease  time.Duration    // lease, unless a test changes it

	listening atomic.Bool // whether messages arrive from replicas that have stored records
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
			mongokit.Index{Keys: byKey, Needed: true},
			// A record without a position has no posAt, so it isn't removed.
			mongokit.Index{Keys: bson.D{{Key: "posAt", Value: 1}}, TTL: retention},
		).
			// Records are on the shard of the change that they describe. Only the relay and its readers query all
			// shards.
			SpreadByTenant(),
		leases: mongokit.GlobalOf[leaseRow](db, t.Component+"_leases", "lease"),
		db:     db, tele: t, holder: host + "/" + uuid.NewString(), placed: make(chan []Record, 1),
		stored: make(chan struct{}, 1), told: make(chan struct{}, 1), idle: relayIdle, lease: lease,
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

// AppendNew is Append for the first event about an object that the same transaction creates. It needs no earlier record
// of the object, so it doesn't look for one. Neither does AppendOrdered, for an object whose row keeps an Order.
func (l *Log) AppendNew(ctx context.Context, t tenant.ID, key int64, data contract.Data) error {
	return l.insert(ctx, t, Record{Key: key}, data)
}

// AppendAbout is Append for an event about a visitor that its data doesn't name.
func (l *Log) AppendAbout(
	ctx context.Context, t tenant.ID, visitor id.Visitor, key int64, data contract.Data,
) error {
	return l.append(ctx, t, Record{Key: key, Visitor: int64(visitor)}, data)
}

// append stores a record with the key and the visitor of r.
func (l *Log) append(ctx context.Context, t tenant.ID, r Record, data contract.Data) error {
	var err error
	if r.ID, err = l.nextID(ctx, t, r.Key); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return l.insert(ctx, t, r, data)
}

// insert stores a record. If it has no id, it gets one of this moment.
func (l *Log) insert(ctx context.Context, t tenant.ID, r Record, data contract.Data) error {
	b, err := httpkit.Encode(data)
	if err != nil {
		return fmt.Errorf("outbox: encode %s: %w", data.EventType(), err)
	}
	if r.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		r.ID = id.String()
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
