package accounts

import (
	"context"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// AssignmentMode is how a website assigns new conversations.
type AssignmentMode string

// The modes. Both rules assign to agents who are online and have room.
const (
	Manual     AssignmentMode = "manual"     // people do
	RoundRobin AssignmentMode = "roundRobin" // to one agent after the other
	LeastBusy  AssignmentMode = "leastBusy"  // to the agent with the fewest open conversations
)

// The bounds of automatic assignment.
const (
	defaultCapacity = 10
	maxCapacity     = 100
	maxCandidates   = 1_000 // agents who are online, from which a rule chooses
)

// Assignment is how a website assigns new conversations.
type Assignment struct {
	Mode     AssignmentMode `bson:"mode"`
	Capacity int64          `bson:"capacity"` // open conversations of an agent, up to which they get another one
	// Since is when a rule was set: it assigns what waits since then. Zero if people assign.
	Since time.Time `bson:"since,omitempty"`
}

// Validate reports every invalid field.
func (a Assignment) Validate() error {
	var wrong fault.Problems
	wrong.Check(a.Mode == Manual || a.Mode == RoundRobin || a.Mode == LeastBusy, "mode",
		"must be manual, roundRobin or leastBusy")
	wrong.Check(a.Capacity >= 1 && a.Capacity <= maxCapacity, "capacity", fmt.Sprintf("must be 1 to %d", maxCapacity))
	return wrong.Err()
}

// after returns the setting that replaces another one.
func (a Assignment) after(before Assignment, now time.Time) Assignment {
	switch {
	case a.Mode == Manual:
		a.Since = time.Time{}
	case before.Mode == Manual:
		a.Since = now
	default:
		a.Since = before.Since
	}
	return a
}

func (a Assignment) audited() fields { return fields{"mode": a.Mode, "capacity": a.Capacity} }

// assignment returns how the website assigns new conversations: by default, people do.
func (w Website) assignment() Assignment {
	if w.Assignment == nil {
		return Assignment{Mode: Manual, Capacity: defaultCapacity}
	}
	return *w.Assignment
}

// Assignment returns how a website assigns new conversations.
func (s *Service) Assignment(ctx context.Context, t tenant.ID) (Assignment, error) {
	w, err := s.store.Website(ctx, t)
	return w.assignment(), err
}

// SetAssignment changes how a website assigns new conversations.
func (s *Service) SetAssignment(ctx context.Context, t tenant.ID, a Assignment, by By) error {
	if err := a.Validate(); err != nil {
		return err
	}
	e, err := s.entry(ctx, t, by, "assignment", "update", t.Int64())
	if err != nil {
		return err
	}
	_, err = s.store.SaveWebsite(ctx, t, func(w Website) (Website, Entry, error) {
		before := w.assignment()
		set := a.after(before, s.now())
		w.Assignment = &set
		return w, e.changing(before.audited(), a.audited()), nil
	})
	return err
}

// Candidates returns how a website assigns new conversations and, if a rule does, the agents who are online and the
// teams.
func (s *Service) Candidates(ctx context.Context, t tenant.ID) (Assignment, []id.User, []Team, error) {
	a, err := s.Assignment(ctx, t)
	if err != nil || a.Mode == Manual {
		return a, nil, nil, err
	}
	now := s.now()
	seen, err := s.store.SeenUsers(ctx, t, now.Add(-onlineFor), maxCandidates)
	if err != nil {
		return a, nil, nil, err
	}
	online := make([]id.User, 0, len(seen))
	for _, u := range seen {
		if u.Status(now) == UserOnline {
			online = append(online, u.ID)
		}
	}
	teams, err := s.store.Teams(ctx, t)
	return a, online, teams, err
}
