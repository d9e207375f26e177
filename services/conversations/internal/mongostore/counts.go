package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/conversations"
)

// InboxCounts implements conversations.Store. The row counts have all but those that wait, are overdue or mention a
// user: a row count of the first would cost each message another command, being overdue changes with time, and mentions
// are few.
func (s *Store) InboxCounts(
	ctx context.Context, t tenant.ID, me id.User, now time.Time,
) (conversations.InboxCounts, error) {
	c, err := s.countViews(ctx, t, me)
	if err != nil {
		return c, err
	}
	c.AtLeast = []string{}
	count := func(name string, filter, index bson.D) (n int64) {
		if err == nil {
			n, err = s.conversations.CountUpTo(ctx, t, filter, index, conversations.MaxCounted)
		}
		if n > conversations.MaxCounted {
			c.AtLeast = append(c.AtLeast, name)
		}
		return min(n, conversations.MaxCounted)
	}
	isSnoozed := bson.E{Key: "folder", Value: conversations.Snoozed}
	c.Waiting = count("waiting", bson.D{waits(true)}, longestWaiting)
	if c.Snoozed > 0 {
		c.Waiting = max(0, c.Waiting-count("waiting", bson.D{isSnoozed, waits(true)}, newestOf("folder")))
	}
	c.Overdue = count("overdue", bson.D{overdue(true, now)}, earliestDue)
	if me != 0 {
		notSpam := bson.E{Key: "folder", Value: bson.D{{Key: "$ne", Value: conversations.Spam}}}
		mentioned := count("mentioned", bson.D{{Key: mentionsField, Value: me}, notSpam}, newestOf(mentionsField))
		c.Mentioned = &mentioned
	}
	return c, err
}

// countViews reads the counts that are kept up to date.
func (s *Store) countViews(ctx context.Context, t tenant.ID, me id.User) (c conversations.InboxCounts, err error) {
	var mine int64
	err = s.counts.Each(ctx, t, func(k key, n int64) {
		switch status, folder := k.State.parts(); {
		case folder == conversations.Snoozed:
			c.Snoozed += n
		case folder == conversations.Spam:
			c.Spam += n
		case status == conversations.Closed:
			c.Closed += n
		default:
			c.Open += n
			switch k.Assignee {
			case 0:
				c.Unassigned += n
			case me:
				mine += n
			}
		}
	})
	if me != 0 {
		c.Mine = &mine
	}
	return c, err
}
