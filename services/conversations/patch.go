package conversations

import (
	"slices"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
)

// Patch is a partial update by an agent.
type Patch struct {
	Status       optional.Value[Status]
	AssigneeID   optional.Value[id.User] // null unassigns
	TeamID       optional.Value[id.Team] // null: no team
	Tags         optional.Value[[]string]
	AddTags      []string
	RemoveTags   []string
	Summary      optional.Value[string]    // null removes
	SnoozedUntil optional.Value[time.Time] // null wakes
	Spam         optional.Value[bool]
}

// Validate returns an Invalid fault that lists every wrong field.
func (p Patch) Validate() error {
	var wrong fault.Problems
	wrong.Check(!p.Status.Set || p.Status.V.Valid(), "status", "must be OPEN or CLOSED")
	for field, tags := range map[string][]string{"tags": p.Tags.V, "addTags": p.AddTags, "removeTags": p.RemoveTags} {
		wrong.Check(len(tags) <= MaxTags, field, "must be at most 20")
		wrong.Check(!slices.ContainsFunc(tags, func(tag string) bool { return !validTag(tag) }), field,
			"must be names of 1 to 64 bytes")
	}
	wrong.Check(len(p.Summary.V) <= maxSummary, "summary", "must be at most 4096 bytes")
	wrong.Check(!p.Spam.Null, "spam", "must be true or false")
	return wrong.Err()
}

// validateAt returns an Invalid fault if a time of the patch can't be at the time now.
func (p Patch) validateAt(now time.Time) error {
	if until := p.SnoozedUntil.Ptr(); until != nil {
		return checkAhead("snoozedUntil", *until, now)
	}
	return nil
}

// apply changes c; if nothing differs, UpdatedAt stays too. The caller has checked that the assignee and the team
// exist.
func (p Patch) apply(c *Conversation, now time.Time) error {
	if p.Spam.Set {
		c.markSpam(p.Spam.V, now)
	}
	if p.Spam.V && p.Status.V == Open {
		return fault.Coded(fault.Conflict, "spam_is_closed", "a conversation that is marked as spam is closed")
	}
	if p.Status.Set {
		c.setStatus(p.Status.V, now)
	}
	if p.SnoozedUntil.Set {
		if err := c.snooze(p.SnoozedUntil.Ptr(), now); err != nil {
			return err
		}
	}
	if p.AssigneeID.Set {
		c.AssigneeID = p.AssigneeID.Ptr()
	}
	if p.TeamID.Set {
		c.TeamID = p.TeamID.Ptr()
	}
	if p.AssigneeID.Set || c.Status != Open || c.In() != NoFolder {
		c.QueuedAt = nil // a person has decided, also by taking the assignee away
	}
	if p.Summary.Set {
		c.Summary = p.Summary.Ptr()
	}
	return p.applyTags(c)
}

func (p Patch) applyTags(c *Conversation) error {
	if p.Tags.Set {
		c.Tags = distinct(p.Tags.V)
	}
	if len(p.AddTags)+len(p.RemoveTags) == 0 {
		return nil
	}
	c.Tags = slices.DeleteFunc(distinct(slices.Concat(c.Tags, p.AddTags)), func(tag string) bool {
		return slices.Contains(p.RemoveTags, tag)
	})
	if len(c.Tags) > MaxTags {
		return fault.Coded(fault.Conflict, "too_many_tags", "the conversation would have more than 20 tags")
	}
	return nil
}

// differs reports whether a change shows in the documented view of a conversation.
func (c Conversation) differs(before Conversation) bool {
	return c.Status != before.Status || !same(c.AssigneeID, before.AssigneeID) || !slices.Equal(c.Tags, before.Tags) ||
		!same(c.Summary, before.Summary)
}

// change applies the patch and returns the events of the change.
func (p Patch) change(c *Conversation, now time.Time) ([]Event, error) {
	before := *c
	if err := p.apply(c, now); err != nil {
		return nil, err
	}
	if !c.differs(before) && c.sameFolder(before) && same(c.TeamID, before.TeamID) {
		return nil, nil
	}
	c.UpdatedAt = now
	return c.changes(before), nil
}

// changes returns the events of a change of c.
func (c *Conversation) changes(before Conversation) (events []Event) {
	if c.differs(before) {
		events = append(events, updated(c, before.Status))
	}
	hasOtherTeam := !same(c.TeamID, before.TeamID)
	if !c.sameFolder(before) || !c.Scheduled.isSame(before.Scheduled) || !c.Due.isSame(before.Due) ||
		hasOtherTeam {
		events = append(events, inboxUpdated(c, hasOtherTeam))
	}
	return events
}
