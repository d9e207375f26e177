package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/version"
)

// Guarded checks that a store changes and removes a row only in the version that the context requires: of several
// writers that have read the same version, one changes it. remove is nil if rows can't be removed.
func Guarded(t *testing.T, read func(context.Context) (version.Of, error), change, remove func(context.Context) error) {
	t.Helper()
	ctx := t.Context()
	state := func() version.Of {
		t.Helper()
		r, err := read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	in := func(states ...version.Of) context.Context {
		return version.Require(ctx, version.Precondition{Of: states})
	}
	first := state()
	others := version.Of{ID: first.ID + 1, Version: first.Version}
	for range 2 { // a refused change has no effect
		if err := change(in(others)); !fault.Is(err, fault.PreconditionFailed) {
			t.Errorf("in another row's state: %v", err)
		}
	}
	if now := state(); now != first {
		t.Errorf("what was refused made %v of %v", now, first)
	}
	var changed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch err := change(in(others, first)); {
			case err == nil:
				changed.Add(1)
			case !fault.Is(err, fault.PreconditionFailed):
				t.Error(err)
			}
		})
	}
	all.Wait()
	second := state()
	if changed.Load() != 1 || second == first {
		t.Errorf("%d changed the same state; it was %v and is %v", changed.Load(), first, second)
	}
	if err := change(version.Require(ctx, version.Precondition{Any: true})); err != nil || state() == second {
		t.Errorf("in any state: %v", err)
	}
	if remove == nil {
		return
	}
	if err := remove(in(second)); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("removed in an earlier state: %v", err)
	}
	if err := remove(in(state())); err != nil {
		t.Errorf("removed in the state that it is in: %v", err)
	}
	if err := remove(in(second)); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed again: %v", err)
	}
}
