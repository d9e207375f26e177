package conversations

import (
	"context"
	"errors"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// AssignmentMode is how a website assigns new conversations. Any other one than these means that people do.
type AssignmentMode string

// The rules.
const (
	RoundRobin AssignmentMode = "roundRobin"
	LeastBusy  AssignmentMode = "leastBusy"
)

// Assignment is the rule by which a website assigns new conversations, and the agents that it can choose now.
type Assignment struct {
	Mode       AssignmentMode `json:"mode"`
	Capacity   int64          `json:"capacity"`   // open conversations of an agent, up to which they get another one
	Since      time.Time      `json:"since"`      // what waits since before stays as it is
	Candidates []id.User      `json:"candidates"` // the agents who are online
	Teams      []Team         `json:"teams"`
}

func (a Assignment) isAutomatic() bool { return a.Mode == RoundRobin || a.Mode == LeastBusy }

// choose returns the agent who gets the next conversation, if one has room. open has the open conversations of each
// agent, and last is the agent who got the one before. Of equally busy agents, it is the next after that one.
func (a Assignment) choose(open map[id.User]int64, last id.User) (chosen id.User, ok bool) {
	inOrder := slices.Sorted(slices.Values(a.Candidates))
	next, _ := slices.BinarySearch(inOrder, last+1)
	for i := range inOrder {
		agent := inOrder[(next+i)%len(inOrder)]
		switch {
		case open[agent] >= a.Capacity:
		case a.Mode == RoundRobin:
			return agent, true
		case !ok || open[agent] < open[chosen]:
			chosen, ok = agent, true
		}
	}
	return chosen, ok
}

// Queue is the state of a website's automatic assignment. Writing it serialises the assignments of the website.
type Queue struct {
	WebsiteID tenant.ID `bson:"websiteId"`
	Last      id.User   `bson:"last,omitempty"`    // the agent who got a conversation last
	Waiting   bool      `bson:"waiting,omitempty"` // conversations may wait for an agent
	Version   int64     `bson:"version"`           // incremented by every change
}

// The bounds of one read of the queues.
const (
	QueueBatch   = 100 // conversations of a website
	WaitingBatch = 100 // websites
)

// ErrNoRoom is the error of an assignment to an agent whose open conversations have reached the capacity.
var ErrNoRoom = errors.New("conversations: the agent has no room")

// QueueStore stores which conversations wait to be assigned automatically.
type QueueStore interface {
	// Enqueue notes that conversations wait from now on, unless they are assigned or closed, or have waited since a time,
	// and that the website has some.
	Enqueue(ctx context.Context, t tenant.ID, tokens []string, since, now time.Time) error
	// Queue returns the state of a website. EndQueue notes that no conversation waits, unless the state has another
	// version.
	Queue(ctx context.Context, t tenant.ID) (Queue, error)
	EndQueue(ctx context.Context, t tenant.ID, version int64) error
	// Queued returns up to limit conversations that wait, but not since before a time and not in the teams without, the
	// longest first, with their tokens and teams.
	Queued(ctx context.Context, t tenant.ID, since time.Time, without []id.Team, limit int64) ([]Conversation, error)
	// Waiting returns up to limit websites after one, whose conversations may wait.
	Waiting(ctx context.Context, after tenant.ID, limit int64) ([]tenant.ID, error)
	// OpenByAgent returns how many open conversations each agent has, without snoozed ones.
	OpenByAgent(ctx context.Context, t tenant.ID) (map[id.User]int64, error)
	// SaveQueued is Save for an assignment to an agent. The error is ErrNoRoom if they have capacity. The assignments of
	// a website happen one after the other, in all processes.
	SaveQueued(ctx context.Context, t tenant.ID, token string, agent id.User, capacity int64,
		change func(Conversation) (Conversation, []Event, error)) error
}

// assign assigns a conversation that waits, and returns the events. One that a person has assigned, closed, snoozed or
// marked as spam in the meantime only leaves the queue.
func (c *Conversation) assign(agent id.User, now time.Time) []Event {
	if c.QueuedAt == nil {
		return nil
	}
	c.QueuedAt = nil
	if c.AssigneeID != nil || c.Status != Open || c.In() != NoFolder {
		return nil
	}
	c.AssigneeID, c.UpdatedAt = &agent, now
	return []Event{assignedAutomatically(c)}
}

// Enqueue makes conversations wait for an agent if a rule of the website assigns them. They were opened by visitors, or
// opened again, without an assignee. It returns how many conversations it could assign at once.
func (s *Service) Enqueue(ctx context.Context, t tenant.ID, tokens []string) (assigned int, err error) {
	a, err := s.accounts.Assignment(ctx, t)
	if err != nil || !a.isAutomatic() {
		return 0, err
	}
	if err := s.store.Enqueue(ctx, t, tokens, a.Since, s.now()); err != nil {
		return 0, err
	}
	return s.assignQueued(ctx, t, a)
}

// Waiting returns up to WaitingBatch websites after one, whose conversations may wait for an agent.
func (s *Service) Waiting(ctx context.Context, after tenant.ID) ([]tenant.ID, error) {
	return s.store.Waiting(ctx, after, WaitingBatch)
}

// AssignQueued assigns conversations of a website that wait, while an agent has room, and returns their number.
func (s *Service) AssignQueued(ctx context.Context, t tenant.ID) (assigned int, err error) {
	a, err := s.accounts.Assignment(ctx, t)
	if err != nil {
		return 0, err
	}
	return s.assignQueued(ctx, t, a)
}

func (s *Service) assignQueued(ctx context.Context, t tenant.ID, a Assignment) (assigned int, err error) {
	if a.isAutomatic() && len(a.Candidates) == 0 {
		return 0, nil
	}
	q, err := s.store.Queue(ctx, t)
	if err != nil {
		return 0, err
	}
	if !a.isAutomatic() { // people assign what waits
		return 0, s.store.EndQueue(ctx, t, q.Version)
	}
	open, err := s.store.OpenByAgent(ctx, t)
	if err != nil {
		return 0, err
	}
	for {
		if _, hasRoom := a.choose(open, q.Last); !hasRoom {
			return assigned, nil
		}
		full := a.full(open, q.Last)
		waiting, err := s.store.Queued(ctx, t, a.Since, full, QueueBatch)
		if err != nil {
			return assigned, err
		}
		if len(waiting) == 0 && len(full) > 0 { // some may wait for these teams
			return assigned, nil
		}
		if len(waiting) == 0 {
			return assigned, s.store.EndQueue(ctx, t, q.Version)
		}
		for _, c := range waiting {
			agent, err := s.assignNext(ctx, t, c.Token, a.of(c.TeamID), open, q.Last)
			if err != nil {
				return assigned, err
			}
			if agent != 0 {
				assigned++
				q.Last = agent
			}
		}
	}
}

// assignNext assigns one conversation that waits, counts it in open, and returns its assignee. It returns 0 if no agent
// has room, or if the conversation doesn't wait any more.
func (s *Service) assignNext(
	ctx context.Context, t tenant.ID, token string, a Assignment, open map[id.User]int64, last id.User,
) (id.User, error) {
	for {
		agent, hasRoom := a.choose(open, last)
		if !hasRoom {
			return 0, nil
		}
		isAssigned := false
		err := s.store.SaveQueued(ctx, t, token, agent, a.Capacity, func(c Conversation) (Conversation, []Event, error) {
			events := c.assign(agent, s.now())
			isAssigned = len(events) > 0
			return c, events, nil
		})
		switch {
		case errors.Is(err, ErrNoRoom): // a person has assigned them another one
			open[agent] = a.Capacity
		case fault.Is(err, fault.NotFound): // it was erased
			return 0, nil
		case err != nil || !isAssigned:
			return 0, err
		default:
			open[agent]++
			return agent, nil
		}
	}
}
