package accounts_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// clock is a clock that only moves when it is set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// holder is a service that erases its data in a number of batches.
type holder struct {
	name  string
	erase func(ctx context.Context, of subject.Subject) (bool, error)

	mu    sync.Mutex
	asked []subject.Subject
}

func (k *holder) Name() string { return k.name }

func (k *holder) Export(context.Context, subject.Subject, string) (accounts.ExportPage, error) {
	return accounts.ExportPage{}, nil
}

func (k *holder) Erase(ctx context.Context, of subject.Subject) (bool, error) {
	k.mu.Lock()
	k.asked = append(k.asked, of)
	k.mu.Unlock()
	if k.erase == nil {
		return false, nil
	}
	return k.erase(ctx, of)
}

func (k *holder) times() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.asked)
}

// known maps tokens to visitors.
type known map[string]id.Visitor

func (k known) ByToken(_ context.Context, _ tenant.ID, token string) (id.Visitor, error) {
	if id, there := k[token]; there {
		return id, nil
	}
	return 0, fault.Missing("visitor")
}

// eraser is a service over a real store, with a website, the other services a and b, and a clock.
type eraser struct {
	*accounts.Service
	*clock
	store       *mongostore.Store
	a, b        *holder
	invalidated announced
	website     tenant.ID
}

func newEraser(t *testing.T) *eraser {
	t.Helper()
	db := storetest.DB(t, "accounts")
	e := &eraser{
		clock: &clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		store: mongostore.New(db),
		a:     &holder{name: "a"},
		b:     &holder{name: "b"},
	}
	storetest.Ready(t, db)
	e.Service = e.replica()
	w, err := e.CreateWebsite(t.Context(), accounts.NewWebsite{Name: "Shop", URL: "https://shop.example"}, boss)
	if err != nil {
		t.Fatal(err)
	}
	e.website = w.ID
	return e
}

// replica returns another process over the same store.
func (e *eraser) replica() *accounts.Service {
	return accounts.New(e.store, widgets{}, known{"vis_a": 17}, nil, []accounts.DataHolder{e.a, e.b}, &e.invalidated,
		nil, e.now)
}

// next calls EraseNext and fails the test unless an erasure was due as stated.
func (e *eraser) next(t *testing.T, due bool) {
	t.Helper()
	if worked, err := e.EraseNext(t.Context()); worked != due || err != nil {
		t.Fatalf("worked %v, %v; want %v", worked, err, due)
	}
}

// at fails the test unless an erasure has this status and these remaining services.
func (e *eraser) at(t *testing.T, id int64, status accounts.ErasureStatus, remaining ...string) accounts.Erasure {
	t.Helper()
	got, err := e.Erasure(t.Context(), id)
	if err != nil || got.Status() != status || !slices.Equal(got.Remaining, remaining) {
		t.Fatalf("%+v, %v; want %s with %v to come", got, err, status, remaining)
	}
	return got
}

func TestErasureRunsOverAllServicesTwice(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	token, _, err := e.CreateToken(t.Context(), e.website, accounts.NewToken{Name: "ci", Level: "READ"}, boss)
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	e.a.erase = func(context.Context, subject.Subject) (bool, error) { batches++; return batches%3 != 0, nil }
	e.next(t, false)
	job, err := e.EraseWebsite(t.Context(), e.website, boss)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Resolve(t.Context(), token.Hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("its token is still valid: %v", err)
	}
	if !slices.Contains(e.invalidated, token.Hash) || !slices.Contains(e.invalidated, "website "+e.website.String()) {
		t.Errorf("invalidated %v", e.invalidated)
	}
	again, err := e.EraseWebsite(t.Context(), e.website, boss)
	if err != nil || again.ID != job.ID {
		t.Errorf("second request: %+v, %v", again, err)
	}
	e.at(t, job.ID, accounts.Erasing, "a", "b", "accounts")
	select {
	case <-e.Due():
	default:
		t.Error("the task was not woken")
	}
	e.next(t, true)
	e.at(t, job.ID, accounts.Settling, "a", "b", "accounts")
	if e.a.times() != 3 || e.b.times() != 1 {
		t.Errorf("called for %v and %v", e.a.asked, e.b.asked)
	}
	e.next(t, false)
	e.pass(30 * time.Second)
	e.next(t, true)
	e.at(t, job.ID, accounts.Erased)
	if e.a.times() != 6 || e.b.times() != 2 {
		t.Errorf("called for %v and %v", e.a.asked, e.b.asked)
	}
	e.pass(time.Hour)
	e.next(t, false)
	if _, err := e.EraseWebsite(t.Context(), e.website, boss); !fault.Is(err, fault.NotFound) {
		t.Errorf("a second erasure: %v", err)
	}
}

func TestErasureRetriesAfterServiceFailure(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	e.b.erase = func(context.Context, subject.Subject) (bool, error) {
		return true, fault.Away("the store", errors.New("broken pipe"))
	}
	job, err := e.EraseVisitor(t.Context(), e.website, "vis_a", boss)
	if err != nil {
		t.Fatal(err)
	}
	if worked, err := e.EraseNext(t.Context()); !worked || !fault.Is(err, fault.Unavailable) {
		t.Fatalf("worked %v, %v", worked, err)
	}
	if got := e.at(t, job.ID, accounts.Erasing, "b",
		"accounts"); got.Failure != "the store is unavailable, try again shortly" {
		t.Errorf("%+v", got)
	}
	e.next(t, false)
	if len(e.invalidated) > 0 {
		t.Errorf("caches of %v were invalidated while the visitor still existed", e.invalidated)
	}
	e.pass(5 * time.Second)
	e.b.erase = nil
	e.next(t, true)
	if got := e.at(t, job.ID, accounts.Settling, "a", "b", "accounts"); got.Failure != "" {
		t.Errorf("%+v", got)
	}
	if want := "website " + e.website.String(); !slices.Contains(e.invalidated, want) {
		t.Errorf("the caches of the visitor were not invalidated, only those of %v", e.invalidated)
	}
	visitor := subject.Visitor(e.website, 17)
	if !slices.Equal(e.a.asked, []subject.Subject{visitor}) ||
		!slices.Equal(e.b.asked, []subject.Subject{visitor, visitor}) {
		t.Errorf("called for %v and %v", e.a.asked, e.b.asked)
	}
	if _, err := e.Website(t.Context(), e.website); err != nil {
		t.Errorf("the visitor's website: %v", err)
	}
}

// TestErasureContinuesAfterProcessExit: a process that stops responding keeps the erasure until its lease ends. Then
// another one continues after the last completed step.
func TestErasureContinuesAfterProcessExit(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	begun, die := make(chan struct{}), make(chan struct{})
	e.b.erase = func(context.Context, subject.Subject) (bool, error) {
		close(begun)
		<-die
		return false, errors.New("the process has exited")
	}
	job, err := e.EraseVisitor(t.Context(), e.website, "vis_a", boss)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = e.EraseNext(t.Context()) // it ends with the test
	}()
	<-begun
	other := e.replica()
	e.pass(19 * time.Second)
	if worked, err := other.EraseNext(t.Context()); worked || err != nil {
		t.Errorf("claimed while its lease was valid: %v", err)
	}
	e.pass(2 * time.Second)
	e.b.erase = nil
	if worked, err := other.EraseNext(t.Context()); !worked || err != nil {
		t.Errorf("worked %v, %v", worked, err)
	}
	e.at(t, job.ID, accounts.Settling, "a", "b", "accounts")
	if e.a.times() != 1 {
		t.Errorf("completed steps were repeated: %v", e.a.asked)
	}
	close(die)
	<-ended
	e.at(t, job.ID, accounts.Settling, "a", "b", "accounts") // whatever the other process stores
}

// TestErasureIsDueSoonAfterProcessStops: the erasure that a process works on when it stops becomes due again soon.
func TestErasureIsDueSoonAfterProcessStops(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	ctx, stop := context.WithCancel(t.Context())
	e.b.erase = func(ctx context.Context, _ subject.Subject) (bool, error) {
		stop()
		<-ctx.Done()
		return true, ctx.Err()
	}
	job, err := e.EraseVisitor(ctx, e.website, "vis_a", boss)
	if err != nil {
		t.Fatal(err)
	}
	if worked, err := e.EraseNext(ctx); !worked || !errors.Is(err, context.Canceled) {
		t.Fatalf("worked %v, %v", worked, err)
	}
	e.at(t, job.ID, accounts.Erasing, "b", "accounts")
	e.b.erase = nil
	e.pass(5 * time.Second)
	e.next(t, true)
	e.at(t, job.ID, accounts.Settling, "a", "b", "accounts")
}

func TestErasureOfUnknownObjectIsRefused(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	if _, err := e.EraseVisitor(t.Context(), e.website, "vis_b", boss); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown visitor: %v", err)
	}
	if _, err := e.EraseWebsite(t.Context(), storetest.Tenant(999), boss); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown website: %v", err)
	}
	e.next(t, false)
	found, err := e.Audit(t.Context(), accounts.AuditFilter{}, announcedAll)
	if err != nil || len(found.Rows) != 1 {
		t.Errorf("the audit log: %+v, %v", found.Rows, err)
	}
}
