package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

func TestRelayAssignsPositionsOnceInOrder(t *testing.T) {
	t.Parallel()
	database := storetest.Database()
	db, tele := storetest.Connect(t, database)
	log := outbox.NewLog(db, tele)
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	other, otherTele := storetest.Connect(t, database) // a second replica
	ctx, stop := context.WithCancel(t.Context())
	var relays sync.WaitGroup
	for _, l := range []*outbox.Log{log, outbox.NewLog(other, otherTele)} {
		relays.Go(func() { _ = l.Relay(ctx) })
	}
	const keys, each = 8, 40
	w := storetest.Website(1)
	var writers sync.WaitGroup
	for k := range int64(keys) {
		writers.Go(func() {
			for i := range each {
				err := db.Tx(t.Context(), func(ctx context.Context) error {
					return log.Append(ctx, w, k, storetest.Event("counted", map[string]int{"i": i}))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	undone := errors.New("undone")
	if err := db.Tx(t.Context(), func(ctx context.Context) error {
		return errors.Join(log.Append(ctx, w, 99, storetest.Event("never", nil)), undone)
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	writers.Wait()
	var all []outbox.Record
	storetest.Eventually(t, "all records have positions", func() bool {
		var err error
		if all, err = log.After(t.Context(), 0, keys*each+10); err != nil {
			t.Fatal(err)
		}
		return len(all) >= keys*each
	})
	stop()
	relays.Wait()
	next := map[int64]int{}
	for i, r := range all {
		if r.Pos != int64(i+1) || r.PosAt.IsZero() {
			t.Fatalf("record %d has position %d, assigned at %v", i, r.Pos, r.PosAt)
		}
		var data struct{ I int }
		if err := r.Decode(&data); err != nil {
			t.Fatal(err)
		}
		if r.Type != "counted" || r.Website != w || r.Data != fmt.Sprintf(`{"i":%d}`, next[r.Key]) {
			t.Fatalf("key %d: %s after %d records", r.Key, r.Data, next[r.Key])
		}
		next[r.Key]++
	}
	if len(all) != keys*each {
		t.Fatalf("%d records", len(all))
	}
}

func TestFollowerAppliesEachRecordOnceDespiteFailures(t *testing.T) {
	t.Parallel()
	db, tele := storetest.Connect(t, storetest.Database())
	log := outbox.NewLog(db, tele)
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	router := httpkit.NewRouter(tele, keys)
	log.Serve(router, operation.Standard(tele))
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)

	var mu sync.Mutex
	var applied []int64
	failures := 2
	f := feed.Follower{
		Feed: feed.Feed{
			Name: "test",
			Log:  outbox.Remote{Client: httpkit.NewClient(server.URL, keys, tele)},
		}, Telemetry: tele,
		Position: func(context.Context, string) (int64, error) {
			mu.Lock()
			defer mu.Unlock()
			return int64(len(applied)), nil
		},
		Apply: func(_ context.Context, _ string, records []outbox.Record) error {
			mu.Lock()
			defer mu.Unlock()
			if failures > 0 {
				failures--
				return errors.New("not now")
			}
			for _, r := range records {
				applied = append(applied, r.Pos)
			}
			return nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = log.Relay(ctx) })
	tasks.Go(func() { _ = f.Run(ctx) })
	const n = 30
	for i := range n {
		if err := log.Append(t.Context(), storetest.Website(1), int64(i), storetest.Event("counted", nil)); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Eventually(t, "all are applied", func() bool { mu.Lock(); defer mu.Unlock(); return len(applied) >= n })
	stop()
	tasks.Wait()
	var want []int64
	for i := range int64(n) {
		want = append(want, i+1)
	}
	if !slices.Equal(applied, want) {
		t.Fatalf("applied %v", applied)
	}
}

// TestFollowerAtAGap: a follower stops at a gap in the positions. But one that has applied nothing starts at the log's
// first record.
func TestFollowerAtAGap(t *testing.T) {
	t.Parallel()
	for at, continues := range map[int64]bool{0: true, 1: false, 2: true} {
		db, tele := storetest.Connect(t, storetest.Database())
		log := outbox.NewLog(db, tele)
		keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
		if err != nil {
			t.Fatal(err)
		}
		router := httpkit.NewRouter(tele, keys)
		log.Serve(router, operation.Standard(tele))
		asked := make(chan struct{}, 100)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			router.ServeHTTP(w, r)
			asked <- struct{}{}
		}))
		t.Cleanup(server.Close)
		records := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
		if err := records.Insert(t.Context(), outbox.Record{
			ID: "c", Website: storetest.Website(1), Type: "counted", Pos: 3,
			At: storetest.Noon,
		}); err != nil {
			t.Fatal(err)
		}
		var applied atomic.Bool
		f := feed.Follower{
			Feed:      feed.Feed{Name: "test", Log: outbox.Remote{Client: httpkit.NewClient(server.URL, keys, tele)}},
			Telemetry: tele,
			Position:  func(context.Context, string) (int64, error) { return at, nil },
			Apply: func(_ context.Context, _ string, records []outbox.Record) error {
				applied.Store(len(records) == 1 && records[0].Pos == 3)
				return nil
			},
		}
		ctx, stop := context.WithCancel(t.Context())
		var task sync.WaitGroup
		task.Go(func() { _ = f.Run(ctx) })
		<-asked
		<-asked // the first response has been processed
		stop()
		task.Wait()
		if applied.Load() != continues {
			t.Errorf("after %d: applied %v", at, applied.Load())
		}
	}
}

func TestLaterAndKeeps(t *testing.T) {
	t.Parallel()
	database := storetest.Database()
	db, tele := storetest.Connect(t, database)
	log := outbox.NewLog(db, tele)
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, other := storetest.Website(1), storetest.Website(2)
	tell := func(w tenant.ID, key int64) {
		t.Helper()
		if err := db.Tx(t.Context(), func(ctx context.Context) error {
			return log.Append(ctx, w, key, storetest.Event("counted", nil))
		}); err != nil {
			t.Fatal(err)
		}
	}
	later := func(pos int64, keys ...int64) (found []string) {
		t.Helper()
		if err := log.Later(t.Context(), w, keys, pos, func(records []outbox.Record) error {
			for _, r := range records {
				if r.Website != w {
					t.Errorf("another website's: %+v", r)
				}
				found = append(found, fmt.Sprint(r.Key, ":", r.Pos))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	const many = 1200 // more than one batch
	for range many {
		tell(w, 5)
	}
	for _, key := range []int64{5, 7, outbox.Many, 9} {
		tell(w, key)
		tell(other, key)
	}
	if found := later(0, 9, 5, 7, outbox.Many); len(found) != many+4 || found[0] != "-1:0" || found[many+3] != "9:0" {
		t.Errorf("before the relay: %d: %v…", len(found), found[:min(3, len(found))])
	}
	stop := storetest.Relay(t, log)
	const last = many + 8
	storetest.Eventually(t, "all have positions", func() bool {
		head, err := log.Head(t.Context())
		return err == nil && head == last
	})
	stop()
	tell(w, 7)
	if all := later(0, 7); len(all) != 2 || all[1] != "7:0" {
		t.Errorf("of one key: %v", all)
	}
	if found := later(many/2, 5); len(found) < many/2 || len(found) > many/2+1 {
		t.Errorf("after a position in the middle: %d", len(found))
	}
	if found := later(last, 5, 7); !slices.Equal(found, []string{"7:0"}) {
		t.Errorf("after the last position: %v", found)
	}
	if found := later(last, 5, 9); len(found) != 0 {
		t.Errorf("after the last: %v", found)
	}

	for pos, want := range map[int64]bool{0: true, last - 1: true, last: true, last + 1: false} {
		if kept, err := log.Keeps(t.Context(), pos); err != nil || kept != want {
			t.Errorf("after %d all is kept: %v %v", pos, kept, err)
		}
	}
	// A record that will be removed soon counts as removed.
	client, err := mongo.Connect(options.Client().ApplyURI(storetest.URI()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	rows := client.Database(database).Collection(tele.Component + "_outbox")
	old := bson.D{{Key: "$set", Value: bson.D{{Key: "posAt", Value: time.Now().Add(-7*24*time.Hour + time.Minute)}}}}
	if _, err := rows.UpdateOne(t.Context(), bson.D{{Key: "pos", Value: 2}}, old); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.DeleteOne(t.Context(), bson.D{{Key: "pos", Value: 4}}); err != nil {
		t.Fatal(err)
	}
	for pos, want := range map[int64]bool{0: true, 1: false, 2: true, 3: false, 4: true} {
		if kept, err := log.Keeps(t.Context(), pos); err != nil || kept != want {
			t.Errorf("after %d, with old records: %v %v", pos, kept, err)
		}
	}
}
