package checker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics"
	"fivechat.dev/services/statistics/internal/checker"
)

// kept is a store with three websites, and the rounds over them.
type kept struct {
	statistics.Store
	messages map[tenant.ID]int64
	behind   tenant.ID
	due      bool
}

func (k *kept) Kept(_ context.Context, t tenant.ID) (statistics.Kept, error) {
	return statistics.Kept{Counters: statistics.Counters{TotalMessages: k.messages[t]}}, nil
}

func (k *kept) Websites(_ context.Context, behind tenant.ID, _ int64) ([]tenant.ID, error) {
	if behind == storetest.Tenant(3) {
		return nil, nil
	}
	return []tenant.ID{storetest.Tenant(1), storetest.Tenant(2), storetest.Tenant(3)}, nil
}

func (k *kept) ClaimRound(context.Context, time.Time, time.Time) (tenant.ID, bool, error) {
	return k.behind, k.due, nil
}

func (k *kept) EndRound(_ context.Context, last tenant.ID) error {
	k.behind = last
	return nil
}

// source reports ten messages for each website, and fails for the missing ones.
type source struct{ away map[tenant.ID]bool }

func (source) Name() string { return "conversations" }

func (s source) Totals(_ context.Context, t tenant.ID) (statistics.Totals, error) {
	if s.away[t] {
		return statistics.Totals{}, errors.New("away")
	}
	return statistics.Totals{Counters: statistics.Counters{TotalMessages: 10}}, nil
}

func (source) Between(context.Context, tenant.ID, int64, int64) ([]statistics.Event, error) {
	return nil, nil
}

func TestRoundsShowTheDrift(t *testing.T) {
	t.Parallel()
	one, two, three := storetest.Tenant(1), storetest.Tenant(2), storetest.Tenant(3)
	k, s := &kept{messages: map[tenant.ID]int64{one: 13, two: 10, three: 6}}, source{map[tenant.ID]bool{}}
	tele := storetest.Telemetry(t, "statistics")
	task := checker.New(k, statistics.New(k, nil, time.Now, s), tele, time.Now)
	for _, c := range []struct {
		what   string
		change func()
		want   string
	}{
		{"not due", func() {}, "0"},
		{"3 too many and 4 too few", func() { k.due = true }, "7"},
		{"one is away, and stays as it was", func() { s.away[one] = true; k.messages[three] = 10 }, "3"},
		{"all are right", func() { s.away[one] = false; k.messages[one] = 10 }, "0"},
	} {
		c.change()
		if err := task.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := "# HELP fivechat_statistics_drift Sum of the differences between counters and their recount, " +
			"over the websites that this replica checked, by the last check of each.\n" +
			"# TYPE fivechat_statistics_drift gauge\nfivechat_statistics_drift " + c.want + "\n"
		if err := testutil.GatherAndCompare(tele.Registry, strings.NewReader(want), "fivechat_statistics_drift"); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if k.behind != three {
		t.Errorf("the next round begins behind %v", k.behind)
	}
}
