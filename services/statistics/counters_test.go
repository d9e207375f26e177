package statistics_test

import (
	"maps"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/statistics"
)

const open, closed = contract.ConversationStatusOpen, contract.ConversationStatusClosed

func site(t *testing.T, n int64) tenant.ID {
	t.Helper()
	id, err := tenant.New(n)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestDelta(t *testing.T) {
	t.Parallel()
	seconds := 12.5
	for name, tc := range map[string]struct {
		counts contract.Counts
		want   statistics.Counters
	}{
		"opened": {
			contract.ConversationOpenedCounts{},
			statistics.Counters{TotalConversations: 1, OpenConversations: 1},
		},
		"closed": {
			contract.ConversationUpdatedCounts{From: open, Status: closed},
			statistics.Counters{OpenConversations: -1},
		},
		"reopened": {
			contract.ConversationUpdatedCounts{From: closed, Status: open},
			statistics.Counters{OpenConversations: 1},
		},
		"same status": {
			contract.ConversationUpdatedCounts{From: open, Status: open}, statistics.Counters{},
		},
		"visitor's": {
			contract.MessageCreatedCounts{Sender: contract.SenderVisitor}, statistics.Counters{TotalMessages: 1},
		},
		"agent's": {contract.MessageCreatedCounts{Sender: contract.SenderUser}, statistics.Counters{TotalMessages: 1}},
		"first answer": {
			contract.MessageCreatedCounts{Sender: contract.SenderUser, FirstResponseSeconds: &seconds},
			statistics.Counters{TotalMessages: 1, AnsweredConversations: 1, ResponseSeconds: 12.5},
		},
		"answer at once": {
			contract.MessageCreatedCounts{Sender: contract.SenderUser, FirstResponseSeconds: new(float64)},
			statistics.Counters{TotalMessages: 1, AnsweredConversations: 1},
		},
		"system's": {contract.MessageCreatedCounts{Sender: contract.SenderSystem}, statistics.Counters{}},
		"imported": {contract.ConversationsImportedCounts{
			Conversations:   9,
			Open:            2,
			Messages:        40,
			Answered:        7,
			ResponseSeconds: 3.5,
		}, statistics.Counters{
			TotalConversations:    9,
			OpenConversations:     2,
			TotalMessages:         40,
			AnsweredConversations: 7,
			ResponseSeconds:       3.5,
		}},
		"erased": {
			contract.ConversationErasedCounts{From: open}, statistics.Counters{OpenConversations: -1},
		},
		"erased, closed": {contract.ConversationErasedCounts{From: closed}, statistics.Counters{}},
		"rated":          {contract.ConversationRatedCounts{}, statistics.Counters{}},
		"visitor":        {contract.VisitorCreatedCounts{}, statistics.Counters{TotalVisitors: 1}},
		"visitors": {
			contract.VisitorsImportedCounts{Visitors: 500}, statistics.Counters{TotalVisitors: 500},
		},
		"not counted": {nil, statistics.Counters{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (statistics.Event{Website: site(t, 1), Counts: tc.counts}).Delta(); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	a, b, c := site(t, 1), site(t, 2), site(t, 3)
	got := statistics.Project([]statistics.Event{
		{Website: a, Counts: contract.ConversationOpenedCounts{}},
		{Website: b, Counts: contract.VisitorCreatedCounts{}},
		{Website: c, Counts: contract.ConversationUpdatedCounts{From: open, Status: closed}},
		{Website: a, Counts: contract.MessageCreatedCounts{Sender: contract.SenderVisitor}},
		{Website: c, Counts: contract.ConversationUpdatedCounts{From: closed, Status: open}},
		{Website: b, Counts: contract.ConversationRatedCounts{}},
	})
	want := map[tenant.ID]statistics.Counters{
		a: {TotalConversations: 1, OpenConversations: 1, TotalMessages: 1},
		b: {TotalVisitors: 1},
	}
	if !maps.Equal(got.Counters, want) {
		t.Errorf("got %+v, want %+v", got.Counters, want)
	}
}

// TestProgramsMessagesAreNotTheAgentsWork: they are counted apart, and are the website's responses but not the agent's.
// An event of the version before doesn't say who posted, and counts as the agent's.
func TestProgramsMessagesAreNotTheAgentsWork(t *testing.T) {
	t.Parallel()
	seconds, agent := 1.0, id.User(7)
	count := func(byProgram *bool) (ofWebsite, ofAgent statistics.Bucket) {
		all := statistics.Project([]statistics.Event{{Website: site(t, 1), Counts: contract.MessageCreatedCounts{
			Sender: contract.SenderUser, FirstResponseSeconds: &seconds, AgentID: &agent, ByProgram: byProgram,
		}}}).Buckets
		at := statistics.BucketKey{Website: site(t, 1), Quarter: statistics.QuarterOf(time.Time{})}
		ofWebsite = all[at]
		at.OfAgent, at.Agent = true, agent
		return ofWebsite, all[at]
	}
	is, isNot := true, false
	w, a := count(&is)
	if w.AgentMessages != 1 || w.ByPrograms != 1 || w.Responses.Count() != 1 {
		t.Errorf("the website: %+v", w)
	}
	if a.AgentMessages != 0 || a.ByPrograms != 1 || a.Responses.Count() != 0 {
		t.Errorf("the agent: %+v", a)
	}
	for _, said := range []*bool{nil, &isNot} {
		if _, a := count(said); a.AgentMessages != 1 || a.ByPrograms != 0 || a.Responses.Count() != 1 {
			t.Errorf("the agent's own message: %+v", a)
		}
	}
}

func TestAverageResponseTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		answered int64
		seconds  float64
		want     float64
	}{{0, 0, 0}, {1, 45.5, 45.5}, {3, 10, 3.3}, {3, 20, 6.7}, {2, 0, 0}, {4, 0.1, 0}, {1, 0.05, 0.1}} {
		c := statistics.Counters{AnsweredConversations: tc.answered, ResponseSeconds: tc.seconds}
		if got := c.AverageResponseTime(); got != tc.want {
			t.Errorf("%v s over %d: got %v, want %v", tc.seconds, tc.answered, got, tc.want)
		}
	}
}
