package feed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

// TestFollowerAppliesLongRecordsInBatches: the waiting records have many times the bytes of a batch, and each call of
// Apply gets only a few of them.
func TestFollowerAppliesLongRecordsInBatches(t *testing.T) {
	t.Parallel()
	_, tele, log := storetest.NewLog(t)
	source := storetest.Remote(t, log, tele)
	const records, most = 390, 10
	text := strings.Repeat(`"`, 32<<10)
	for i := range int64(records) {
		data := storetest.Event("counted", map[string]string{"content": text})
		if err := log.Append(t.Context(), storetest.Website(1), i+1, data); err != nil {
			t.Fatal(err)
		}
	}
	stop := storetest.Relay(t, log)
	defer stop()
	var mu sync.Mutex
	pos, largest := int64(0), 0
	ctx, cancel := context.WithCancel(t.Context())
	f := feed.Follower{
		Feed: feed.Feed{Name: "test", Log: source}, Telemetry: tele,
		Position: func(context.Context, string) (int64, error) { mu.Lock(); defer mu.Unlock(); return pos, nil },
		Apply: func(_ context.Context, _ string, batch []outbox.Record) error {
			mu.Lock()
			defer mu.Unlock()
			if largest = max(largest, len(batch)); pos == 0 && len(batch) > most {
				return fmt.Errorf("%d records are too many", len(batch))
			}
			for _, r := range batch {
				if r.Pos != pos+1 || len(r.Data) < len(text) {
					t.Errorf("record %d follows %d with %d bytes", r.Pos, pos, len(r.Data))
				}
				pos = r.Pos
			}
			return nil
		},
	}
	var following sync.WaitGroup
	following.Go(func() { _ = f.Run(ctx) })
	storetest.Eventually(
		t,
		"all long records are applied",
		func() bool { mu.Lock(); defer mu.Unlock(); return pos == records },
	)
	cancel()
	following.Wait()
	if largest <= most || largest > 100 {
		t.Errorf("the largest batch has %d records", largest)
	}
}

func TestStalledFollowerShowsInMetrics(t *testing.T) {
	t.Parallel()
	db, tele := storetest.Connect(t, storetest.Database())
	log := outbox.NewLog(db, tele)
	rows := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	const hour = 3600
	err := rows.Insert(t.Context(), outbox.Record{
		ID: "a", Website: storetest.Website(1), Type: "unreadable", Pos: 1,
		At: time.Now().Add(-time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	pos, readable := int64(0), false
	f := feed.Follower{
		Feed: feed.Feed{Name: "test", Log: log}, Telemetry: tele,
		Position: func(context.Context, string) (int64, error) { mu.Lock(); defer mu.Unlock(); return pos, nil },
		Apply: func(context.Context, string, []outbox.Record) error {
			mu.Lock()
			defer mu.Unlock()
			if !readable {
				return errors.New("cannot be read")
			}
			pos = 1
			return nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	var task sync.WaitGroup
	task.Go(func() { _ = f.Run(ctx) })
	storetest.Eventually(t, "the metrics show the stalled follower", func() bool {
		return storetest.Gauge(t, tele.Registry, "fivechat_follower_stalled") == 1 &&
			storetest.Gauge(t, tele.Registry, "fivechat_follower_lag_seconds") >= hour
	})
	mu.Lock()
	readable = true
	mu.Unlock()
	storetest.Eventually(t, "the metrics show that the follower continues", func() bool {
		return storetest.Gauge(t, tele.Registry, "fivechat_follower_stalled") == 0 &&
			storetest.Gauge(t, tele.Registry, "fivechat_follower_lag_seconds") == 0
	})
	stop()
	task.Wait()
}
