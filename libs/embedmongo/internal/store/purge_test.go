package store

import (
	"log/slog"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestPurgeRequests: a later purge covers a request that an earlier one doesn't cover, and an older view delays a
// purge.
func TestPurgeRequests(t *testing.T) {
	t.Parallel()
	e, err := Open(t.TempDir(), slog.Default())
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	ok(t, insert(e, raw(t, bson.D{{Key: "_id", Value: 1}})))
	const after = time.Minute
	now := time.Now()
	isDue := func(what string, at time.Time, want bool) {
		t.Helper()
		if due, err := e.PurgeDue(at); due != want || err != nil {
			t.Errorf("%s: due is %t, %v", what, due, err)
		}
	}
	isDue("nothing is requested", now.Add(time.Hour), false)
	ok(t, e.RequestPurge(now, after))
	ok(t, e.RequestPurge(now.Add(after/2), after))
	isDue("too early", now.Add(after-time.Second), false)
	isDue("the first request", now.Add(after), true)

	view := e.View()
	if err := e.Purge(t.Context(), now.Add(time.Hour), after); err == nil {
		t.Error("a purge ran beside a view of before")
	}
	ok(t, e.Purge(t.Context(), now.Add(after), after)) // the view is younger than what this one covers
	isDue("the second request", now.Add(after), false)
	isDue("the second request", now.Add(2*after), true)
	view.Close()
	ok(t, e.Purge(t.Context(), now.Add(2*after), after))
	isDue("all are covered", now.Add(time.Hour), false)
}
