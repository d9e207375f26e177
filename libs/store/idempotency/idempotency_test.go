package idempotency_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/idempotency"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/transport/httpkit"
)

// note is a row that requests write.
type note struct {
	ID      int64     `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
}

// fixture is an idempotency store with a clock that the test sets, and a collection that requests write to.
type fixture struct {
	*idempotency.Store
	db    *mongokit.DB
	notes *mongokit.Collection[note]
	ran   atomic.Int64
	now   atomic.Int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, tele := storetest.Connect(t, storetest.Database())
	return fixtureOn(t, db, tele)
}

func fixtureOn(t *testing.T, db *mongokit.DB, tele *telemetry.Telemetry) *fixture {
	t.Helper()
	k := &fixture{db: db, notes: mongokit.Tenanted[note](db, "test_notes", "note")}
	k.now.Store(time.Now().UnixMilli())
	k.Store = idempotency.New(db, tele, func() time.Time { return time.UnixMilli(k.now.Load()) })
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

// attempt returns a request with the website's token.
func attempt(site int64, token id.Token, key, body string) httpkit.Attempt {
	return httpkit.Attempt{
		Caller: identity.Principal{Kind: identity.Token, Website: storetest.Website(site), TokenID: token},
		Method: "POST", Path: "/notes", Key: key, Content: sha256.Sum256([]byte(body)),
	}
}

func said(status int, body string) httpkit.Response {
	return httpkit.Response{
		Status: status, Header: http.Header{"Content-Type": {"text/plain"}, "Etag": {`"1"`}},
		Body: []byte(body),
	}
}

// write executes a request: it stores a note.
func (k *fixture) write(ctx context.Context) error {
	n := k.ran.Add(1)
	return k.db.Tx(ctx, func(ctx context.Context) error {
		return k.notes.Insert(ctx, storetest.Website(1), note{ID: n, Website: storetest.Website(1)})
	})
}

// written returns how many notes are stored.
func (k *fixture) written(t *testing.T) int64 {
	t.Helper()
	n, err := k.notes.Count(t.Context(), storetest.Website(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// answers returns work that writes and responds.
func (k *fixture) answers(t *testing.T, a httpkit.Response) func(context.Context) httpkit.Response {
	return func(ctx context.Context) httpkit.Response {
		if err := k.write(ctx); err != nil {
			t.Error(err)
		}
		return a
	}
}

// refuses returns work that responds without writing.
func (k *fixture) refuses(status int) func(context.Context) httpkit.Response {
	return func(context.Context) httpkit.Response {
		k.ran.Add(1)
		return said(status, "no")
	}
}

// crash simulates the end of a process.
type crash struct{}

// crashes returns work that ends its process before the response is stored.
func crashes(work func(context.Context) httpkit.Response) func(context.Context) httpkit.Response {
	return func(ctx context.Context) httpkit.Response {
		work(ctx)
		panic(crash{})
	}
}

func (k *fixture) once(t *testing.T, a httpkit.Attempt,
	work func(context.Context) httpkit.Response,
) (got httpkit.Response, replayed bool, code string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil && p != any(crash{}) {
			panic(p)
		}
	}()
	got, replayed, err := k.Execute(t.Context(), a, work)
	if err != nil {
		code = fault.From(err).Code
	}
	return got, replayed, code
}

func TestResponseIsReplayed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, again int // the statuses of work's responses
		body         string
		wantStatus   int // of the second attempt; 0 if it is refused
		wantReplayed bool
		wantCode     string
		wantRuns     int64
	}{
		"done":                 {201, 200, "made", 201, true, "", 1},
		"a final refusal":      {404, 201, "no", 404, true, "", 1},
		"conflict":             {409, 201, "no", 409, true, "", 1},
		"away":                 {503, 201, "no", 201, false, "", 2},
		"a server error":       {500, 201, "no", 201, false, "", 2},
		"limited":              {429, 201, "no", 201, false, "", 2},
		"late":                 {408, 201, "no", 201, false, "", 2},
		"the client is gone":   {499, 201, "no", 201, false, "", 2},
		"the largest response": {201, 200, strings.Repeat("a", 256<<10), 201, true, "", 1},
		"a too large response": {201, 200, strings.Repeat("a", 256<<10+1), 0, false, "idempotency_answer_lost", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, a := newFixture(t), attempt(1, 1, "k", "a")
			work := func(status int) func(context.Context) httpkit.Response {
				return func(context.Context) httpkit.Response { k.ran.Add(1); return said(status, c.body) }
			}
			first, replayed, code := k.once(t, a, work(c.first))
			if first.Status != c.first || replayed || code != "" {
				t.Fatalf("first: %d %t %s", first.Status, replayed, code)
			}
			again, replayed, code := k.once(t, a, work(c.again))
			if again.Status != c.wantStatus || replayed != c.wantReplayed || code != c.wantCode ||
				k.ran.Load() != c.wantRuns {
				t.Fatalf("again: %d %t %q, ran %d", again.Status, replayed, code, k.ran.Load())
			}
			if replayed && (string(again.Body) != string(first.Body) || again.Header.Get("Etag") != `"1"` ||
				again.Header.Get("Content-Type") != "text/plain") {
				t.Errorf("first %+v\nagain %+v", first, again)
			}
		})
	}
}

func TestKeysBelongToTheirCaller(t *testing.T) {
	t.Parallel()
	k := newFixture(t)
	visitor := attempt(1, 0, "k", "a")
	visitor.Caller = identity.Principal{Kind: identity.Visitor, Website: storetest.Website(1), VisitorID: 1}
	elsewhere, patch := attempt(1, 1, "k", "a"), attempt(1, 1, "k", "a")
	elsewhere.Path, patch.Method = "/others", "PATCH"
	for i, a := range []httpkit.Attempt{
		attempt(1, 1, "k", "a"), attempt(2, 1, "k", "a"), attempt(1, 2, "k", "a"),
		attempt(1, 1, "l", "a"), visitor, elsewhere, patch,
	} {
		if _, replayed, code := k.once(t, a, k.refuses(400)); replayed || code != "" {
			t.Errorf("%d: replayed %t %s", i, replayed, code)
		}
		if _, replayed, code := k.once(t, a, k.refuses(400)); !replayed || code != "" {
			t.Errorf("%d again: replayed %t %s", i, replayed, code)
		}
	}
	if _, _, code := k.once(t, attempt(1, 1, "k", "b"), k.refuses(400)); code != "idempotency_key_reused" {
		t.Errorf("another body: %q", code)
	}
}

// TestRequestInProgress checks that a request that is repeated while it is executed is refused as in progress.
func TestRequestInProgress(t *testing.T) {
	t.Parallel()
	k, a := newFixture(t), attempt(1, 1, "k", "a")
	_, replayed, code := k.once(t, a, func(ctx context.Context) httpkit.Response {
		_, _, err := k.Execute(ctx, a, k.refuses(201))
		if f := fault.From(err); f.Code != "idempotency_in_progress" || f.Kind != fault.Conflict || f.RetryAfter == 0 {
			t.Errorf("before it is stored: %v", err)
		}
		if _, _, code := k.once(t, attempt(1, 1, "k", "b"), k.refuses(201)); code != "idempotency_key_reused" {
			t.Errorf("another body meanwhile: %q", code)
		}
		answer := k.answers(t, said(201, "made"))(ctx)
		if _, _, code := k.once(t, a, k.refuses(201)); code != "idempotency_in_progress" {
			t.Errorf("before its response: %q", code)
		}
		return answer
	})
	if replayed || code != "" || k.ran.Load() != 1 {
		t.Errorf("replayed %t %q, ran %d", replayed, code, k.ran.Load())
	}
}

// TestCrash ends a process at each point. Stored effects are never stored twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	t.Run("before it was stored", func(t *testing.T) {
		t.Parallel()
		k, a := newFixture(t), attempt(1, 1, "k", "a")
		k.once(t, a, crashes(k.refuses(0)))
		if _, _, code := k.once(t, a, k.answers(t, said(201, "made"))); code != "idempotency_in_progress" {
			t.Fatalf("during the lease: %q", code)
		}
		k.now.Add(61_000)
		if got, replayed, code := k.once(t, a, k.answers(t, said(201, "made"))); got.Status != 201 || replayed ||
			code != "" {
			t.Errorf("after the lease: %d %t %q", got.Status, replayed, code)
		}
		if _, replayed, _ := k.once(t, a, k.refuses(0)); !replayed || k.written(t) != 1 {
			t.Errorf("afterwards: replayed %t, %d notes", replayed, k.written(t))
		}
	})
	t.Run("after it was stored", func(t *testing.T) {
		t.Parallel()
		k, a := newFixture(t), attempt(1, 1, "k", "a")
		k.once(t, a, crashes(k.answers(t, said(201, "made"))))
		for _, after := range []int64{0, 59_000, 2_000, 3_600_000} {
			k.now.Add(after)
			want := "idempotency_in_progress"
			if after == 2_000 || after == 3_600_000 {
				want = "idempotency_answer_lost"
			}
			if _, _, code := k.once(t, a, k.refuses(0)); code != want {
				t.Errorf("after %d ms more: %q, want %s", after, code, want)
			}
		}
		if k.written(t) != 1 || k.ran.Load() != 1 {
			t.Errorf("%d notes, ran %d", k.written(t), k.ran.Load())
		}
	})
	t.Run("refused after it was stored", func(t *testing.T) {
		t.Parallel()
		k, a := newFixture(t), attempt(1, 1, "k", "a")
		k.once(t, a, k.answers(t, said(503, "a service is unavailable")))
		if _, _, code := k.once(t, a, k.refuses(0)); code != "idempotency_answer_lost" || k.written(t) != 1 {
			t.Errorf("%q, %d notes", code, k.written(t))
		}
	})
	t.Run("slower than its lease", func(t *testing.T) {
		t.Parallel()
		k, a := newFixture(t), attempt(1, 1, "k", "a")
		got, _, _ := k.once(t, a, func(ctx context.Context) httpkit.Response {
			k.now.Add(61_000)
			if second, replayed, code := k.once(t, a, k.answers(t, said(201, "second"))); string(second.Body) != "second" ||
				replayed ||
				code != "" {
				t.Errorf("the second attempt: %s %t %q", second.Body, replayed, code)
			}
			if err := k.write(ctx); fault.From(err).Code != "idempotency_in_progress" {
				t.Errorf("the first attempt writes after its lease was taken over: %v", err)
			}
			return said(409, "taken over")
		})
		if third, replayed, _ := k.once(t, a, k.refuses(0)); got.Status != 409 || !replayed ||
			string(third.Body) != "second" || k.written(t) != 1 {
			t.Errorf("first %d, third %s, %d notes", got.Status, third.Body, k.written(t))
		}
	})
}

// TestOneTakesOverAnExpiredLease checks that of many concurrent attempts after a lease's end, one executes the request.
func TestOneTakesOverAnExpiredLease(t *testing.T) {
	t.Parallel()
	k, a := newFixture(t), attempt(1, 1, "k", "a")
	k.once(t, a, crashes(k.refuses(0)))
	k.now.Add(61_000)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, _, code := k.once(t, a, k.answers(t, said(201, "made")))
			if got.Status != 201 && code != "idempotency_in_progress" {
				t.Errorf("%d %q", got.Status, code)
			}
		})
	}
	wg.Wait()
	if n := k.written(t); n != 1 {
		t.Errorf("%d notes", n)
	}
}

// TestBeforeCommit checks that the hook's writes are part of the transaction, and that its error aborts the
// transaction.
func TestBeforeCommit(t *testing.T) {
	t.Parallel()
	k := newFixture(t)
	count := func(want int64) {
		t.Helper()
		if n := k.written(t); n != want {
			t.Errorf("%d notes, want %d", n, want)
		}
	}
	hooked := mongokit.BeforeCommit(t.Context(), func(ctx context.Context) error {
		return k.notes.Insert(ctx, storetest.Website(1), note{ID: 100, Website: storetest.Website(1)})
	})
	if err := k.db.Tx(hooked, func(context.Context) error {
		return fault.Missing("note")
	}); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	count(0)
	if err := k.write(hooked); err != nil {
		t.Error(err)
	}
	count(2)
	if err := k.write(hooked); !mongokit.IsDuplicate(err) {
		t.Error(err)
	}
	count(2)
	if found, err := k.notes.Get(t.Context(), storetest.Website(1), bson.D{{Key: "_id", Value: int64(2)}}); !fault.Is(
		err,
		fault.NotFound,
	) {
		t.Errorf("%+v %v", found, err)
	}
}
