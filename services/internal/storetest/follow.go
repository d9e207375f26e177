package storetest

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
)

// Followed is a list in the order of changes, with the way a test changes its rows.
type Followed[T Row] struct {
	Rows   int
	Change func(row int, at time.Time) error // changes a row; the change begins at a time
	List   func(paging.Following) (paging.Slice[T], error)
}

// Row is a row of such a list.
type Row interface {
	ChangeKey() (time.Time, int64)
	Revision() version.Of
}

const (
	followWriters = 4
	followChanges = 60 // per writer
)

// Follow reads a list from change to change while several writers change rows at random. It checks that in the end it
// has read the last state of every row, and none twice.
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
				t.Errorf("row %d is listed twice in the state %v", id, row.Revision())
			}
			if at.Before(last.At) || at.Equal(last.At) && id <= last.ID {
				t.Errorf("row %d of %v is listed after row %d of %v", id, at, last.ID, last.At)
			}
			seen[row.Revision()], got[id], last = true, row.Revision(), paging.Cursor{At: at, ID: id}
		}
		if found.Next.Order != paging.Changes {
			t.Fatalf("a page has no cursor for the next one: %+v", found.Next)
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
		t.Errorf("%d rows have changed and %d were listed, %v", len(all.Rows), len(got), err)
	}
	for _, row := range all.Rows {
		if _, id := row.ChangeKey(); got[id] != row.Revision() {
			t.Errorf("row %d is in the state %v, and was last listed in %v", id, row.Revision(), got[id])
		}
	}
}

// changing is the clock of writers that store a change, and commit it, some time after they read the clock.
type changing struct {
	mu   sync.Mutex
	now  time.Time
	open map[int]time.Time // by writer: the start of its write
}

// begin returns a writer's time, some milliseconds after the previous writer's.
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

// settled is a time before which no writer stores any more.
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
