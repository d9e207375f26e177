package conversations

import (
	"context"
	"errors"

	"fivechat.dev/libs/kernel/fault"
)

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
	var failures []error
	for _, c := range due {
		now, wakes := s.now(), false
		_, err := s.store.Save(ctx, c.WebsiteID, c.Token, func(c Conversation) (Conversation, []Event, error) {
			if wakes = c.isDue(now); !wakes { // it was snoozed again, or has woken, since it was read
				return c, nil, nil
			}
			before := c
			c.put(NoFolder, nil, now)
			c.UpdatedAt = now
			return c, c.changes(before), nil
		})
		switch {
		case err == nil && wakes:
			woken++
		case err != nil && !fault.Is(err, fault.NotFound): // it may have been erased
			failures = append(failures, err)
		}
	}
	return woken, errors.Join(failures...)
}
