package share

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func TestHoldersOf(t *testing.T) {
	t.Parallel()
	website, err := tenant.New(7)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p       identity.Principal
		address string
		want    Holders
	}{
		"a program": {identity.Principal{Kind: identity.Token, Website: website}, "198.51.100.1", Holders{"t:7"}},
		"a visitor": {
			identity.Principal{Kind: identity.Visitor, Website: website, VisitorID: 9},
			"2001:db8::5",
			Holders{"v:7", "a:2001:db8::/64"},
		},
		"public":   {identity.Principal{Kind: identity.Public}, "198.51.100.1", Holders{"a:198.51.100.1"}},
		"operator": {identity.Principal{Kind: identity.Operator}, "198.51.100.1", Holders{"a:198.51.100.1"}},
	} {
		if got := HoldersOf(c.p, c.address); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestBudget: a holder gets a quarter and no more, the process no more than the whole. A refused request takes nothing.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ctx := NewBudget(400), t.Context()
		one, other, visitor := Holders{"t:1"}, Holders{"t:2"}, Holders{"v:1", "a:1"}
		take := func(name string, n int64, h Holders, want error, wait time.Duration) {
			t.Helper()
			began := time.Now()
			if err := b.Acquire(ctx, n, h); !errors.Is(err, want) || time.Since(began) != wait {
				t.Errorf("%s: %v after %v, want %v after %v", name, err, time.Since(began), want, wait)
			}
		}
		take("more than a share", 101, one, ErrHolder, 0)
		take("a share", 100, one, nil, 0)
		take("one byte more", 1, one, ErrHolder, patience)
		take("another holder", 100, other, nil, 0)
		take("visitors of the website, at an address", 60, visitor, nil, 0)
		take("the address, on another website", 60, Holders{"v:2", "a:1"}, ErrHolder, patience)
		take("the website's visitors, elsewhere", 60, Holders{"v:1", "a:2"}, ErrHolder, patience)
		take("others", 100, Holders{"t:3"}, nil, 0)
		take("what is left", 40, Holders{"t:4"}, nil, 0)
		take("more than there is", 1, Holders{"t:5"}, ErrProcess, patience)
		if b.Held() != 400 {
			t.Errorf("%d bytes are held", b.Held())
		}
		waited := make(chan error, 1)
		go func() { waited <- b.Acquire(ctx, 30, one) }()
		synctest.Wait()
		b.Release(100, one)
		if err := <-waited; err != nil {
			t.Errorf("one who waited for bytes that came back: %v", err)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := b.Acquire(gone, 100, Holders{"t:6"}); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that went away: %v", err)
		}
		b.Release(30, one)
		b.Release(100, other)
		b.Release(60, visitor)
		b.Release(100, Holders{"t:3"})
		b.Release(40, Holders{"t:4"})
		if b.Held() != 0 || len(b.of) != 0 {
			t.Errorf("in the end %d bytes are held, by %d holders", b.Held(), len(b.of))
		}
		take("a share, in the end", 100, one, nil, 0)
	})
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for err, kind := range map[error]fault.Kind{
		ErrHolder:        fault.Limited,
		ErrProcess:       fault.Unavailable,
		context.Canceled: fault.Canceled,
	} {
		got := fault.From(Refusal(err, "bytes"))
		if got.Kind != kind || (got.RetryAfter > 0) != (kind != fault.Canceled) || !errors.Is(got, err) {
			t.Errorf("%v: %v, Retry-After %v", err, got, got.RetryAfter)
		}
	}
}
