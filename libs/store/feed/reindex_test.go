package feed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/internal/storetest"
)

// numbered is a collection of rows 1 to newest. It records which rows were analysed, and fails once.
type numbered struct {
	mu     sync.Mutex
	newest int64
	fails  bool
	done   []int64
}

func (n *numbered) Reindex(_ context.Context, after, limit int64, _ bool) (int64, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fails {
		n.fails = false
		return after, false, errors.New("fails once")
	}
	last := min(n.newest, after+limit)
	for row := after + 1; row <= last; row++ {
		n.done = append(n.done, row)
	}
	return last, last-after == limit, nil
}

func (n *numbered) Newest(context.Context) (int64, error) { return n.newest, nil }

func (n *numbered) analysed() []int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.done)
}

// TestReindexing: a version's rows are analysed once, over restarts, and again for the next version; a replica that
// doesn't lead analyses none.
func TestReindexing(t *testing.T) {
	t.Parallel()
	db, tele, _ := storetest.NewLog(t)
	positions := feed.NewPositions(db, "test")
	run := func(version int64, rows *numbered, leads bool, until func() bool) {
		t.Helper()
		fresh := *tele
		fresh.Registry = prometheus.NewRegistry()
		task := feed.NewReindexing(&fresh, version, rows, positions,
			func(context.Context) (bool, error) { return leads, nil })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		running.Go(func() { _ = task.Run(ctx) })
		storetest.Eventually(t, "rows are analysed", until)
	}
	name := "search." + tele.Component
	at := func(ctx context.Context) int64 {
		t.Helper()
		pos, err := positions.Position(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return pos
	}
	const newest = 120
	for version, leads := range []bool{true, false, true} {
		rows := &numbered{newest: newest}
		before := at(t.Context())
		run(int64(version+1), rows, leads, func() bool { return !leads || at(t.Context()) == 1<<53+int64(version+1) })
		got := rows.analysed()
		if leads && (len(got) != newest || !slices.IsSorted(got) || got[0] != 1) || !leads && len(got) > 0 {
			t.Errorf("version %d, leading %t: %v", version+1, leads, got)
		}
		if !leads && at(t.Context()) != before {
			t.Errorf("a replica that doesn't lead moves the position to %d", at(t.Context()))
		}
	}
	again := &numbered{newest: newest}
	run(3, again, true, func() bool { return at(t.Context()) == 1<<53+3 })
	if got := again.analysed(); len(got) > 0 {
		t.Errorf("after a restart: %v", got)
	}
}
