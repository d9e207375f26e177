package conversations

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Targets is how fast a website wants to answer and to close conversations, in minutes; nil is no target.
type Targets struct {
	FirstResponse *int64               `json:"firstResponseMinutes"`
	NextResponse  *int64               `json:"nextResponseMinutes"`
	Resolution    *int64               `json:"resolutionMinutes"`
	Hours         *businesshours.Hours `json:"hours"` // only they count; nil: all time does
}

// Due is until when something should happen in an open conversation.
type Due struct {
	Response   *time.Time `bson:"response,omitempty"`   // an agent's answer
	Resolution *time.Time `bson:"resolution,omitempty"` // its end
	At         time.Time  `bson:"at"`                   // the earlier one
}

// Pause is a time in which a conversation was snoozed or closed. It doesn't count towards targets.
type Pause struct {
	From time.Time `bson:"from"`
	To   time.Time `bson:"to"`
}

// maxPauses bounds the pauses of a conversation. Beyond it, the oldest two become one, which makes targets later.
const maxPauses = 50

// addPause notes that the conversation was snoozed or closed since a time.
func (c *Conversation) addPause(since *time.Time, now time.Time) {
	if since == nil || !since.Before(now) {
		return
	}
	pauses := append(append([]Pause{}, c.Pauses...), Pause{*since, now})
	if len(pauses) > maxPauses {
		pauses[1].From = pauses[0].From
		pauses = pauses[1:]
	}
	c.Pauses = pauses
}

// dueBy returns until when something should happen by the targets. Nothing is due in a conversation that is closed or
// snoozed.
func (c Conversation) dueBy(g Targets) *Due {
	if c.Status != Open || c.In() != NoFolder {
		return nil
	}
	var d Due
	response := g.FirstResponse
	if c.FirstAgentAt != nil {
		response = g.NextResponse
	}
	d.Response = c.after(c.WaitingSince, response, g.Hours)
	d.Resolution = c.after(&c.CreatedAt, g.Resolution, g.Hours)
	for _, at := range []*time.Time{d.Response, d.Resolution} {
		if at != nil && (d.At.IsZero() || at.Before(d.At)) {
			d.At = *at
		}
	}
	if d.At.IsZero() {
		return nil
	}
	return &d
}

// after returns when minutes that count have passed since a time, or nil if there is no such time.
func (c Conversation) after(since *time.Time, minutes *int64, hours *businesshours.Hours) *time.Time {
	if since == nil || minutes == nil {
		return nil
	}
	from, left := *since, time.Duration(*minutes)*time.Minute
	for _, p := range c.Pauses {
		if !p.To.After(from) {
			continue
		}
		counted := hours.Between(from, p.From)
		if counted >= left {
			break
		}
		from, left = p.To, left-counted
	}
	if at, ok := hours.Add(from, left); ok {
		return &at
	}
	return nil
}

// times returns the due times, which are nil if nothing is due.
func (d *Due) times() (response, resolution *time.Time) {
	if d == nil {
		return nil, nil
	}
	return d.Response, d.Resolution
}

// isSame reports whether the same is due at the same times.
func (d *Due) isSame(other *Due) bool {
	response, resolution := d.times()
	otherResponse, otherResolution := other.times()
	return sameTime(response, otherResponse) && sameTime(resolution, otherResolution)
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// UpdateDue computes until when something is due in conversations that have changed, and returns how many got other
// times. One that can't be stored doesn't hold up the others.
func (s *Service) UpdateDue(ctx context.Context, t tenant.ID, ids []id.Conversation) (changed int, err error) {
	targets, err := s.accounts.Targets(ctx, t)
	if err != nil {
		return 0, err
	}
	found, err := s.store.ByIDs(ctx, t, ids)
	if err != nil {
		return 0, err
	}
	return settle(found, func(c Conversation) (isOther bool, err error) {
		if c.Due.isSame(c.dueBy(targets)) {
			return false, nil
		}
		_, err = s.store.Save(ctx, t, c.Token, func(c Conversation) (Conversation, []Event, error) {
			before := c
			c.Due = c.dueBy(targets)
			if isOther = !c.Due.isSame(before.Due); !isOther { // another process has stored it
				return before, nil, nil
			}
			c.UpdatedAt = s.now()
			return c, c.changes(before), nil
		})
		return isOther && err == nil, err
	})
}
