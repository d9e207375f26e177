package store

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// queue is a collection whose documents are read in order of _id.
type queue struct {
	*testing.T
	e *Engine
	c *Collection
}

func newQueue(t *testing.T) queue {
	t.Helper()
	e, err := Open("", slog.Default())
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	ok(t, insert(e, raw(t, bson.D{{Key: "_id", Value: int32(-1)}})))
	q := queue{t, e, e.Catalog().Collection("shop.books")}
	q.remove(-1)
	return q
}

func (q queue) add(id int) { ok(q.T, insert(q.e, raw(q.T, bson.D{{Key: "_id", Value: int32(id)}}))) }

func (q queue) remove(id int) {
	doc := raw(q.T, bson.D{{Key: "_id", Value: int32(id)}})
	v, err := bson.Raw(doc).LookupErr("_id")
	ok(q.T, err)
	key := IDKey(valueOf(v))
	tx := q.e.Single()
	defer tx.Abort()
	have, err := tx.LockDocument(context.Background(), q.c, key)
	ok(q.T, err)
	if have == nil {
		q.Errorf("%d has gone before it was taken", id)
	}
	ok(q.T, tx.Delete(context.Background(), q.c, key, have))
	ok(q.T, tx.Commit())
}

// front returns the first documents of a view, and the number of steps that the engine needed for them.
func (q queue) front(v *View, most int) (ids []int, steps int) {
	prefix := q.c.DocPrefix()
	it, err := v.Iter(prefix, append(slices.Clone(prefix[:len(prefix)-1]), prefix[len(prefix)-1]+1), false)
	ok(q.T, err)
	defer it.Close()
	for len(ids) < most {
		more, err := it.Next()
		ok(q.T, err)
		if !more {
			break
		}
		ids = append(ids, int(bson.Raw(it.Value).Lookup("_id").Int32()))
	}
	return ids, it.snap.Stats().ForwardStepCount[pebble.InternalIterCall]
}

func TestFloor(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const n = 2 * fewSteps
	for id := range n {
		q.add(id)
	}
	before := q.e.View()
	defer before.Close()
	for id := range n {
		q.remove(id)
	}
	look := func(want ...int) int {
		t.Helper()
		v := q.e.View()
		defer v.Close()
		ids, steps := q.front(v, n)
		if !slices.Equal(ids, want) {
			t.Fatalf("the front is %v, want %v", ids, want)
		}
		return steps
	}
	if steps := look(); steps < n {
		t.Fatalf("%d steps over %d removed documents: there is nothing to save", steps, n)
	}
	if steps := look(); steps > fewSteps/10 {
		t.Errorf("%d steps once the floor is known", steps)
	}
	q.add(7)
	q.add(n + 1)
	look(7, n+1)
	q.remove(7)
	look(n + 1)
	if steps := look(n + 1); steps > fewSteps/10 {
		t.Errorf("%d steps once the floor is known again", steps)
	}
	if ids, _ := q.front(before, 2*n); len(ids) != n {
		t.Errorf("a view from before the removals has %d documents, want %d", len(ids), n)
	}
}

// TestFloorOfAnyOrder: documents are inserted and deleted in any order. Each view shows the documents at the time
// when it was opened.
func TestFloorOfAnyOrder(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	random := rand.New(rand.NewPCG(1, 2))
	type taken struct {
		view *View
		want []int
	}
	there, views := map[int]bool{}, []taken{}
	look := func(k taken) {
		if ids, _ := q.front(k.view, len(k.want)+1); !slices.Equal(ids, k.want) {
			t.Fatalf("a view has %d documents, want %d", len(ids), len(k.want))
		}
	}
	for step := range 3_000 {
		if at := random.IntN(1_000); there[at] {
			q.remove(at)
			delete(there, at)
		} else {
			q.add(at)
			there[at] = true
		}
		if step%1_000 == 0 { // as a queue that has been worked off
			to := random.IntN(1_000)
			for at := range there {
				if at < to {
					q.remove(at)
					delete(there, at)
				}
			}
		}
		if step%10 == 0 {
			views = append(views, taken{q.e.View(), slices.Sorted(maps.Keys(there))})
			look(views[len(views)-1])
		}
		if len(views) > 20 {
			i := random.IntN(len(views))
			look(views[i])
			views[i].view.Close()
			views = slices.Delete(views, i, i+1)
		}
	}
	for _, k := range views {
		look(k)
		k.view.Close()
	}
	if q.e.floors.raised == 0 {
		t.Error("no floor was found")
	}
}

// TestFloorUnderWriters: several writers insert at once, and one reader takes every document from the front, each
// once.
func TestFloorUnderWriters(t *testing.T) {
	t.Parallel()
	q := newQueue(t)
	const writers, each = 4, 1_000
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 0))
			for _, i := range random.Perm(each) {
				q.add(i*writers + w)
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for got := 0; ; {
		over := false
		select {
		case <-done:
			over = true
		default:
		}
		v := q.e.View()
		ids, _ := q.front(v, 50)
		v.Close()
		for _, id := range ids {
			q.remove(id)
		}
		got += len(ids)
		if over && len(ids) == 0 {
			if got != writers*each {
				t.Errorf("%d documents were read of %d", got, writers*each)
			}
			break
		}
	}
	if q.e.floors.raised == 0 {
		t.Error("no floor was found")
	}
}
