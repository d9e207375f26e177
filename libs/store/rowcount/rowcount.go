// Package rowcount knows how many rows of a kind a website has, by what lists are filtered by, without counting them. Lists
// say an exact total with each page, and to count index entries costs more with each row that there is.
//
// Who changes rows adds what changes in their number in the same transaction, as a row of its own, so that two writers
// never meet. Now and then such changes are folded into the website's sums. What a reader adds up are the sums and the
// changes that are not in them: each change remembers the fold that took it, and stays for a while, so that a reader who
// has read the sums before a fold still finds what that fold took.
//
// A website's sums begin with a count of its rows, at the first look, and are counted anew once a day: what wrote rows
// without adding, as a version from before this package, is put right then.
package rowcount

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

const (
	foldFrom = 64          // changes beside the sums from which a reader has them folded, and of so many writers one
	foldMost = 1_000       // changes that one fold takes
	stays    = time.Minute // how long a change stays behind its fold, and for one fold more
	anew     = 24 * time.Hour

	recountFrom = 10 * time.Minute // how old a count is at least that RecountSoon replaces

	wanted   = 64              // websites that wait for a fold; others come again
	patience = 5 * time.Minute // for a fold, or for counting a website's rows
)

// unfolded is the fold of a change that no fold has taken: later than any.
const unfolded = math.MaxInt64

// Counter is how many rows of a kind the websites have, by keys of type K: comparable, and with bson tags.
type Counter[K comparable] struct {
	db      *mongokit.DB
	changes *mongokit.Collection[change[K]]
	sums    *mongokit.Collection[sums[K]]
	every   *mongokit.Global[sums[K]]
	count   CountRows[K]
	want    chan tenant.ID // whose changes should be folded, or rows be counted anew
	folding chan struct{}  // holds who folds or counts: two in a process would only run into one another
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

// New declares a counter, stored in name+"_changes" and name+"_sums".
func New[K comparable](db *mongokit.DB, name string, count CountRows[K]) *Counter[K] {
	return &Counter[K]{
		db: db, count: count, want: make(chan tenant.ID, wanted), folding: make(chan struct{}, 1),
		changes: mongokit.Tenanted[change[K]](db, name+"_changes", "change", mongokit.Index{Keys: bson.D{{Key: "fold", Value: 1}, {Key: "_id", Value: 1}}}),
		sums:    mongokit.Tenanted[sums[K]](db, name+"_sums", "sum", mongokit.Index{Unique: true}),
		every:   mongokit.GlobalOf[sums[K]](db, name+"_sums", "sum"),
	}
}

// Add says, inside the transaction that makes it so, that there are n more rows of a key, or fewer.
func (t *Counter[K]) Add(ctx context.Context, of tenant.ID, k K, n int64) error {
	return t.add(ctx, of, map[K]int64{k: n})
}

// AddAll is Add of the keys of many rows, one more of each.
func (t *Counter[K]) AddAll(ctx context.Context, of tenant.ID, keys []K) error {
	by := map[K]int64{}
	for _, k := range keys {
		by[k]++
	}
	return t.add(ctx, of, by)
}

// Move says, inside the transaction that makes it so, that a row has another key than before, or the same.
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
		rows = append(rows, change[K]{ID: bson.NewObjectID(), Website: of, Fold: unfolded, At: time.Now(), Key: k, N: n})
	}
	if rand.N(foldFrom) == 0 {
		mongokit.AfterCommit(ctx, func() { t.fold(of) })
	}
	return t.changes.Insert(ctx, of, rows...)
}

// Sum gives how many rows there are whose key matches.
func (t *Counter[K]) Sum(ctx context.Context, of tenant.ID, match func(K) bool) (n int64, err error) {
	err = t.each(ctx, of, func(k K, some int64) {
		if match(k) {
			n += some
		}
	})
	return n, err
}

// each adds up, for each key, how many rows of it there are; a key may come more than once.
func (t *Counter[K]) each(ctx context.Context, of tenant.ID, add func(K, int64)) error {
	row, err := t.sums.Get(ctx, of, nil)
	if fault.Is(err, fault.NotFound) {
		if err := t.recount(ctx, of); err != nil {
			t.fold(of) // which has more time
			return err
		}
		if row, err = t.sums.Get(ctx, of, nil); fault.Is(err, fault.NotFound) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	beside := 0
	err = t.changes.Each(ctx, of, bson.D{{Key: "fold", Value: bson.D{{Key: "$gt", Value: row.Fold}}}}, mongokit.Query{Short: true}, func(c change[K]) {
		beside++
		add(c.Key, c.N)
	})
	if beside >= foldFrom || time.Since(row.Counted) > anew {
		t.fold(of)
	}
	for _, s := range row.Sums {
		add(s.Key, s.N)
	}
	return err
}

// Total gives how many rows all websites have, as of the last fold of each: of the changes since then it knows nothing,
// nor of a website that nobody has asked about.
func (t *Counter[K]) Total(ctx context.Context) (n int64, err error) {
	err = t.every.Each(ctx, nil, mongokit.Query{}, func(row sums[K]) {
		for _, s := range row.Sums {
			n += s.N
		}
	})
	return n, err
}

// Erase forgets a website that has no rows any more.
func (t *Counter[K]) Erase(ctx context.Context, of tenant.ID) (more bool, err error) {
	if n, err := t.changes.DeleteSome(ctx, of, nil, foldMost); n > 0 || err != nil {
		return true, err
	}
	_, err = t.sums.Delete(ctx, of, nil)
	return false, err
}

// fold has Run see to a website.
func (t *Counter[K]) fold(of tenant.ID) {
	select {
	case t.want <- of:
	default:
	}
}

// Run folds where it is wanted, until ctx ends. What went wrong is logged, and done another time.
func (t *Counter[K]) Run(ctx context.Context, log *slog.Logger) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case of := <-t.want:
			if err := t.tend(ctx, of); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "row counter: folding failed; retrying later", "website", of, "error", err)
			}
		}
	}
}

func (t *Counter[K]) tend(ctx context.Context, of tenant.ID) error {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	row, err := t.sums.Get(ctx, of, nil)
	if fault.Is(err, fault.NotFound) || err == nil && time.Since(row.Counted) > anew {
		return t.recount(ctx, of)
	}
	for err == nil {
		var took int
		if took, err = t.foldOnce(ctx, of); took < foldMost {
			return err
		}
	}
	return err
}

// RecountSoon has a website's rows counted anew in the background, unless they were counted within the last minutes: after
// many rows have gone without being told of.
func (t *Counter[K]) RecountSoon(ctx context.Context, of tenant.ID) error {
	outdated := bson.D{{Key: "counted", Value: bson.D{{Key: "$lt", Value: time.Now().Add(-recountFrom)}}}}
	changed, err := t.sums.Update(ctx, of, outdated, bson.D{{Key: "$set", Value: bson.D{{Key: "counted", Value: time.Time{}}}}})
	if changed {
		t.fold(of)
	}
	return err
}

// turn waits, no longer than ctx lasts, until nobody else in this process folds or counts.
func (t *Counter[K]) turn(ctx context.Context) (done func(), err error) {
	select {
	case t.folding <- struct{}{}:
		return func() { <-t.folding }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// foldOnce takes changes into a website's sums, and removes those that nobody looks for any more.
func (t *Counter[K]) foldOnce(ctx context.Context, of tenant.ID) (took int, err error) {
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
		found, err := t.changes.List(ctx, of, bson.D{{Key: "fold", Value: int64(unfolded)}}, mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: foldMost})
		if took = len(found); err != nil || took == 0 {
			return err
		}
		by := map[K]int64{}
		for _, s := range row.Sums {
			by[s.Key] += s.N
		}
		ids := make([]bson.ObjectID, took)
		for i, c := range found {
			ids[i] = c.ID
			by[c.Key] += c.N
		}
		if err := t.write(ctx, of, row.Fold+1, by, nil); err != nil {
			return err
		}
		now := time.Now()
		if _, err := t.changes.UpdateAll(ctx, of, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "fold", Value: row.Fold + 1}, {Key: "at", Value: now}}}}); err != nil {
			return err
		}
		_, err = t.changes.Delete(ctx, of, bson.D{{Key: "fold", Value: bson.D{{Key: "$lt", Value: row.Fold}}}, {Key: "at", Value: bson.D{{Key: "$lt", Value: now.Add(-stays)}}}})
		return err
	})
	return took, err
}

// recount counts a website's rows in one snapshot. The changes that are in it are taken by the fold that it is. Of a
// website without rows nothing is written: it may have been erased.
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
		if time.Since(row.Counted) < anew { // who had the turn before has counted
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

// write stores a website's sums. counted is set where they have been counted.
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
