// Package rowcount keeps materialised row counts per website and filter value, so that lists return exact totals
// without a count query. A count query would read one index entry for each row. Begin with New; writers call Add,
// lists call Sum.
//
// A transaction that changes rows also inserts the change of their number, as a row of its own, so that writers never
// conflict. Some changes start a fold, which adds changes to the website's sums. A reader adds up the sums and the
// changes that aren't in them. Each change stores the fold that included it, and stays for some time, so that a reader
// that has read the sums before a fold still finds the changes of that fold.
//
// The first read counts a website's rows, and they are counted again once a day. That corrects the counts if code
// wrote rows without calling Add, for example an older version of the service.
package rowcount

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

const (
	foldFrom     = 64              // changes from which a reader starts a fold; of 64 writers, one does
	maxFold      = 1_000           // changes in one fold
	retention    = time.Minute     // of a change after its fold; for one further fold at least
	keepSums     = 5 * time.Second // how long a reader uses sums: much less than retention, so that no change is missed
	maxRecent    = 1_000           // websites of which it keeps sums
	recountEvery = 24 * time.Hour

	recountFrom = 10 * time.Minute // RecountSoon replaces counts from this age

	maxWaiting  = 64              // websites that wait for a fold; more are queued by later reads
	foldTimeout = 5 * time.Minute // of a fold, or of counting a website's rows
)

// unfolded is the fold of a change that is in no fold yet. It is greater than any fold.
const unfolded = math.MaxInt64

// Counter counts the rows of a kind for each website and key. K must have bson tags.
type Counter[K comparable] struct {
	db      *mongokit.DB
	changes *mongokit.Collection[change[K]]
	sums    *mongokit.Collection[sums[K]]
	every   *mongokit.Global[sums[K]]
	count   CountRows[K]
	queue   chan tenant.ID // websites whose changes must be folded, or whose rows must be counted again
	folding chan struct{}  // held during a fold or count: two in one process would conflict

	mu     sync.Mutex
	recent map[tenant.ID]recent[K] // sums that were read within keepSums
}

// CountRows counts a website's rows, in the transaction of ctx.
type CountRows[K comparable] func(ctx context.Context, t tenant.ID, add func(K)) error

type change[K comparable] struct {
	ID      bson.ObjectID `bson:"_id"`
	Website tenant.ID     `bson:"websiteId"`
	Fold    int64         `bson:"fold"`
	At      time.Time     `bson:"at"`
	Key     K             `bson:"key"`
	N       int64         `bson:"n"`
}

type sums[K comparable] struct {
	Website tenant.ID `bson:"websiteId"`
	Fold    int64     `bson:"fold"` // the last that these have in them
	Counted time.Time `bson:"counted"`
	Sums    []sum[K]  `bson:"sums"`
}

type sum[K comparable] struct {
	Key K     `bson:"key"`
	N   int64 `bson:"n"`
}

// New declares a counter, stored in name+"_changes" and name+"_sums". count counts a website's rows.
func New[K comparable](db *mongokit.DB, name string, count CountRows[K]) *Counter[K] {
	return &Counter[K]{
		db: db, count: count, queue: make(chan tenant.ID, maxWaiting), folding: make(chan struct{}, 1),
		recent: map[tenant.ID]recent[K]{},
		changes: mongokit.Tenanted[change[K]](
			db,
			name+"_changes",
			"change",
			mongokit.Index{Keys: bson.D{{Key: "fold", Value: 1}, {Key: "_id", Value: 1}}},
		),
		sums:  mongokit.Tenanted[sums[K]](db, name+"_sums", "sum", mongokit.Index{Unique: true}),
		every: mongokit.GlobalOf[sums[K]](db, name+"_sums", "sum"),
	}
}

// Add adds n, which may be negative, to the rows of a key. Call it inside the transaction that changes the rows.
func (t *Counter[K]) Add(ctx context.Context, of tenant.ID, k K, n int64) error {
	return t.add(ctx, of, map[K]int64{k: n})
}

// AddAll adds one row for each of the keys, as Add does.
func (t *Counter[K]) AddAll(ctx context.Context, of tenant.ID, keys []K) error {
	by := map[K]int64{}
	for _, k := range keys {
		by[k]++
	}
	return t.add(ctx, of, by)
}

// Move changes a row's key. Call it inside the transaction that changes the row. It does nothing if the keys are
// equal.
func (t *Counter[K]) Move(ctx context.Context, of tenant.ID, from, to K) error {
	if from == to {
		return nil
	}
	return t.add(ctx, of, map[K]int64{from: -1, to: 1})
}

func (t *Counter[K]) add(ctx context.Context, of tenant.ID, by map[K]int64) error {
	rows := make([]change[K], 0, len(by))
	for k, n := range by {
		if n == 0 {
			continue
		}
		rows = append(
			rows,
			change[K]{ID: bson.NewObjectID(), Website: of, Fold: unfolded, At: time.Now(), Key: k, N: n},
		)
	}
	if rand.N(foldFrom) == 0 {
		mongokit.AfterCommit(ctx, func() { t.fold(of) })
	}
	return t.changes.Insert(ctx, of, rows...)
}

// Sum returns the number of rows whose key matches.
func (t *Counter[K]) Sum(ctx context.Context, of tenant.ID, match func(K) bool) (n int64, err error) {
	err = t.Each(ctx, of, func(k K, some int64) {
		if match(k) {
			n += some
		}
	})
	return n, err
}

// Each calls add with the number of rows of each key. It may call it more than once for a key, also with negative
// numbers.
func (t *Counter[K]) Each(ctx context.Context, of tenant.ID, add func(K, int64)) error {
	row, err := t.current(ctx, of)
	if fault.Is(err, fault.NotFound) {
		if err := t.recount(ctx, of); err != nil {
			t.fold(of) // the background has more time
			return err
		}
		if row, err = t.current(ctx, of); fault.Is(err, fault.NotFound) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	pending := 0
	err = t.changes.Each(
		ctx,
		of,
		bson.D{{Key: "fold", Value: bson.D{{Key: "$gt", Value: row.Fold}}}},
		mongokit.Query{Short: true},
		func(c change[K]) {
			pending++
			add(c.Key, c.N)
		},
	)
	if pending >= foldFrom || time.Since(row.Counted) > recountEvery {
		t.fold(of)
	}
	for _, s := range row.Sums {
		add(s.Key, s.N)
	}
	return err
}

// Total returns the number of rows of all websites, as of the last fold of each. It includes neither later changes nor
// websites that were never read.
func (t *Counter[K]) Total(ctx context.Context) (n int64, err error) {
	err = t.every.Each(ctx, nil, mongokit.Query{}, func(row sums[K]) {
		for _, s := range row.Sums {
			n += s.N
		}
	})
	return n, err
}

// Erase removes the counts of a website that has no rows any more.
func (t *Counter[K]) Erase(ctx context.Context, of tenant.ID) (more bool, err error) {
	t.forget(of)
	if n, err := t.changes.DeleteSome(ctx, of, nil, maxFold); n > 0 || err != nil {
		return true, err
	}
	_, err = t.sums.Delete(ctx, of, nil)
	return false, err
}

// fold queues a website for Run.
func (t *Counter[K]) fold(of tenant.ID) {
	select {
	case t.queue <- of:
	default:
	}
}

// Run folds the queued websites until ctx ends. It logs errors; a later read queues the website again.
func (t *Counter[K]) Run(ctx context.Context, log *slog.Logger) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case of := <-t.queue:
			if err := t.refresh(ctx, of); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "row counter: folding failed; retrying later", "website", of, "error", err)
			}
		}
	}
}

func (t *Counter[K]) refresh(ctx context.Context, of tenant.ID) error {
	ctx, done := context.WithTimeout(ctx, foldTimeout)
	defer done()
	row, err := t.sums.Get(ctx, of, nil)
	if fault.Is(err, fault.NotFound) || err == nil && time.Since(row.Counted) > recountEvery {
		return t.recount(ctx, of)
	}
	for err == nil {
		var folded int
		if folded, err = t.foldOnce(ctx, of); folded < maxFold {
			return err
		}
	}
	return err
}

// RecountSoon makes Run count a website's rows again, unless they were counted within the last 10 minutes. Call it
// after many rows were deleted without Add.
func (t *Counter[K]) RecountSoon(ctx context.Context, of tenant.ID) error {
	outdated := bson.D{{Key: "counted", Value: bson.D{{Key: "$lt", Value: time.Now().Add(-recountFrom)}}}}
	changed, err := t.sums.Update(
		ctx,
		of,
		outdated,
		bson.D{{Key: "$set", Value: bson.D{{Key: "counted", Value: time.Time{}}}}},
	)
	if changed {
		t.forget(of)
		t.fold(of)
	}
	return err
}

// turn waits until no other goroutine of this process folds or counts, or until ctx ends.
func (t *Counter[K]) turn(ctx context.Context) (done func(), err error) {
	select {
	case t.folding <- struct{}{}:
		return func() { <-t.folding }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// foldOnce adds changes to a website's sums, and deletes folded changes that no reader needs any more.
func (t *Counter[K]) foldOnce(ctx context.Context, of tenant.ID) (folded int, err error) {
	done, err := t.turn(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	err = t.db.Tx(ctx, func(ctx context.Context) error {
		row, err := t.sums.Get(ctx, of, nil)
		if err != nil {
			return err
		}
		found, err := t.changes.List(
			ctx,
			of,
			bson.D{{Key: "fold", Value: int64(unfolded)}},
			mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: maxFold},
		)
		if folded = len(found); err != nil || folded == 0 {
			return err
		}
		by := map[K]int64{}
		for _, s := range row.Sums {
			by[s.Key] += s.N
		}
		ids := make([]bson.ObjectID, folded)
		for i, c := range found {
			ids[i] = c.ID
			by[c.Key] += c.N
		}
		if err := t.write(ctx, of, row.Fold+1, by, nil); err != nil {
			return err
		}
		now := time.Now()
		if _, err := t.changes.UpdateAll(ctx, of, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}},
			bson.D{{
				Key: "$set", Value: bson.D{{Key: "fold", Value: row.Fold + 1}, {Key: "at", Value: now}},
			}}); err != nil {
			return err
		}
		_, err = t.changes.Delete(
			ctx,
			of,
			bson.D{
				{Key: "fold", Value: bson.D{{Key: "$lt", Value: row.Fold}}},
				{Key: "at", Value: bson.D{{Key: "$lt", Value: now.Add(-retention)}}},
			},
		)
		return err
	})
	return folded, err
}

// recount counts a website's rows in one snapshot, and marks the changes in it as folded. It writes nothing for a
// website without rows: the website may have been erased.
func (t *Counter[K]) recount(ctx context.Context, of tenant.ID) error {
	done, err := t.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = t.db.Tx(ctx, func(ctx context.Context) error {
		row, err := t.sums.Get(ctx, of, nil)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if time.Since(row.Counted) < recountEvery { // another goroutine has just counted
			return nil
		}
		by, now := map[K]int64{}, time.Now()
		if err := t.count(ctx, of, func(k K) { by[k]++ }); err != nil {
			return err
		}
		if len(by) == 0 && row.Fold == 0 {
			return nil
		}
		if err := t.write(ctx, of, row.Fold+1, by, &now); err != nil {
			return err
		}
		_, err = t.changes.UpdateAll(ctx, of, bson.D{{Key: "fold", Value: int64(unfolded)}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "fold", Value: row.Fold + 1}, {Key: "at", Value: now}}}})
		return err
	})
	if mongokit.IsDuplicate(err) { // another process counted at the same time
		return nil
	}
	return err
}

// write stores a website's sums. counted is set if the rows have been counted.
func (t *Counter[K]) write(ctx context.Context, of tenant.ID, fold int64, by map[K]int64, counted *time.Time) error {
	all := []sum[K]{}
	for k, n := range by {
		if n != 0 {
			all = append(all, sum[K]{k, n})
		}
	}
	set := bson.D{{Key: "fold", Value: fold}, {Key: "sums", Value: all}}
	if counted != nil {
		set = append(set, bson.E{Key: "counted", Value: *counted})
	}
	_, err := t.sums.Upsert(ctx, of, nil, bson.D{{Key: "$set", Value: set}})
	return err
}
