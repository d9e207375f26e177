package statistics_test

import (
	"maps"
	"testing"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/statistics"
)

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
		typ  string
		data statistics.Data
		want statistics.Counters
	}{
		"opened": {
			"conversation.opened", statistics.Data{},
			statistics.Counters{TotalConversations: 1, OpenConversations: 1},
		},
		"closed": {
			"conversation.updated", statistics.Data{From: "OPEN", Status: "CLOSED"},
			statistics.Counters{OpenConversations: -1},
		},
		"reopened": {
			"conversation.updated", statistics.Data{From: "CLOSED", Status: "OPEN"},
			statistics.Counters{OpenConversations: 1},
		},
		"same status": {
			"conversation.updated", statistics.Data{From: "OPEN", Status: "OPEN"}, statistics.Counters{},
		},
		"visitor's": {
			"message.created", statistics.Data{Sender: "VISITOR"}, statistics.Counters{TotalMessages: 1},
		},
		"agent's": {"message.created", statistics.Data{Sender: "USER"}, statistics.Counters{TotalMessages: 1}},
		"first answer": {
			"message.created", statistics.Data{Sender: "USER", FirstResponseSeconds: &seconds},
			statistics.Counters{TotalMessages: 1, AnsweredConversations: 1, ResponseSeconds: 12.5},
		},
		"answer at once": {
			"message.created", statistics.Data{Sender: "USER", FirstResponseSeconds: new(float64)},
			statistics.Counters{TotalMessages: 1, AnsweredConversations: 1},
		},
		"system's": {"message.created", statistics.Data{Sender: "SYSTEM"}, statistics.Counters{}},
		"imported": {"conversations.imported", statistics.Data{
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
			"conversation.erased", statistics.Data{From: "OPEN"}, statistics.Counters{OpenConversations: -1},
		},
		"erased, closed":  {"conversation.erased", statistics.Data{From: "CLOSED"}, statistics.Counters{}},
		"rated":           {"conversation.rated", statistics.Data{}, statistics.Counters{}},
		"visitor":         {"visitor.created", statistics.Data{}, statistics.Counters{TotalVisitors: 1}},
		"visitor changed": {"visitor.updated", statistics.Data{}, statistics.Counters{}},
		"visitors": {
			"visitors.imported", statistics.Data{Visitors: 500}, statistics.Counters{TotalVisitors: 500},
		},
		"of another build": {"something.new", statistics.Data{Conversations: 9}, statistics.Counters{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (statistics.Event{Website: site(t, 1), Type: tc.typ, Data: tc.data}).Delta(); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	a, b, c := site(t, 1), site(t, 2), site(t, 3)
	got := statistics.Project([]statistics.Event{
		{Website: a, Type: "conversation.opened"},
		{Website: b, Type: "visitor.created"},
		{Website: c, Type: "conversation.updated", Data: statistics.Data{From: "OPEN", Status: "CLOSED"}},
		{Website: a, Type: "message.created", Data: statistics.Data{Sender: "VISITOR"}},
		{Website: c, Type: "conversation.updated", Data: statistics.Data{From: "CLOSED", Status: "OPEN"}},
		{Website: b, Type: "conversation.rated"},
	})
	want := map[tenant.ID]statistics.Counters{
		a: {TotalConversations: 1, OpenConversations: 1, TotalMessages: 1},
		b: {TotalVisitors: 1},
	}
	if !maps.Equal(got.Counters, want) {
		t.Errorf("got %+v, want %+v", got.Counters, want)
	}
}

func TestAverageResponseTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		answered int64
		seconds  float64
		want     float64
	}{{0, 0, 0}, {1, 45.5, 45.5}, {3, 10, 3.3}, {3, 20, 6.7}, {2, 0, 0}, {4, 0.1, 0}, {1, 0.05, 0.1}} {
		if got := (statistics.Counters{AnsweredConversations: tc.answered, ResponseSeconds: tc.seconds}).AverageResponseTime(); got != tc.want {
			t.Errorf("%v s over %d: got %v, want %v", tc.seconds, tc.answered, got, tc.want)
		}
	}
}
