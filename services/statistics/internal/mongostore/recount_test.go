package mongostore_test

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics"
)

func TestRepair(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	if err := s.Apply(t.Context(), "conversations", talk(a, b)); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Kept(t.Context(), a)
	if err != nil || kept.Counters != talkOfA || kept.Positions["conversations"] != 8 || kept.Repairs != 0 {
		t.Fatalf("%+v %v", kept, err)
	}
	by := statistics.Counters{TotalMessages: 5, ResponseSeconds: -0.5}
	for round := range int64(3) {
		if err := s.Repair(t.Context(), a, by, round); err != nil {
			t.Fatal(err)
		}
		if err := s.Repair(t.Context(), a, by, round); !fault.Is(err, fault.Conflict) {
			t.Errorf("repaired twice: %v", err)
		}
		// Events counted meanwhile don't count as repairs.
		log := source{}
		log.tell(a, "visitor.created", `{}`)
		if err := s.Apply(t.Context(), string(rune('a'+round)), log); err != nil {
			t.Fatal(err)
		}
	}
	want := talkOfA
	want.TotalMessages, want.ResponseSeconds, want.TotalVisitors = want.TotalMessages+15, 0, 3
	if got, err := s.Kept(t.Context(), a); err != nil || got.Counters != want || got.Repairs != 3 {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got := counters(t, s, b); got != talkOfB {
		t.Errorf("another website's became %+v", got)
	}
}

func TestRepairRestoresMissingCounters(t *testing.T) {
	t.Parallel()
	s, a := open(t), storetest.Tenant(1)
	if err := s.Repair(t.Context(), a, talkOfA, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Kept(t.Context(), a); err != nil || got.Counters != talkOfA || got.Repairs != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestRoundsGoToOneReplica(t *testing.T) {
	t.Parallel()
	s := open(t)
	var log source
	for _, n := range []int64{3, 1, 2} {
		log.tell(storetest.Tenant(n), "visitor.created", `{}`)
	}
	if err := s.Apply(t.Context(), "visitors", log); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		behind tenant.ID
		want   []tenant.ID
	}{
		{tenant.ID{}, []tenant.ID{storetest.Tenant(1), storetest.Tenant(2)}},
		{storetest.Tenant(2), []tenant.ID{storetest.Tenant(3)}},
		{storetest.Tenant(3), []tenant.ID{}},
	} {
		if got, err := s.Websites(t.Context(), c.behind, 2); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("behind %v: %v %v", c.behind, got, err)
		}
	}
	claim := func(at time.Time) (tenant.ID, bool) {
		t.Helper()
		behind, due, err := s.ClaimRound(t.Context(), at, at.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return behind, due
	}
	if behind, due := claim(noon); !due || !behind.IsZero() {
		t.Errorf("the first round: %v %v", behind, due)
	}
	if _, due := claim(noon.Add(time.Minute)); due {
		t.Error("two replicas have the round")
	}
	if err := s.EndRound(t.Context(), storetest.Tenant(2)); err != nil {
		t.Fatal(err)
	}
	if behind, due := claim(noon.Add(time.Hour)); !due || behind != storetest.Tenant(2) {
		t.Errorf("the next round: %v %v", behind, due)
	}
}
