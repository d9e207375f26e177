package mongokit_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

type note struct {
	ID      int64     `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
	Text    string    `bson:"text"`
	Key     string    `bson:"key,omitempty"`
	At      time.Time `bson:"createdAt"`
}

func (n note) SortKey() (time.Time, int64) { return n.At, n.ID }

func notes(t *testing.T) (*mongokit.DB, *mongokit.Collection[note]) {
	t.Helper()
	db, _ := storetest.Connect(t, storetest.Database())
	c := mongokit.Tenanted[note](db, "test_notes", "note",
		mongokit.Index{Keys: bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}},
		mongokit.Index{Keys: bson.D{{Key: "key", Value: 1}}, Unique: true, Present: "key"})
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatalf("a second start: %v", err)
	}
	return db, c
}

var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

// TestTenantsAreIsolated calls every method about one tenant's row as the other tenant, in both directions.
func TestTenantsAreIsolated(t *testing.T) {
	t.Parallel()
	_, c := notes(t)
	ctx := t.Context()
	a, b := storetest.Website(1), storetest.Website(2)
	for i, pair := range [][2]tenant.ID{{a, b}, {b, a}} {
		own, other := pair[0], pair[1]
		id := int64(i + 1)
		row := note{ID: id, Website: own, Text: "mine", Key: "same", At: noon}
		if err := c.Insert(ctx, own, row); err != nil {
			t.Fatalf("the same key under another tenant: %v", err)
		}
		byID := bson.D{{Key: "_id", Value: id}}
		set := bson.D{{Key: "$set", Value: bson.D{{Key: "text", Value: "taken"}}}}
		if _, err := c.Get(ctx, other, byID); !fault.Is(err, fault.NotFound) ||
			err.Error() != "not_found: note not found" {
			t.Errorf("Get: %v", err)
		}
		if _, err := c.Modify(ctx, other, byID, set); !fault.Is(err, fault.NotFound) {
			t.Errorf("Modify: %v", err)
		}
		if found, err := c.Update(ctx, other, byID, set); found || err != nil {
			t.Errorf("Update: %v %v", found, err)
		}
		if n, err := c.UpdateAll(ctx, other, byID, set); n != 0 || err != nil {
			t.Errorf("UpdateAll: %v %v", n, err)
		}
		if n, err := c.Delete(ctx, other, byID); n != 0 || err != nil {
			t.Errorf("Delete: %v %v", n, err)
		}
		if rows, err := c.List(ctx, other, byID, mongokit.Query{}); len(rows) != 0 || err != nil {
			t.Errorf("List: %v %v", rows, err)
		}
		if n, err := c.Count(ctx, other, byID); n != 0 || err != nil {
			t.Errorf("Count: %v %v", n, err)
		}
		if got, err := mongokit.Newest(ctx, c, other, byID, paging.Window{}, mongokit.Query{}); len(got.Rows) != 0 ||
			got.Total != 0 ||
			err != nil {
			t.Errorf("Newest: %v %v", got, err)
		}
		if err := c.Insert(ctx, other, note{ID: id + 100, Website: own}); err == nil {
			t.Error("Insert accepted another tenant's row")
		}
		if got, err := c.Get(ctx, own, byID); err != nil || got.Text != "mine" {
			t.Errorf("afterwards: %+v %v", got, err)
		}
		if err := c.Insert(ctx, own, note{ID: id + 200, Website: own, Key: "same"}); !mongokit.IsDuplicate(err) ||
			strings.Contains(err.Error(), "same") {
			t.Errorf("a second row of one key: %v", err)
		}
	}
	none := tenant.ID{}
	if rows, err := c.List(ctx, none, nil, mongokit.Query{}); len(rows) != 0 || err != nil {
		t.Errorf("without a tenant: %v %v", rows, err)
	}
	if err := c.Insert(ctx, none, note{ID: 999}); err == nil {
		t.Error("a row without a tenant was stored")
	}
	if _, err := c.Upsert(ctx, none, bson.D{{Key: "_id", Value: int64(998)}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "text", Value: "x"}}}}); err == nil {
		t.Error("an upsert without a tenant was stored")
	}
}

func TestTxIsAllOrNothing(t *testing.T) {
	t.Parallel()
	db, c := notes(t)
	w, stop := storetest.Website(1), errors.New("stop")
	err := db.Tx(t.Context(), func(ctx context.Context) error {
		if err := c.Insert(ctx, w, note{ID: 1, Website: w}, note{ID: 2, Website: w}); err != nil {
			return err
		}
		if n, err := c.Count(ctx, w, nil); n != 2 || err != nil {
			t.Errorf("inside: %d %v", n, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if n, err := c.Count(t.Context(), w, nil); n != 0 || err != nil {
		t.Fatalf("after a refusal: %d %v", n, err)
	}
}

// TestTxUnderContention checks that conflicting transactions all succeed, and that none is lost.
func TestTxUnderContention(t *testing.T) {
	t.Parallel()
	db, c := notes(t)
	type counter struct {
		ID int64 `bson:"_id"`
		N  int64 `bson:"n"`
	}
	counters := mongokit.GlobalOf[counter](db, "test_counters", "counter")
	if err := counters.Insert(t.Context(), counter{ID: 1}); err != nil {
		t.Fatal(err)
	}
	w := storetest.Website(1)
	const writers, each = 16, 10
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				err := db.Tx(t.Context(), func(ctx context.Context) error {
					row, err := counters.Modify(ctx, bson.D{{Key: "_id", Value: int64(1)}},
						bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}}, false)
					if err != nil {
						return err
					}
					return c.Insert(ctx, w, note{ID: row.N, Website: w, At: noon})
				})
				if err != nil {
					t.Errorf("writer %d, turn %d: %v", i, j, err)
				}
			}
		})
	}
	wg.Wait()
	row, err := counters.Get(t.Context(), bson.D{{Key: "_id", Value: int64(1)}})
	n, err2 := c.Count(t.Context(), w, nil)
	if err != nil || err2 != nil || row.N != writers*each || n != writers*each {
		t.Fatalf("counter %d, rows %d, want %d: %v %v", row.N, n, writers*each, err, err2)
	}
}

// TestNewestByCursor: many rows have the same millisecond, so only the id keeps cursor pagination from losing or
// repeating rows.
func TestNewestByCursor(t *testing.T) {
	t.Parallel()
	_, c := notes(t)
	w := storetest.Website(1)
	var all []note
	for i := range int64(45) {
		all = append(all, note{ID: i + 1, Website: w, At: noon.Add(time.Duration(i/10) * time.Millisecond)})
	}
	if err := c.Insert(t.Context(), w, all...); err != nil {
		t.Fatal(err)
	}
	var byPage, byCursor []int64
	for page := paging.Number(1); page <= 6; page++ {
		got, err := mongokit.Newest(t.Context(), c, w, nil, paging.Window{Page: page, Limit: 10}, mongokit.Query{})
		if err != nil || got.Total != 45 {
			t.Fatalf("page %d: %d %v", page, got.Total, err)
		}
		for _, n := range got.Rows {
			byPage = append(byPage, n.ID)
		}
	}
	win := paging.Window{Limit: 10}
	for range 10 {
		got, err := mongokit.Newest(t.Context(), c, w, nil, win, mongokit.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range got.Rows {
			byCursor = append(byCursor, n.ID)
		}
		if win.Cursor = got.Next; win.Cursor.ID == 0 {
			break
		}
	}
	var want []int64
	for i := int64(45); i > 0; i-- {
		want = append(want, i)
	}
	if !slices.Equal(byPage, want) || !slices.Equal(byCursor, want) {
		t.Fatalf("by page %v\nby cursor %v", byPage, byCursor)
	}
}

func TestSequenceIsUnique(t *testing.T) {
	t.Parallel()
	database := storetest.Database()
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range 3 { // as many processes
		db, _ := storetest.Connect(t, database)
		s := mongokit.NewSequence(db, "test", "note")
		for range 8 {
			wg.Go(func() {
				for i := range 40 {
					n := int64(1)
					if i%10 == 0 {
						n = 150
					}
					first, err := s.Reserve(t.Context(), n)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for k := first; k < first+n; k++ {
						if seen[k] || k <= 0 {
							t.Errorf("%d was returned twice", k)
						}
						seen[k] = true
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
}

func TestUnreachableStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, _ := storetest.ConnectTo(t, s.URI(), "away")
	c := mongokit.Tenanted[note](db, "test_notes", "note")
	w := storetest.Website(1)
	if err := c.Insert(t.Context(), w, note{ID: 1, Website: w}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), w, nil); !fault.Is(err, fault.Unavailable) || fault.From(err).RetryAfter == 0 {
		t.Errorf("a read: %v", err)
	}
	if err := db.Tx(t.Context(), func(ctx context.Context) error {
		return c.Insert(ctx, w, note{ID: 2, Website: w})
	}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a transaction: %v", err)
	}
	if db.Ping(t.Context()) == nil {
		t.Error("it still responds")
	}
}

// TestCountAboveItsLimit checks that only a count above its limit is remembered.
func TestCountAboveItsLimit(t *testing.T) {
	t.Parallel()
	_, c := notes(t)
	site := storetest.Website(1)
	for i := range int64(4) {
		if err := c.Insert(t.Context(), site, note{ID: i + 1, Website: site, At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(most, want int64) {
		t.Helper()
		if n, err := c.CountUpTo(t.Context(), site, nil, nil, most); err != nil || n != want {
			t.Errorf("up to %d: %d, %v, want %d", most, n, err, want)
		}
	}
	count(2, 3)
	count(3, 4)
	count(4, 4)
	if _, err := c.Delete(t.Context(), site, nil); err != nil {
		t.Fatal(err)
	}
	count(2, 3)
	count(4, 0)
	if n, err := c.Count(t.Context(), site, nil); err != nil || n != 0 {
		t.Errorf("counted without a limit: %d, %v", n, err)
	}
}
