package mongostore_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

type assignment = conversations.Assignment

// rule is an accounts service whose websites have one rule. All agents exist.
type rule struct{ assignment }

func (r *rule) AgentsByEmail(context.Context, tenant.ID, []string) (map[string]id.User, error) {
	return nil, nil
}

func (r *rule) Assignment(context.Context, tenant.ID) (conversations.Assignment, error) {
	return r.assignment, nil
}

func (*rule) Agents(_ context.Context, _ tenant.ID, ids []id.User) ([]conversations.Agent, error) {
	agents := make([]conversations.Agent, len(ids))
	for i, number := range ids {
		agents[i].ID = number
	}
	return agents, nil
}

func (*rule) Targets(context.Context, tenant.ID) (conversations.Targets, error) {
	return conversations.Targets{}, nil
}

func (r *rule) Teams(context.Context, tenant.ID) ([]conversations.Team, error) {
	return r.assignment.Teams, nil
}

// replicas returns two services over one database.
func replicas(t *testing.T, r *rule) (*mongostore.Store, []*conversations.Service) {
	t.Helper()
	db := storetest.DB(t, "conversations")
	var store *mongostore.Store
	var services []*conversations.Service
	for range 2 {
		store = mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "conversations")))
		services = append(services,
			conversations.New(store, r, nil, conversations.Files{}, nil, nil, func() time.Time { return noon }))
	}
	storetest.Ready(t, db)
	return store, services
}

// assigned returns the tokens that each agent has, and the number of all that have an assignee.
func assigned(t *testing.T, s *mongostore.Store, w tenant.ID, tokens []string) (by map[id.User][]string, all int) {
	t.Helper()
	by = map[id.User][]string{}
	for _, token := range tokens {
		c, err := s.Get(t.Context(), w, token)
		if err != nil {
			t.Fatal(err)
		}
		if c.AssigneeID != nil && c.Status == conversations.Open {
			by[*c.AssigneeID] = append(by[*c.AssigneeID], token)
			all++
		}
	}
	return by, all
}

func opened(t *testing.T, s *mongostore.Store, w tenant.ID, n int) (tokens []string) {
	t.Helper()
	for i := range n {
		tokens = append(tokens, conversation(t, s, w, int64(i), "Hello").Token)
	}
	return tokens
}

// TestReplicasExceedNoCapacity: two replicas assign the same conversations at the same time. Each gets one assignee,
// and no agent more than the rule allows, but for those that a person assigns to them at that time.
func TestReplicasExceedNoCapacity(t *testing.T) {
	t.Parallel()
	for _, mode := range []conversations.AssignmentMode{conversations.RoundRobin, conversations.LeastBusy} {
		r := &rule{conversations.Assignment{Mode: mode, Capacity: 3, Candidates: []id.User{5, 7, 9}}}
		store, services := replicas(t, r)
		w := storetest.Tenant(1)
		tokens := opened(t, store, w, 14)
		byPerson := tokens[:2]
		var all sync.WaitGroup
		var sum atomic.Int64
		for i := range 6 {
			all.Go(func() {
				n, err := services[i%2].Enqueue(t.Context(), w, tokens)
				if err != nil {
					t.Error(err)
				}
				sum.Add(int64(n))
			})
		}
		for _, token := range byPerson {
			all.Go(func() {
				_, err := services[0].Update(t.Context(), w, token, conversations.Patch{AssigneeID: optional.Of(id.User(5))})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		n, err := services[0].AssignQueued(t.Context(), w) // in place of what the person took from others
		if err != nil {
			t.Error(err)
		}
		sum.Add(int64(n))
		by, total := assigned(t, store, w, tokens)
		ofRule := 0
		for agent, has := range by {
			has = slices.DeleteFunc(has, func(token string) bool { return slices.Contains(byPerson, token) })
			if ofRule += len(has); len(has) > 3 {
				t.Errorf("%s: agent %d has %v", mode, agent, has)
			}
		}
		if len(by[7]) != 3 || len(by[9]) != 3 || len(by[5]) < 3 || total != ofRule+len(byPerson) || int(sum.Load()) < ofRule {
			t.Errorf("%s: %v, %d of them by the rule", mode, by, sum.Load())
		}
	}
}

// TestQueueWaitsForRoom: what no agent has room for waits, the longest first, until an agent comes or closes one. Other
// websites and what people unassign stay as they are.
func TestQueueWaitsForRoom(t *testing.T) {
	t.Parallel()
	r := &rule{conversations.Assignment{Mode: conversations.LeastBusy, Capacity: 1}}
	store, services := replicas(t, r)
	s, w, other := services[0], storetest.Tenant(1), storetest.Tenant(2)
	tokens, theirs := opened(t, store, w, 5), opened(t, store, other, 1)
	is := func(when string, waits bool, want map[id.User][]string) {
		t.Helper()
		if by, _ := assigned(t, store, w, tokens); !equal(by, want) {
			t.Errorf("%s: %v, want %v", when, by, want)
		}
		waiting, err := s.Waiting(t.Context(), tenant.ID{})
		if err != nil || slices.Contains(waiting, w) != waits || slices.Contains(waiting, other) {
			t.Errorf("%s: websites %v wait, %v", when, waiting, err)
		}
	}
	assign := func() {
		t.Helper()
		if _, err := s.AssignQueued(t.Context(), w); err != nil {
			t.Error(err)
		}
	}
	change := func(token string, p conversations.Patch) {
		t.Helper()
		if _, err := s.Update(t.Context(), w, token, p); err != nil {
			t.Error(err)
		}
	}
	for _, token := range tokens {
		if n, err := s.Enqueue(t.Context(), w, []string{token}); n != 0 || err != nil {
			t.Errorf("%d are assigned, though nobody is online: %v", n, err)
		}
	}
	is("nobody is online", true, nil)
	r.Candidates = []id.User{5}
	assign()
	is("5 is online", true, map[id.User][]string{5: tokens[:1]})
	assign()
	is("5 has no room", true, map[id.User][]string{5: tokens[:1]})
	change(tokens[0], conversations.Patch{Status: optional.Of(conversations.Closed)})
	change(tokens[1], conversations.Patch{AssigneeID: optional.Value[id.User]{Set: true, Null: true}})
	assign()
	is("5 has closed one", true, map[id.User][]string{5: tokens[2:3]})
	r.Mode = "manual"
	assign()
	is("people assign", false, map[id.User][]string{5: tokens[2:3]})
	if n, err := s.Enqueue(t.Context(), other, theirs); n != 0 || err != nil {
		t.Errorf("assigned without a rule: %d, %v", n, err)
	}
	r.Mode, r.Candidates, r.Since = conversations.RoundRobin, []id.User{5, 7, 9}, noon.Add(time.Minute)
	assign()
	is("a rule is set again", false, map[id.User][]string{5: tokens[2:3]})
	r.Since = time.Time{}
	if n, err := s.Enqueue(t.Context(), w, []string{tokens[3], "con_unknown"}); n != 2 || err != nil {
		t.Errorf("%d are assigned to two who came: %v", n, err)
	}
	r.Candidates = append(r.Candidates, 11)
	assign()
	is("nothing waits", false, map[id.User][]string{5: tokens[2:3], 7: tokens[3:4], 9: tokens[4:5]})
}

// TestTeamsWaitForTheirMembers: what a team has goes to its members. It doesn't hold up what waits behind it, and the
// queue lasts until it is assigned. A team that was removed, or whose member has left, is a matter of the website.
func TestTeamsWaitForTheirMembers(t *testing.T) {
	t.Parallel()
	r := &rule{conversations.Assignment{
		Mode: conversations.RoundRobin, Capacity: 5, Candidates: []id.User{5, 7},
		Teams: []conversations.Team{{ID: 1, Members: []id.User{7, 9}}, {ID: 2, Members: []id.User{9}}},
	}}
	store, services := replicas(t, r)
	s, w := services[0], storetest.Tenant(1)
	tokens := opened(t, store, w, 5)
	for i, team := range []id.Team{2, 1, 1, 2} {
		if _, err := s.Update(t.Context(), w, tokens[i], conversations.Patch{TeamID: optional.Of(team)}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when string, waits bool, want map[id.User][]string) {
		t.Helper()
		if by, _ := assigned(t, store, w, tokens); !equal(by, want) {
			t.Errorf("%s: %v, want %v", when, by, want)
		}
		waiting, err := s.Waiting(t.Context(), tenant.ID{})
		if err != nil || slices.Contains(waiting, w) != waits {
			t.Errorf("%s: websites %v wait, %v", when, waiting, err)
		}
	}
	if n, err := s.Enqueue(t.Context(), w, tokens); n != 3 || err != nil {
		t.Errorf("%d are assigned: %v", n, err)
	}
	is("no member of 2 is online", true, map[id.User][]string{5: tokens[4:], 7: tokens[1:3]})
	r.Candidates = []id.User{5, 7, 9}
	r.assignment.Teams = r.assignment.Teams[:1]
	if n, err := s.AssignQueued(t.Context(), w); n != 2 || err != nil {
		t.Errorf("%d are assigned: %v", n, err)
	}
	is("team 2 is removed", true, map[id.User][]string{5: tokens[4:], 7: tokens[:3], 9: tokens[3:4]})
	r.assignment.Teams = nil
	if _, err := s.AssignQueued(t.Context(), w); err != nil {
		t.Error(err)
	}
	is("nothing waits", false, map[id.User][]string{5: tokens[4:], 7: tokens[:3], 9: tokens[3:4]})
	unknown := conversations.Patch{TeamID: optional.Of(id.Team(99))}
	if _, err := s.Update(t.Context(), w, tokens[0], unknown); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown team: %v", err)
	}
}

func equal(a, b map[id.User][]string) bool {
	if len(a) != len(b) {
		return false
	}
	for agent, tokens := range a {
		if !slices.Equal(tokens, b[agent]) {
			return false
		}
	}
	return true
}
