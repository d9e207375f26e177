package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"fivechat.dev/libs/kernel/fault"
)

func TestFromClassifiesErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
		code string
	}{
		"classified":             {fault.Coded(fault.Conflict, "email_taken", "taken"), fault.Conflict, "email_taken"},
		"wrapped":                {fmt.Errorf("saving: %w", fault.Missing("ticket")), fault.NotFound, "not_found"},
		"deadline":               {fmt.Errorf("find: %w", context.DeadlineExceeded), fault.Timeout, "timeout"},
		"canceled":               {context.Canceled, fault.Canceled, "canceled"},
		"anything else":          {cause, fault.Internal, "internal"},
		"unavailable dependency": {fault.Away("the store", cause), fault.Unavailable, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.From(c.err)
			if f.Kind != c.kind || f.Code != c.code || !fault.Is(c.err, c.kind) {
				t.Fatalf("got kind %v code %q", f.Kind, f.Code)
			}
		})
	}
	if f := fault.From(cause); !errors.Is(f, cause) || f.Message == cause.Error() {
		t.Fatal("an internal error loses its cause, or shows it in its message")
	}
	if fault.Is(nil, fault.Internal) {
		t.Fatal("nil has a kind")
	}
}

func TestProblemsNameEveryWrongField(t *testing.T) {
	t.Parallel()
	var p fault.Problems
	p.Check(true, "title", "is fine")
	if p.Err() != nil {
		t.Fatal("Err returns an error although no check failed")
	}
	p.Check(false, "title", "must not be blank")
	p.Add("email", "must be an address")
	f := fault.From(p.Err())
	if f.Kind != fault.Invalid || len(f.Fields) != 2 || f.Message != "title must not be blank" {
		t.Fatalf("got %+v", f)
	}
}
