package stores

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

// TestOrderOfAKeyHoldsWithClockSkew: a replica whose clock is an hour ahead has written a record of a key. A later
// record of another replica still gets a later position.
func TestOrderOfAKeyHoldsWithClockSkew(t *testing.T) {
	t.Parallel()
	db, tele, log := freshLog(t)
	ahead, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	ahead[2]++ // increments byte 2 of a time in milliseconds by 2^24 ms, four and a half hours
	rows := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	w := website(1)
	if err := rows.Insert(t.Context(), outbox.Record{
		ID: ahead.String(), Website: w, Type: "first", Key: 7, At: time.Now(),
		Data: "{}",
	}); err != nil {
		t.Fatal(err)
	}
	write := func(key int64, typ contract.EventType) {
		if err := db.Tx(t.Context(), func(ctx context.Context) error {
			return log.Append(ctx, w, key, testData{typ: typ})
		}); err != nil {
			t.Fatal(err)
		}
	}
	write(7, "second")
	write(7, "third")
	write(8, "of another key")
	stop := relaying(t, log)
	var of7 []contract.EventType
	eventually(t, "all have positions", func() bool {
		all, err := log.After(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		of7 = nil
		for _, r := range all {
			if r.Key == 7 {
				of7 = append(of7, r.Type)
			}
		}
		return len(all) == 4
	})
	eventually(t, "no record waits", func() bool { return gauge(t, tele.Registry, "fivechat_outbox_waiting") == 0 })
	stop()
	if want := []contract.EventType{"first", "second", "third"}; !slices.Equal(of7, want) {
		t.Fatalf("the order is %v", of7)
	}
}

// TestLeaseOfAClockThatWasAhead: the relay's lease was held by a dead replica whose clock was an hour ahead. Another
// replica takes over without waiting for an hour.
func TestLeaseOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	db, _, log := freshLog(t)
	type lease struct {
		ID     string    `bson:"_id"`
		Holder string    `bson:"holder"`
		Until  time.Time `bson:"until"`
	}
	if err := mongokit.GlobalOf[lease](db, "test_leases", "lease").Insert(t.Context(),
		lease{"relay", "a dead replica", time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(ctx context.Context) error {
		return log.Append(ctx, website(1), 7, testData{typ: "first"})
	}); err != nil {
		t.Fatal(err)
	}
	stop := relaying(t, log)
	eventually(t, "the event has a position", func() bool {
		all, err := log.After(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(all) == 1
	})
	stop()
}

// TestLostLeaseStopsTheRelay: another replica has taken the lease without this replica's relay knowing. The relay
// assigns no positions until that lease expires.
func TestLostLeaseStopsTheRelay(t *testing.T) {
	t.Parallel()
	db, _, log := freshLog(t)
	stop := relaying(t, log)
	write := func(typ contract.EventType, pos int) (placed outbox.Record) {
		t.Helper()
		if err := db.Tx(t.Context(), func(ctx context.Context) error {
			return log.Append(ctx, website(1), 7, testData{typ: typ})
		}); err != nil {
			t.Fatal(err)
		}
		eventually(t, string(typ)+" has a position", func() bool {
			all, err := log.After(t.Context(), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) == pos {
				placed = all[pos-1]
			}
			return len(all) == pos
		})
		return placed
	}
	write("first", 1)
	until := time.Now().Add(time.Second).Truncate(time.Millisecond)
	leases := mongokit.GlobalOf[struct{}](db, "test_leases", "lease")
	if _, err := leases.Update(t.Context(), bson.D{{Key: "_id", Value: "relay"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: "another"}, {Key: "until", Value: until}}}}); err != nil {
		t.Fatal(err)
	}
	if second := write("second", 2); second.Pos != 2 || second.PosAt.Before(until) {
		t.Errorf("position %d at %v, while another replica held the lease until %v", second.Pos, second.PosAt, until)
	}
	stop()
}

func TestStalledFollowerShowsInMetrics(t *testing.T) {
	t.Parallel()
	db, tele := connect(t, uri, fresh())
	log := outbox.NewLog(db, tele)
	rows := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	const hour = 3600
	err := rows.Insert(t.Context(), outbox.Record{
		ID: "a", Website: website(1), Type: "unreadable", Pos: 1,
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
	eventually(t, "the metrics show the stalled follower", func() bool {
		return gauge(t, tele.Registry, "fivechat_follower_stalled") == 1 &&
			gauge(t, tele.Registry, "fivechat_follower_lag_seconds") >= hour
	})
	mu.Lock()
	readable = true
	mu.Unlock()
	eventually(t, "the metrics show that the follower continues", func() bool {
		return gauge(t, tele.Registry, "fivechat_follower_stalled") == 0 &&
			gauge(t, tele.Registry, "fivechat_follower_lag_seconds") == 0
	})
	stop()
	task.Wait()
}

// gauge returns a gauge's value, or 0 if it doesn't exist yet.
func gauge(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}
