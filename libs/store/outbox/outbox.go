// Package outbox stores the events of a service. A service appends a Record to its Log in the transaction of the change
// that the record describes, so that neither exists without the other.
//
// Record ids of one key follow commit order. A relay, one replica at a time by a lease, gives committed records their
// positions in the log, so that no reader can skip a record that commits late, and publishes them to a Redis stream.
// Services read their own log with Log and another's with Remote; package feed consumes either.
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
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	relayPause  = 100 * time.Millisecond // between looks at an empty outbox: another replica may have written
	relayGather = 10 * time.Millisecond  // what this process wrote waits for so long for what comes beside it
	relayBatch  = 500                    // records that get their positions in one transaction; their data isn't read
	lease       = 5 * time.Second        // how long a relay that stopped answering keeps others away
	kept        = 7 * 24 * time.Hour     // how long a record stays after it got its position
)

// Record is one event. Data is its JSON.
type Record struct {
	ID      string             `bson:"_id" json:"id"`                       // a UUIDv7: unique for ever, the same on every delivery; ascending among records of one key
	Website tenant.ID          `bson:"websiteId" json:"websiteId,omitzero"` // zero where the website has been erased
	Type    contract.EventType `bson:"type" json:"type"`
	Key     int64              `bson:"key" json:"key"` // what it happened to, or Many; records of one key are in order. 0: nobody may know any more
	At      time.Time          `bson:"at" json:"at"`
	Data    string             `bson:"data" json:"data"`
	Pos     int64              `bson:"pos" json:"pos"` // place in the log, from 1 without gaps; 0 until the relay gave it
	PosAt   time.Time          `bson:"posAt,omitempty" json:"-"`
	Erased  bool               `bson:"erased,omitempty" json:"erased,omitzero"`           // its data is gone but for what counts: nobody is told of it
	Visitor int64              `bson:"visitorId,omitempty" json:"visitorId,omitzero"`     // whom it is about, so that an erasure finds what is made of it; 0: its data names them, or nobody
	Trace   string             `bson:"traceparent,omitempty" json:"traceparent,omitzero"` // of the span that wrote it, "" where there was none
}

// Decode reads the record's data.
func (r Record) Decode(into any) error { return json.Unmarshal([]byte(r.Data), into) }

// Many is the key of a record about many things at once, which its data names.
const Many = -1

// Log is one service's events.
type Log struct {
	rows   *mongokit.Global[Record]
	leases *mongokit.Global[leaseRow]
	db     *mongokit.DB
	tele   *telemetry.Telemetry
	holder string
	gauges *gauges
	redis  *rediskit.Client // nil: records are not published
	given  chan struct{}    // says that there is something to publish
	told   chan struct{}    // says that this process has stored something
	until  time.Time        // when the lease runs out that the relay has
}

type leaseRow struct {
	ID        string    `bson:"_id"`
	Holder    string    `bson:"holder"`
	Until     time.Time `bson:"until"`
	Pos       int64     `bson:"pos"`       // the last position given
	Published int64     `bson:"published"` // the last position that Redis was told
}

// NewLog declares a service's log, kept in service+"_outbox".
func NewLog(db *mongokit.DB, t *telemetry.Telemetry) *Log {
	host, _ := os.Hostname()
	l := &Log{
		rows: mongokit.GlobalOf[Record](db, t.Component+"_outbox", "event",
			mongokit.Index{Keys: bson.D{{Key: "pos", Value: 1}, {Key: "_id", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: mongokit.TenantKey, Value: 1}, {Key: "pos", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: mongokit.TenantKey, Value: 1}, {Key: "key", Value: 1}, {Key: "_id", Value: 1}}},
			// A record without a position has no posAt, and stays.
			mongokit.Index{Keys: bson.D{{Key: "posAt", Value: 1}}, TTL: kept}).
			// So a record is stored where the change is that it tells of. Only the relay and its readers ask all shards.
			SpreadByTenant(),
		leases: mongokit.GlobalOf[leaseRow](db, t.Component+"_leases", "lease"),
		db:     db, tele: t, holder: host + "/" + uuid.NewString(), given: make(chan struct{}, 1), told: make(chan struct{}, 1),
		gauges: newGauges(t.Registry),
	}
	return l
}

// Append writes an event about key, or about Many. Call it inside the transaction of the change, after the change of the
// key's own row. Then transactions on one key are serialised by the write conflict on that row, and the record ids of the
// key follow commit order.
func (l *Log) Append(ctx context.Context, t tenant.ID, key int64, data contract.Data) error {
	return l.AppendAbout(ctx, t, 0, key, data)
}

// AppendAbout is Append for an event about a visitor that its data doesn't name. visitor is 0 if there is none.
func (l *Log) AppendAbout(ctx context.Context, t tenant.ID, visitor, key int64, data contract.Data) error {
	b, err := httpkit.Encode(data)
	if err != nil {
		return fmt.Errorf("outbox: encode %s: %w", data.EventType(), err)
	}
	id, err := l.nextID(ctx, t, key)
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	mongokit.AfterCommit(ctx, func() { say(l.told) })
	return l.rows.Insert(ctx, Record{
		ID:      id,
		Website: t,
		Type:    data.EventType(),
		Key:     key,
		At:      time.Now(),
		Data:    string(b),
		Visitor: visitor,
		Trace:   telemetry.Traceparent(ctx),
	})
}

// say says something on a channel of one place, unless that has been said.
func say(c chan struct{}) {
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

// batch gives records in order of position, up to limit and BatchBytes.
func (l *Log) batch(ctx context.Context, filter bson.D, limit int64) ([]Record, error) {
	q := mongokit.Query{Sort: bson.D{{Key: "pos", Value: 1}}, Limit: limit, Bytes: BatchBytes}
	records, _, err := l.rows.Part(ctx, filter, q)
	return records, err
}

// Later gives, in pieces, the records about keys that stand behind a position or have none yet.
func (l *Log) Later(ctx context.Context, t tenant.ID, keys []int64, pos int64, take func([]Record) error) error {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	last := Record{Key: math.MinInt64}
	for {
		// The order is an index's: what comes behind a piece is what is behind its last record.
		rows, cut, err := l.rows.Part(ctx, bson.D{
			{Key: mongokit.TenantKey, Value: t}, {Key: "key", Value: bson.D{{Key: "$in", Value: keys}}},
			{Key: "$and", Value: bson.A{
				bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "pos", Value: int64(0)}}, beyond(pos)}}},
				bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "key", Value: bson.D{{Key: "$gt", Value: last.Key}}}}, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: last.ID}}}}}}},
			}}}, mongokit.Query{Sort: bson.D{{Key: "key", Value: 1}, {Key: "_id", Value: 1}}, Limit: BatchRecords})
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

// margin is how much earlier than they are removed records count as gone: removal takes its time, and its own order.
const margin = time.Hour

// Keeps says whether the log still has everything behind a position. It has not where records were removed by age, and
// where the position is none that it has given.
func (l *Log) Keeps(ctx context.Context, pos int64) (bool, error) {
	head, err := l.Head(ctx)
	if err != nil || pos >= head {
		return pos == head, err
	}
	next, err := l.After(ctx, pos, 1)
	return len(next) > 0 && next[0].Pos == pos+1 && time.Since(next[0].PosAt) < kept-margin, err
}

// Leading says whether this replica is the one that works, as its relay does; it becomes that where no other is.
func (l *Log) Leading(ctx context.Context) (bool, error) { return l.acquire(ctx) }

// beyond matches the records behind a position; those that have none yet are at 0.
func beyond(pos int64) bson.D {
	return bson.D{{Key: "pos", Value: bson.D{{Key: "$gt", Value: pos}}}}
}

// Relay gives positions, and publishes what has one, until ctx ends. Every replica runs it; the one that holds the lease
// works.
func (l *Log) Relay(ctx context.Context) error {
	var publisher sync.WaitGroup
	defer publisher.Wait()
	if l.redis != nil {
		publisher.Go(func() { l.publish(ctx) })
	}
	told := false
	for {
		n, err := l.relayOnce(ctx, told)
		if err != nil && ctx.Err() == nil {
			l.tele.Log.WarnContext(ctx, "relay will try again", "error", err)
		}
		if n > 0 {
			say(l.given)
		}
		if told = n == relayBatch; told {
			continue
		}
		select {
		case <-ctx.Done():
			l.release(context.WithoutCancel(ctx))
			return nil
		case <-l.told:
			told = true
			time.Sleep(relayGather)
		case <-time.After(relayPause):
		}
	}
}

// relayOnce gives positions to one batch. The batch is read in the transaction that places it: a single snapshot, which
// has all that was committed before anything that it has. The lease's row is changed there too, so that no two relays can
// give the same record a position. told says that there are records, as far as this process knows.
func (l *Log) relayOnce(ctx context.Context, told bool) (placed int, err error) {
	if !told || l.gauges.due() {
		if idle, err := l.gauges.look(ctx, l); err != nil || idle {
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
		row, err := l.leases.Modify(ctx, bson.D{{Key: "_id", Value: "relay"}, {Key: "holder", Value: l.holder}},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "pos", Value: n}}}, {Key: "$set", Value: bson.D{{Key: "until", Value: now.Add(lease)}}}}, false)
		if err != nil {
			return err
		}
		changes := make([]mongokit.RowUpdate, n)
		for i, r := range waiting {
			changes[i] = mongokit.RowUpdate{Tenant: r.Website, ID: r.ID, Set: bson.D{{Key: "pos", Value: row.Pos - n + int64(i) + 1}, {Key: "posAt", Value: now}}}
		}
		return l.rows.SetEach(ctx, changes)
	})
	if err != nil {
		l.until = time.Time{} // perhaps another has the lease
		return 0, err
	}
	if placed > 0 {
		l.until = now.Add(lease)
	}
	return placed, nil
}

// hold takes the lease, or keeps it where much of it has run. Placing records keeps it too.
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

// waiting gives up to n records that have no position yet, the oldest first, without their data.
func (l *Log) waiting(ctx context.Context, n int64) ([]Record, error) {
	q := mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: n, Omit: "data"}
	return l.rows.List(ctx, bson.D{{Key: "pos", Value: int64(0)}}, q)
}

// acquire takes or keeps the lease: an upsert that only matches where it is ours or has run out; another's live lease
// makes the upsert collide on _id. One that ends later than any can was taken by a clock that was ahead, and would keep
// everybody from working for as long as that was.
func (l *Log) acquire(ctx context.Context) (bool, error) {
	now := time.Now()
	_, err := l.leases.Modify(ctx,
		bson.D{{Key: "_id", Value: "relay"}, {Key: "$or", Value: bson.A{
			bson.D{{Key: "holder", Value: l.holder}}, bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$gt", Value: now.Add(2 * lease)}}}}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: l.holder}, {Key: "until", Value: now.Add(lease)}}}}, true)
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
		l.tele.Log.Info("the relay's lease runs out by itself", "error", err)
	}
}
