package idempotency_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/transport/httpkit"
)

// shortly is the deadline of a request while the store doesn't respond.
const shortly = time.Second

// TestOutcomesAreSettledWhenTheStoreResponds: the store is unavailable when the outcome of a request must be stored, as
// during an election. Once it responds, the request can be repeated: its reservation, which lasts a minute of the
// test's clock, doesn't block it.
func TestOutcomesAreSettledWhenTheStoreResponds(t *testing.T) {
	t.Parallel()
	shutdown := bson.D{{Key: "errorCode", Value: 91}}
	unconfirmed := bson.D{{Key: "writeConcernError", Value: bson.D{
		{Key: "code", Value: 91}, {Key: "errmsg", Value: "shutdown in progress"},
	}}}
	for name, c := range map[string]struct {
		before, after string // the command that fails from the start, or from the end of the work
		status        int    // of the work's response
		replayed      bool   // the repeated request
	}{
		"a response":             {after: "update", status: 201, replayed: true},
		"a temporary failure":    {after: "delete", status: 503},
		"an unknown reservation": {before: "insert"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri, fail := storetest.StartFailing(t)
			db, tele := storetest.ConnectTo(t, uri, storetest.Database())
			k := fixtureOn(t, db, tele)
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { _ = k.Run(ctx) })
			defer running.Wait()
			defer stop()
			a := attempt(1, 1, "k", "a")
			work := func(status int, command string) func(context.Context) httpkit.Response {
				return func(ctx context.Context) httpkit.Response {
					if status < 300 {
						if err := k.write(ctx); err != nil {
							t.Error(err)
						}
					}
					if command != "" {
						fail(1_000_000, shutdown, command)
					}
					return said(status, "done")
				}
			}
			if c.before != "" {
				fail(1_000_000, unconfirmed, c.before)
			}
			first, cancel := context.WithTimeout(ctx, shortly)
			_, _, err := k.Execute(first, a, work(c.status, c.after))
			cancel()
			if (c.before != "") != (err != nil) {
				t.Fatalf("the first attempt: %v", err)
			}
			if c.before == "" {
				_, _, err := k.Execute(ctx, a, work(201, ""))
				if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable) {
					t.Errorf("while the store is unavailable: %v", err)
				}
			}
			fail(0, shutdown, "update")
			storetest.Eventually(t, "the request can be repeated", func() bool {
				given, replayed, err := k.Execute(ctx, a, work(201, ""))
				if err != nil {
					return false
				}
				if given.Status != 201 || replayed != c.replayed {
					t.Errorf("%d, replayed: %v", given.Status, replayed)
				}
				return true
			})
			if n := k.written(t); n != 1 {
				t.Errorf("the work was done %d times", n)
			}
		})
	}
}
