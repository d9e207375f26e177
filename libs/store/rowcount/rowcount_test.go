package rowcount_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
)

type ball struct {
	ID      bson.ObjectID `bson:"_id"`
	Website tenant.ID     `bson:"websiteId"`
	Color   string        `bson:"color"`
}

type color struct {
	Name string `bson:"name"`
}

// jar is a process that stores balls and counts them.
type jar struct {
	db      *mongokit.DB
	balls   *mongokit.Collection[ball]
	counter *rowcount.Counter[color]
}

func openJar(t *testing.T, database string) jar {
	t.Helper()
	db, _ := storetest.Connect(t, database)
	b := jar{db: db, balls: mongokit.Tenanted[ball](db, "test_balls", "ball",
		mongokit.Index{Keys: bson.D{{Key: "color", Value: 1}}})}
	b.counter = rowcount.New(db, "test_tally", func(ctx context.Context, of tenant.ID, add func(color)) error {
		return b.balls.Each(ctx, of, nil, mongokit.Query{}, func(one ball) { add(color{one.Color}) })
	})
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.counter.Run(ctx, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() { stop(); running.Wait() })
	return b
}

func (b jar) put(ctx context.Context, of tenant.ID, name string) error {
	return b.db.Tx(ctx, func(ctx context.Context) error {
		if err := b.balls.Insert(ctx, of, ball{bson.NewObjectID(), of, name}); err != nil {
			return err
		}
		return b.counter.Add(ctx, of, color{name}, 1)
	})
}

// paint changes the color of one ball, if there is one of the color.
func (b jar) paint(ctx context.Context, of tenant.ID, from, to string) error {
	return b.db.Tx(ctx, func(ctx context.Context) error {
		found, err := b.balls.List(ctx, of, bson.D{{Key: "color", Value: from}}, mongokit.Query{Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		if _, err := b.balls.Update(ctx, of, bson.D{{Key: "_id", Value: found[0].ID}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "color", Value: to}}}}); err != nil {
			return err
		}
		return b.counter.Move(ctx, of, color{from}, color{to})
	})
}

func (b jar) sum(t *testing.T, of tenant.ID, name string) int64 {
	t.Helper()
	n, err := b.counter.Sum(t.Context(), of, func(c color) bool { return name == "" || c.Name == name })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// agrees compares the counter with a count query.
func (b jar) agrees(t *testing.T, of tenant.ID, names ...string) {
	t.Helper()
	for _, name := range names {
		want, err := b.balls.Count(t.Context(), of, bson.D{{Key: "color", Value: name}})
		if got := b.sum(t, of, name); err != nil || got != want {
			t.Errorf("the counter has %d of %q, the collection %d (%v)", got, name, want, err)
		}
	}
}

// TestRowCountIsExactAtAnyTime: two processes repaint balls and fold the changes meanwhile. Every read returns the
// exact count, and no ball of another website.
func TestRowCountIsExactAtAnyTime(t *testing.T) {
	t.Parallel()
	database, ours, others := storetest.Database(), storetest.Website(1), storetest.Website(2)
	jars := []jar{openJar(t, database), openJar(t, database)}
	const balls, paintings = 30, 400
	for range balls {
		if err := jars[0].put(t.Context(), ours, "red"); err != nil {
			t.Fatal(err)
		}
	}
	if err := jars[0].put(t.Context(), others, "red"); err != nil {
		t.Fatal(err)
	}
	var painters sync.WaitGroup
	for i, b := range jars {
		painters.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for range paintings {
				names := []string{"red", "blue"}
				r.Shuffle(2, func(i, j int) { names[i], names[j] = names[j], names[i] })
				if err := b.paint(t.Context(), ours, names[0], names[1]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { painters.Wait(); close(done) }()
	looks := 0
	for busy := true; busy; looks++ {
		select {
		case <-done:
			busy = false
		default:
		}
		if n := jars[looks%2].sum(t, ours, ""); n != balls {
			t.Fatalf("read %d returns %d balls", looks, n)
		}
	}
	jars[1].agrees(t, ours, "red", "blue")
	if n := jars[1].sum(t, others, ""); n != 1 {
		t.Errorf("the other website has %d", n)
	}
	changes := mongokit.Tenanted[bson.M](jars[0].db, "test_tally_changes", "change")
	storetest.EventuallyWithin(t, 30*time.Second, "most changes have been folded", func() (bool, any) {
		jars[0].sum(t, ours, "")
		n, err := changes.Count(
			t.Context(),
			ours,
			bson.D{{Key: "fold", Value: bson.D{{Key: "$gt", Value: int64(1) << 60}}}},
		)
		return err == nil && n < 64, n
	})
	jars[0].agrees(t, ours, "red", "blue")
}

// TestRowCountStartsWithACount: rows that were inserted without the counter are counted: those before its first use at
// once, later ones within a day.
func TestRowCountStartsWithACount(t *testing.T) {
	t.Parallel()
	b, of := openJar(t, storetest.Database()), storetest.Website(1)
	if n := b.sum(t, of, ""); n != 0 {
		t.Errorf("%d without rows", n)
	}
	silently := func(name string) {
		if err := b.balls.Insert(t.Context(), of, ball{bson.NewObjectID(), of, name}); err != nil {
			t.Fatal(err)
		}
	}
	silently("red")
	b.agrees(t, of, "red")
	silently("red")
	if n := b.sum(t, of, "red"); n != 1 {
		t.Errorf("%d: a row that was inserted without the counter is counted at once", n)
	}
	sums := mongokit.Tenanted[bson.M](b.db, "test_tally_sums", "sum")
	if found, err := sums.Update(t.Context(), of, nil,
		bson.D{{Key: "$set", Value: bson.D{{Key: "counted", Value: time.Now().Add(-25 * time.Hour)}}}}); !found ||
		err != nil {
		t.Fatal(found, err)
	}
	storetest.EventuallyWithin(t, 30*time.Second, "the rows are recounted", func() (bool, any) {
		n := b.sum(t, of, "red")
		return n == 2, n
	})
	if err := b.put(t.Context(), of, "red"); err != nil {
		t.Fatal(err)
	}
	b.agrees(t, of, "red")
}

// TestRowCountIsPartOfTheTransaction: an aborted transaction isn't counted, and an erased website leaves no counts.
func TestRowCountIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	b, of := openJar(t, storetest.Database()), storetest.Website(1)
	if err := b.put(t.Context(), of, "red"); err != nil {
		t.Fatal(err)
	}
	b.agrees(t, of, "red")
	stop := errors.New("stop")
	err := b.db.Tx(t.Context(), func(ctx context.Context) error {
		return errors.Join(b.balls.Insert(ctx, of, ball{bson.NewObjectID(), of, "red"}),
			b.counter.Add(ctx, of, color{"red"}, 1), stop)
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	b.agrees(t, of, "red")
	if _, err := b.balls.Delete(t.Context(), of, nil); err != nil {
		t.Fatal(err)
	}
	for range storetest.Pages(t) {
		more, err := b.counter.Erase(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if n := b.sum(t, of, ""); n != 0 {
		t.Errorf("%d are left", n)
	}
	for _, name := range []string{"changes", "sums"} {
		if n, err := mongokit.Tenanted[bson.M](b.db, "test_tally_"+name, name).Count(t.Context(), of, nil); n != 0 ||
			err != nil {
			t.Errorf("%d %s are left (%v)", n, name, err)
		}
	}
}
