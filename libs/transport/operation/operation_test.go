package operation_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/operation"
)

func TestStandardChain(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := telemetry.Default()
	c.LogTo = &log
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	chain := operation.Standard(tele)
	ran := 0
	e := operation.New(chain, "test.do", authz.Read, func(_ context.Context, how string) (string, error) {
		ran++
		switch how {
		case "panic":
			panic("secret")
		case "fail":
			return "", errors.New("secret")
		case "conflict":
			return "", fault.New(fault.Conflict, "no")
		}
		return how, nil
	})
	w, _ := tenant.New(1)
	reader := identity.With(
		t.Context(),
		identity.Principal{Kind: identity.Token, Website: w, Level: identity.Read, Plan: identity.Free},
	)
	for _, c := range []struct {
		ctx  context.Context
		how  string
		kind fault.Kind
		ran  int
	}{
		{t.Context(), "x", fault.Unauthenticated, 0},
		{
			identity.With(t.Context(), identity.Principal{Kind: identity.Token, Website: w, Level: identity.Write}),
			"x", fault.Forbidden, 0,
		},
		{reader, "panic", fault.Internal, 1},
		{reader, "fail", fault.Internal, 2},
		{reader, "conflict", fault.Conflict, 3},
	} {
		got, err := e.Kit(c.ctx, c.how)
		if !fault.Is(err, c.kind) || ran != c.ran {
			t.Errorf("%s: %v, %v after %d runs", c.how, got, err, ran)
		}
	}
	if got, err := e.Kit(reader, "fine"); err != nil || got != "fine" {
		t.Errorf("%v %v", got, err)
	}
	if strings.Count(log.String(), `"msg":"operation panicked"`) != 1 ||
		strings.Count(log.String(), `"msg":"operation failed"`) != 2 {
		t.Errorf("log: %s", log.String())
	}
	families, err := tele.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]uint64{}
	for _, f := range families {
		if f.GetName() != "fivechat_operation_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			outcomes[m.GetLabel()[1].GetValue()] = m.GetHistogram().GetSampleCount()
		}
	}
	for outcome, n := range map[string]uint64{
		"ok": 1, "internal": 2, "conflict": 1, "token_invalid": 1, "permission_missing": 1,
	} {
		if outcomes[outcome] != n {
			t.Errorf("%s was counted %d times, want %d: %v", outcome, outcomes[outcome], n, outcomes)
		}
	}
	if n := testutil.ToFloat64(tele.Panics); n != 1 {
		t.Errorf("%v panics were counted, want 1", n)
	}
}

// TestNothingIsTimedWhereThatIsOff: the chain is the same but for what times.
func TestNothingIsTimedWhereThatIsOff(t *testing.T) {
	t.Parallel()
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: io.Discard, Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	e := operation.New(
		operation.Standard(tele),
		"test.do",
		authz.Read,
		func(context.Context, operation.None) (string, error) { return "done", nil },
	)
	if _, err := e.Kit(t.Context(), operation.None{}); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody was answered %v", err)
	}
	if n, err := testutil.GatherAndCount(tele.Registry, "fivechat_operation_duration_seconds"); n != 0 || err != nil {
		t.Errorf("%d series of operations, %v", n, err)
	}
}
