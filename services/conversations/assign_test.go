package conversations

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
)

func TestRuleChoosesAnAgentWithRoom(t *testing.T) {
	t.Parallel()
	type load = map[id.User]int64
	for name, c := range map[string]struct {
		mode       AssignmentMode
		candidates []id.User
		open       load
		last       id.User
		want       id.User // 0: none
	}{
		"no agent is online":                {RoundRobin, nil, load{}, 0, 0},
		"the first":                         {RoundRobin, []id.User{9, 5, 7}, load{}, 0, 5},
		"the next":                          {RoundRobin, []id.User{9, 5, 7}, load{5: 1}, 5, 7},
		"the first again":                   {RoundRobin, []id.User{9, 5, 7}, load{5: 1, 7: 1}, 9, 5},
		"the last one is offline":           {RoundRobin, []id.User{9, 5}, load{}, 7, 9},
		"the next has no room":              {RoundRobin, []id.User{9, 5, 7}, load{7: 3}, 5, 9},
		"the next has more than the rule":   {RoundRobin, []id.User{9, 5, 7}, load{7: 4}, 5, 9},
		"the same agent alone":              {RoundRobin, []id.User{5}, load{5: 2}, 5, 5},
		"no agent has room":                 {RoundRobin, []id.User{9, 5}, load{5: 3, 9: 3}, 5, 0},
		"the least busy":                    {LeastBusy, []id.User{9, 5, 7}, load{5: 2, 7: 1, 9: 2}, 7, 7},
		"of the least busy the next":        {LeastBusy, []id.User{9, 5, 7}, load{5: 1, 7: 2, 9: 1}, 5, 9},
		"all idle":                          {LeastBusy, []id.User{9, 5, 7}, load{}, 5, 7},
		"the least busy is offline":         {LeastBusy, []id.User{9, 5}, load{5: 2, 7: 0, 9: 1}, 5, 9},
		"no agent has room, the least busy": {LeastBusy, []id.User{9, 5}, load{5: 3, 9: 3}, 5, 0},
		"unassigned ones have no agent":     {LeastBusy, []id.User{5}, load{0: 50}, 0, 5},
		"one has room, others have not":     {LeastBusy, []id.User{5, 7, 9}, load{5: 3, 7: 2, 9: 3}, 9, 7},
	} {
		a := Assignment{Mode: c.mode, Capacity: 3, Candidates: c.candidates}
		if got, ok := a.choose(c.open, c.last); got != c.want || ok != (c.want != 0) {
			t.Errorf("%s: agent %d, %t, want %d", name, got, ok, c.want)
		}
	}
}

// TestRuleChoosesAmongTheTeam: a conversation with a team goes to one of its members. A team that was removed is like
// none. A team is full if no member is online and has room.
func TestRuleChoosesAmongTheTeam(t *testing.T) {
	t.Parallel()
	a := Assignment{Mode: LeastBusy, Capacity: 3, Candidates: []id.User{5, 7, 9}, Teams: []Team{
		{ID: 1, Members: []id.User{7, 9}},
		{ID: 2, Members: []id.User{9}},
		{ID: 3, Members: []id.User{11}},
		{ID: 4},
	}}
	open := map[id.User]int64{5: 0, 7: 2, 9: 3}
	for team, want := range map[id.Team]id.User{0: 5, 1: 7, 2: 0, 3: 0, 4: 0, 99: 5} {
		of := &team
		if team == 0 {
			of = nil
		}
		if got, ok := a.of(of).choose(open, 0); got != want || ok != (want != 0) {
			t.Errorf("team %d: agent %d, %t, want %d", team, got, ok, want)
		}
	}
	if full := a.full(open, 0); !slices.Equal(full, []id.Team{2, 3, 4}) || len(a.Candidates) != 3 {
		t.Errorf("%v are full, and the candidates are %v", full, a.Candidates)
	}
}

// TestTeamIsChanged: it has an event of agents, and no one of visitors. The same team again changes nothing.
func TestTeamIsChanged(t *testing.T) {
	t.Parallel()
	c := newConversation(5, website, visitorID, noon)
	support, none := Patch{TeamID: optional.Of(id.Team(3))}, Patch{TeamID: optional.Value[id.Team]{Set: true, Null: true}}
	for i, step := range []struct {
		does Patch
		team id.Team // 0: none
	}{{support, 3}, {support, 3}, {none, 0}, {none, 0}} {
		now := noon.Add(time.Duration(i+1) * time.Minute)
		events, err := step.does.change(&c, now)
		if isRepeated := i%2 == 1; err != nil || isRepeated != (len(events) == 0) || isRepeated == c.UpdatedAt.Equal(now) {
			t.Fatalf("step %d: %v, %v, updated at %s", i, events, err, c.UpdatedAt)
		}
		if (step.team == 0) != (c.TeamID == nil) || c.TeamID != nil && *c.TeamID != step.team {
			t.Errorf("step %d: %v", i, c.TeamID)
		}
		for _, e := range events {
			d, is := e.Data.(contract.InboxUpdatedData)
			if !is || d.TeamChanged == nil || !*d.TeamChanged || !same(d.TeamID, c.TeamID) {
				t.Errorf("step %d: %+v", i, e.Data)
			}
		}
	}
	events, err := Patch{SnoozedUntil: optional.Of(noon.Add(time.Hour))}.change(&c, noon)
	if d, is := events[0].Data.(contract.InboxUpdatedData); err != nil || !is || d.TeamChanged != nil {
		t.Errorf("%+v, %v", events, err)
	}
}

// TestAssignmentLeavesPeoplesDecisions: a conversation that a person has assigned, closed, snoozed or marked as spam
// leaves the queue without an assignee of the rule. If a person takes the assignee away, it isn't queued either.
func TestAssignmentLeavesPeoplesDecisions(t *testing.T) {
	t.Parallel()
	unassign := optional.Value[id.User]{Set: true, Null: true}
	for name, c := range map[string]struct {
		does     Patch
		assigned bool
	}{
		"nothing":       {Patch{}, true},
		"tags":          {Patch{AddTags: []string{"x"}}, true},
		"assigns":       {Patch{AssigneeID: optional.Of(id.User(9))}, false},
		"unassigns":     {Patch{AssigneeID: unassign}, false},
		"closes":        {Patch{Status: optional.Of(Closed)}, false},
		"snoozes":       {Patch{SnoozedUntil: optional.Of(noon.Add(time.Hour))}, false},
		"marks as spam": {Patch{Spam: optional.Of(true)}, false},
	} {
		conversation := newConversation(5, website, visitorID, noon)
		conversation.QueuedAt = &noon
		if _, err := c.does.change(&conversation, noon); err != nil {
			t.Fatal(err)
		}
		if (conversation.QueuedAt != nil) != c.assigned {
			t.Errorf("%s: waits: %t", name, !c.assigned)
		}
		before := conversation.AssigneeID
		events := conversation.assign(5, noon.Add(time.Minute))
		if conversation.QueuedAt != nil || (len(events) == 1) != c.assigned ||
			!c.assigned && !same(conversation.AssigneeID, before) {
			t.Errorf("%s: %+v, %v", name, conversation, events)
		}
		if !c.assigned {
			continue
		}
		d, is := events[0].Data.(contract.ConversationUpdatedData)
		if !is || !*d.AssignedAutomatically || *d.Conversation.AssigneeID != 5 || *conversation.AssigneeID != 5 ||
			!conversation.UpdatedAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("%s: %+v, %+v", name, conversation, events)
		}
		if again := conversation.assign(7, noon); again != nil || *conversation.AssigneeID != 5 {
			t.Errorf("%s: assigned twice: %v", name, again)
		}
	}
}
