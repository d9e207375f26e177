package stores

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// remote returns a log as another service reads it.
func remote(t *testing.T, log *outbox.Log, tele *telemetry.Telemetry) outbox.Remote {
	t.Helper()
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	router := httpkit.NewRouter(tele, keys)
	log.Serve(router, operation.Standard(tele))
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return outbox.Remote{Client: httpkit.NewClient(server.URL, keys, tele)}
}

// TestErasedRecordsKeepTheirPositions checks that an erased record's data is removed from the log and from Redis, and
// that every reader continues.
func TestErasedRecordsKeepTheirPositions(t *testing.T) {
	t.Parallel()
	f := startFeed(t)
	said := struct {
		Name   string `json:"name"`
		Sender string `json:"sender"`
	}{"Vera", "VISITOR"}
	for range 3 {
		for _, about := range []struct{ website, key int64 }{{1, 5}, {1, 6}, {2, 5}} {
			err := f.log.Append(t.Context(), website(about.website), about.key, testData{contract.MessageCreated, said})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	f.want(9)
	eventually(t, "Redis carries the log", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) == 9
	})
	if err := f.log.Redact(t.Context(), website(1), 5); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = f.log.EraseWebsite(t.Context(), website(2)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.log.Unpublish(t.Context()); err != nil || f.redis.Exists(stream) {
		t.Fatalf("Redis still has the erased data: %v", err)
	}

	tele, err := telemetry.New(t.Context(), "reader", telemetry.Config{LogTo: new(strings.Builder)})
	if err != nil {
		t.Fatal(err)
	}
	records, err := remote(t, f.log, tele).After(t.Context(), 0, 100)
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

	f.add(3)
	f.want(12)
	late := feed.Feed{Name: f.feed.Name, Log: f.log, Redis: f.feed.Redis}
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
	_, _, log := freshLog(t)
	for _, w := range []int64{1, 2} {
		said := testData{contract.MessageCreated, map[string]string{"name": "Vera"}}
		if err := log.Append(t.Context(), website(w), 5, said); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Redact(t.Context(), website(1), 5); err != nil {
		t.Fatal(err)
	}
	if _, err := log.EraseWebsite(t.Context(), website(2)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- log.Relay(ctx) }()
	eventually(t, "both have positions", func() bool {
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
