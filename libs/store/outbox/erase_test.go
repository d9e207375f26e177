package outbox_test

import (
	"context"
	"strings"
	"testing"

	"fivechat.dev/libs/store/internal/storetest"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/feed"
)

// stream is the Redis stream of the tests' log.
const stream = "fivechat:events:test"

// TestErasedRecordsKeepTheirPositions checks that an erased record's data is removed from the log and from Redis, and
// that every reader continues.
func TestErasedRecordsKeepTheirPositions(t *testing.T) {
	t.Parallel()
	f := storetest.StartFeed(t)
	said := struct {
		Name   string `json:"name"`
		Sender string `json:"sender"`
	}{"Vera", "VISITOR"}
	for range 3 {
		for _, about := range []struct{ website, key int64 }{{1, 5}, {1, 6}, {2, 5}} {
			err := f.Log.Append(
				t.Context(),
				storetest.Website(about.website),
				about.key,
				storetest.Event(contract.MessageCreated, said),
			)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	f.Want(9)
	storetest.Eventually(t, "Redis carries the log", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) == 9
	})
	if err := f.Log.Redact(t.Context(), storetest.Website(1), 5); err != nil {
		t.Fatal(err)
	}
	for range storetest.Pages(t) {
		more, err := f.Log.EraseWebsite(t.Context(), storetest.Website(2))
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if err := f.Log.Unpublish(t.Context()); err != nil || f.Redis.Exists(stream) {
		t.Fatalf("Redis still has the erased data: %v", err)
	}

	tele, err := telemetry.New(t.Context(), "reader", telemetry.Config{LogTo: new(strings.Builder)})
	if err != nil {
		t.Fatal(err)
	}
	records, err := storetest.Remote(t, f.Log, tele).After(t.Context(), 0, 100)
	if err != nil || len(records) != 9 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	found := map[string]int{}
	for i, r := range records {
		if r.Pos != int64(i+1) {
			t.Errorf("record %d is at %d", i, r.Pos)
		}
		found[string(r.Type)+" "+r.Website.String()+" "+r.Data]++
		if r.Erased != (r.Key == 0) {
			t.Errorf("%+v", r)
		}
	}
	for want, n := range map[string]int{
		`message.created 1 {"sender":"VISITOR"}`: 3, `message.created 1 {"name":"Vera","sender":"VISITOR"}`: 3,
		`erased 0 {}`: 3,
	} {
		if found[want] != n {
			t.Errorf("records are %v, want %d of %s", found, n, want)
		}
	}

	f.Add(3)
	f.Want(12)
	late := feed.Feed{Name: f.Feed.Name, Log: f.Log, Redis: f.Feed.Redis}
	var pos int64
	for pos < 12 {
		records, err := late.Next(t.Context(), pos)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Pos != pos+1 {
				t.Fatalf("a late reader gets %d after %d", r.Pos, pos)
			}
			pos = r.Pos
		}
	}
}

// TestWaitingRecordsAreErasedToo checks that a record may be erased before it has a position, and still gets one.
func TestWaitingRecordsAreErasedToo(t *testing.T) {
	t.Parallel()
	_, _, log := storetest.NewLog(t)
	for _, w := range []int64{1, 2} {
		said := storetest.Event(contract.MessageCreated, map[string]string{"name": "Vera"})
		if err := log.Append(t.Context(), storetest.Website(w), 5, said); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Redact(t.Context(), storetest.Website(1), 5); err != nil {
		t.Fatal(err)
	}
	if _, err := log.EraseWebsite(t.Context(), storetest.Website(2)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- log.Relay(ctx) }()
	storetest.Eventually(t, "both have positions", func() bool {
		records, err := log.After(t.Context(), 0, 10)
		if err != nil {
			t.Error(err)
		}
		for _, r := range records {
			if !r.Erased || r.Data != "{}" {
				t.Errorf("%+v", r)
			}
		}
		return len(records) == 2
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
