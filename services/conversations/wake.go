package conversations

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// maxAhead is how far ahead agents can snooze a conversation or schedule a reply.
const maxAhead = 366 * 24 * time.Hour

// checkAhead returns an Invalid fault that names the field unless a time is after now, by maxAhead at most.
func checkAhead(field string, at, now time.Time) error {
	if !at.After(now) || at.After(now.Add(maxAhead)) {
		return fault.Bad(field, "must be in the future, at most 366 days ahead")
	}
	return nil
}

// DueBatch is how many conversations DueSnoozes and DueReplies return.
const DueBatch = 100

// DueSnoozes returns up to DueBatch conversations of all websites whose snooze has ended, the earliest first, with
// their websites and tokens.
func (s *Service) DueSnoozes(ctx context.Context) ([]Conversation, error) {
	return s.store.DueSnoozes(ctx, s.now(), DueBatch)
}

// Wake ends the snooze of those of some conversations whose time has come, and returns their number. One that can't be
// woken doesn't hold up the others.
func (s *Service) Wake(ctx context.Context, due []Conversation) (woken int, err error) {
	return settle(due, func(c Conversation) (wakes bool, err error) {
		now := s.now()
		_, err = s.store.Save(ctx, c.WebsiteID, c.Token, func(c Conversation) (Conversation, []Event, error) {
			if wakes = c.isDue(now); !wakes { // it was snoozed again, or has woken, since it was read
				return c, nil, nil
			}
			before := c
			c.put(NoFolder, nil, now)
			c.UpdatedAt = now
			return c, c.changes(before), nil
		})
		return wakes && err == nil, err
	})
}

// settle calls one for each of some conversations, and returns for how many it reports true. One that fails doesn't
// hold up the others, and one that was erased meanwhile is no failure.
func settle(due []Conversation, one func(Conversation) (bool, error)) (settled int, err error) {
	var failures []error
	for _, c := range due {
		isSettled, err := one(c)
		if isSettled {
			settled++
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			failures = append(failures, err)
		}
	}
	return settled, errors.Join(failures...)
}
