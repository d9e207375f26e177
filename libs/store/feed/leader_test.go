package feed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/outbox"
)

// written is a log in memory.
type written []outbox.Record

func (w written) After(_ context.Context, pos, limit int64) ([]outbox.Record, error) {
	return w[min(pos, int64(len(w))):min(int64(len(w)), pos+limit)], nil
}

func (w written) Of(ctx context.Context, _ tenant.ID, pos, limit int64) ([]outbox.Record, error) {
	return w.After(ctx, pos, limit)
}

func (w written) Head(context.Context) (int64, error) { return int64(len(w)), nil }

// applied records the positions that a task applies. While it fails, each attempt is an error.
type applied struct {
	mu    sync.Mutex
	fails bool
	all   []int64
}

func (a *applied) apply(_ context.Context, records []outbox.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails {
		a.fails = false
		return errors.New("fails once")
	}
	for _, r := range records {
		a.all = append(a.all, r.Pos)
	}
	return nil
}

func (a *applied) positions() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// TestLeaderTaskAppliesAgainAfterAFailure: the leader applies all records, again after a failure, and another replica
// applies none.
func TestLeaderTaskAppliesAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	db, tele, _ := storetest.NewLog(t)
	positions := feed.NewPositions(db, "test")
	task := func(leads bool, a *applied) feed.LeaderTask {
		return feed.LeaderTask{
			Name: "effects", Feed: feed.Feed{Name: "test", Log: written{{Pos: 1}, {Pos: 2}, {Pos: 3}}}, Positions: positions,
			Leading: func(context.Context) (bool, error) { return leads, nil }, Telemetry: tele, Apply: a.apply,
		}
	}
	first, other := &applied{fails: true}, &applied{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { _ = task(true, first).Run(ctx) })
	running.Go(func() { _ = task(false, other).Run(ctx) })
	storetest.Eventually(t, "all records are applied", func() bool {
		pos, err := positions.Position(ctx, "effects")
		return err == nil && pos == 3
	})
	if all := first.positions(); !slices.Equal(all, []int64{1, 2, 3}) {
		t.Errorf("the leader applied %v", all)
	}
	if all := other.positions(); len(all) > 0 {
		t.Errorf("another replica applied %v", all)
	}
}

// TestLeaderTaskSkipsWhatDoesntConcernIt: batches without an effect aren't applied, and their position is stored once
// in a thousand records.
func TestLeaderTaskSkipsWhatDoesntConcernIt(t *testing.T) {
	t.Parallel()
	db, tele, _ := storetest.NewLog(t)
	positions := feed.NewPositions(db, "test")
	var log written
	for pos := range int64(1_200) {
		log = append(log, outbox.Record{Pos: pos + 1})
	}
	seen, effects := make(chan int64, len(log)), &applied{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		_ = feed.LeaderTask{
			Name: "effects", Feed: feed.Feed{Name: "test", Log: log}, Positions: positions, Telemetry: tele,
			Leading: func(context.Context) (bool, error) { return true, nil },
			Concerns: func(r outbox.Record) bool {
				if r.Pos == 1_200 {
					seen <- r.Pos
				}
				return false
			},
			Apply: effects.apply,
		}.Run(ctx)
	})
	storetest.Eventually(t, "all records are seen", func() bool { return len(seen) > 0 })
	pos, err := positions.Position(ctx, "effects")
	if err != nil || pos < 1_000 || pos >= 1_200 {
		t.Errorf("the stored position is %d, %v", pos, err)
	}
	for _, pos := range effects.positions() {
		if pos > 1_000 || pos <= 500 { // the batch in which the position is stored
			t.Errorf("record %d was applied", pos)
		}
	}
}

// TestLeaderTaskBeginsAtTheHead: a task that is new in a system with a history applies what follows its first start,
// also after later starts.
func TestLeaderTaskBeginsAtTheHead(t *testing.T) {
	t.Parallel()
	db, tele, _ := storetest.NewLog(t)
	positions, effects := feed.NewPositions(db, "test"), &applied{}
	all := written{{Pos: 1}, {Pos: 2}, {Pos: 3}, {Pos: 4}}
	for head := 2; head <= len(all); head++ {
		log := all[:head]
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			_ = feed.LeaderTask{
				Name: "effects", Feed: feed.Feed{Name: "test", Log: log}, Positions: positions, Telemetry: tele, FromHead: true,
				Leading: func(context.Context) (bool, error) { return true, nil }, Apply: effects.apply,
			}.Run(ctx)
		})
		storetest.Eventually(t, "the position is the head", func() bool {
			pos, err := positions.Position(ctx, "effects")
			return err == nil && pos == int64(len(log))
		})
		cancel()
		running.Wait()
	}
	if all := effects.positions(); !slices.Equal(all, []int64{3, 4}) {
		t.Errorf("applied: %v", all)
	}
}
