package outbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

// TestOrderOfAKeyHoldsWithClockSkew: a replica whose clock is an hour ahead has written a record of a key. A later
// record of another replica still gets a later position.
func TestOrderOfAKeyHoldsWithClockSkew(t *testing.T) {
	t.Parallel()
	db, tele, log := storetest.NewLog(t)
	ahead, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	ahead[2]++ // increments byte 2 of a time in milliseconds by 2^24 ms, four and a half hours
	rows := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	w := storetest.Website(1)
	if err := rows.Insert(t.Context(), outbox.Record{
		ID: ahead.String(), Website: w, Type: "first", Key: 7, At: time.Now(),
		Data: "{}",
	}); err != nil {
		t.Fatal(err)
	}
	write := func(key int64, typ contract.EventType) {
		if err := db.Tx(t.Context(), func(ctx context.Context) error {
			return log.Append(ctx, w, key, storetest.Event(typ, nil))
		}); err != nil {
			t.Fatal(err)
		}
	}
	write(7, "second")
	write(7, "third")
	write(8, "of another key")
	stop := storetest.Relay(t, log)
	var of7 []contract.EventType
	storetest.Eventually(t, "all have positions", func() bool {
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
	storetest.Eventually(
		t,
		"no record waits",
		func() bool { return storetest.Gauge(t, tele.Registry, "fivechat_outbox_waiting") == 0 },
	)
	stop()
	if want := []contract.EventType{"first", "second", "third"}; !slices.Equal(of7, want) {
		t.Fatalf("the order is %v", of7)
	}
}

// TestLeaseOfAClockThatWasAhead: the relay's lease was held by a dead replica whose clock was an hour ahead. Another
// replica takes over without waiting for an hour.
func TestLeaseOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	db, _, log := storetest.NewLog(t)
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
		return log.Append(ctx, storetest.Website(1), 7, storetest.Event("first", nil))
	}); err != nil {
		t.Fatal(err)
	}
	stop := storetest.Relay(t, log)
	storetest.Eventually(t, "the event has a position", func() bool {
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
	db, _, log := storetest.NewLog(t)
	stop := storetest.Relay(t, log)
	write := func(typ contract.EventType, pos int) (placed outbox.Record) {
		t.Helper()
		if err := db.Tx(t.Context(), func(ctx context.Context) error {
			return log.Append(ctx, storetest.Website(1), 7, storetest.Event(typ, nil))
		}); err != nil {
			t.Fatal(err)
		}
		storetest.Eventually(t, string(typ)+" has a position", func() bool {
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
		bson.D{{
			Key: "$set", Value: bson.D{{Key: "holder", Value: "another"}, {Key: "until", Value: until}},
		}}); err != nil {
		t.Fatal(err)
	}
	if second := write("second", 2); second.Pos != 2 || second.PosAt.Before(until) {
		t.Errorf("position %d at %v, while another replica held the lease until %v", second.Pos, second.PosAt, until)
	}
	stop()
}
