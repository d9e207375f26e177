package statistics_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/statistics"
)

// log is a source whose rows match its events.
type log struct {
	name    string
	events  []statistics.Event // the one with position n has index n-1
	pos     int64              // position of the last event that has one
	counted int64              // number of events in the rows; some have no position yet
	wrong   int64              // surplus conversations in the rows
	err     error
}

func (l *log) Name() string { return l.name }

func (l *log) Totals(context.Context, tenant.ID) (statistics.Totals, error) {
	t := statistics.Totals{Pos: l.pos, Waiting: l.events[l.pos:l.counted]}
	for _, e := range l.events[:l.counted] {
		t.Counters = t.Counters.Add(e.Delta())
	}
	t.Counters.TotalConversations += l.wrong
	return t, l.err
}

func (l *log) Between(_ context.Context, _ tenant.ID, behind, to int64) ([]statistics.Event, error) {
	return l.events[behind:to], nil
}

// counters is a store that has counted each log up to a position of its own.
type counters struct {
	statistics.Store
	kept     statistics.Kept
	repaired statistics.Counters
}

func (c *counters) Kept(context.Context, tenant.ID) (statistics.Kept, error) { return c.kept, nil }

func (c *counters) Repair(_ context.Context, _ tenant.ID, by statistics.Counters, repairs int64) error {
	c.repaired, c.kept.Repairs = by, repairs+1
	return nil
}

var happenings = []statistics.Event{
	{Counts: contract.ConversationOpenedCounts{}},
	{
		Counts: contract.MessageCreatedCounts{Sender: contract.SenderVisitor},
	},
	{Counts: contract.VisitorCreatedCounts{}},
	{Counts: contract.ConversationUpdatedCounts{From: open, Status: closed}},
	{Counts: contract.ConversationUpdatedCounts{From: closed, Status: open}},
	{Counts: contract.MessageCreatedCounts{Sender: contract.SenderUser, FirstResponseSeconds: new(float64)}},
	{
		Counts: contract.ConversationsImportedCounts{Conversations: 3, Messages: 20, Answered: 2, ResponseSeconds: 0.1},
	},
	{Counts: contract.ConversationErasedCounts{From: open}},
}

// TestRecountIsExactAtAnyPositions: random logs, positions of each source's rows and of the counters, and a
// random drift. Recount finds exactly that drift, or none, and repairs it.
func TestRecountIsExactAtAnyPositions(t *testing.T) {
	t.Parallel()
	site := site(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		store := &counters{kept: statistics.Kept{Positions: map[string]int64{}}}
		logs := []*log{{name: "conversations"}, {name: "visitors"}}
		for _, l := range logs {
			l.events = rapid.SliceOfN(rapid.SampledFrom(happenings), 0, 30).Draw(t, "events")
			n := int64(len(l.events))
			l.counted = rapid.Int64Range(0, n).Draw(t, "counted")
			l.pos = rapid.Int64Range(0, l.counted).Draw(t, "pos")
			q := rapid.Int64Range(0, n).Draw(t, "kept up to") // before or after the source was read
			for _, e := range l.events[:q] {
				store.kept.Counters = store.kept.Add(e.Delta())
			}
			if store.kept.Positions[l.name] = q; q == 0 {
				delete(store.kept.Positions, l.name)
			}
		}
		drift := rapid.Int64Range(-2, 2).Draw(t, "drift")
		logs[0].wrong = -drift
		s := statistics.New(store, nil, time.Now, logs[0], logs[1])
		found, err := s.Recount(context.Background(), site, rapid.Bool().Draw(t, "repair"))
		switch {
		case err != nil:
			t.Fatal(err)
		case drift == 0 && len(found) > 0:
			t.Fatalf("found %+v", found)
		case drift != 0 && (len(found) != 1 || found[0].Counter != "totalConversations" ||
			found[0].Difference() != float64(drift)):
			t.Fatalf("found %+v, not %d", found, drift)
		}
		if store.kept.Repairs > 0 && (store.repaired.TotalConversations != -drift || drift == 0 ||
			math.Abs(store.repaired.ResponseSeconds) > 1e-9) {
			t.Fatalf("repaired by %+v", store.repaired)
		}
	})
}

func TestRecountFailsWithoutItsSource(t *testing.T) {
	t.Parallel()
	away := fault.Away("the store", errors.New("gone"))
	store := &counters{}
	s := statistics.New(store, nil, time.Now, &log{name: "conversations"}, &log{name: "visitors", err: away})
	if _, err := s.Recount(t.Context(), site(t, 1), true); !errors.Is(err, away) || store.kept.Repairs > 0 {
		t.Errorf("%v, %d repairs", err, store.kept.Repairs)
	}
}
