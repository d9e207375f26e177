package storetest

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
)

// Followed is a list in the order of changes, and how a test changes its rows.
type Followed[T Row] struct {
	Rows   int
	Change func(row int, at time.Time) error // gives a row a new state that begins at a time
	List   func(paging.Following) (paging.Slice[T], error)
}

// Row is a row of such a list.
type Row interface {
	ChangeKey() (time.Time, int64)
	Revision() version.Of
}

const (
	followWriters = 4
	followChanges = 60 // of each writer
)

// Follow reads a list from change to change while several write at random, and checks that in the end it has got the last
// state of every row, and none twice.
func Follow[T Row](t *testing.T, f Followed[T]) {
	t.Helper()
	c := &changing{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), open: map[int]time.Time{}}
	since := c.now.Add(-time.Nanosecond) // times are rounded up to milliseconds
	var writers sync.WaitGroup
	for w := range followWriters {
		random := rand.New(rand.NewPCG(uint64(w), rand.Uint64()))
		writers.Go(func() {
			for range followChanges {
				err := f.Change(random.IntN(f.Rows), c.begin(w, random.IntN(2)))
				c.end(w)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()

	w := paging.Following{Window: paging.Window{Limit: 3}, UpdatedSince: paging.Moment(since)}
	got := map[int64]version.Of{}
	seen := map[version.Of]bool{}
	var last paging.Cursor
	for ended := false; ; {
		select {
		case <-done:
			ended = true
		default:
		}
		w.Until = c.settled()
		found, err := f.List(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range found.Rows {
			at, id := row.ChangeKey()
			if seen[row.Revision()] {
				t.Errorf("row %d comes twice in the state %v", id, row.Revision())
			}
			if at.Before(last.At) || at.Equal(last.At) && id <= last.ID {
				t.Errorf("row %d of %v stands behind row %d of %v", id, at, last.ID, last.At)
			}
			seen[row.Revision()], got[id], last = true, row.Revision(), paging.Cursor{At: at, ID: id}
		}
		if !found.Next.Changes {
			t.Fatalf("a page has no place behind it: %+v", found.Next)
		}
		if w.Cursor = found.Next; ended && !found.More {
			break
		}
	}
	all, err := f.List(paging.Following{
		Window:       paging.Window{Limit: 100},
		UpdatedSince: paging.Moment(since),
		Until:        c.settled(),
	})
	if err != nil || len(all.Rows) != len(got) || all.More {
		t.Errorf("%d rows have changed and %d were given, %v", len(all.Rows), len(got), err)
	}
	for _, row := range all.Rows {
		if _, id := row.ChangeKey(); got[id] != row.Revision() {
			t.Errorf("row %d is in the state %v, and was last given in %v", id, row.Revision(), got[id])
		}
	}
}

// changing is a clock of writers, who take their time before they store and are done some time later.
type changing struct {
	mu   sync.Mutex
	now  time.Time
	open map[int]time.Time // by writer, since when they write
}

// begin gives a writer's time, so many milliseconds after the last one's.
func (c *changing) begin(writer, later int) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Duration(later) * time.Millisecond)
	c.open[writer] = c.now
	return c.now
}

func (c *changing) end(writer int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, writer)
}

// settled is a time before which nobody stores anything more.
func (c *changing) settled() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.now
	if len(c.open) == 0 {
		c.now = c.now.Add(time.Millisecond)
		return c.now
	}
	for _, at := range c.open {
		if at.Before(first) {
			first = at
		}
	}
	return first
}
