package conversations

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// unassignBatch is how many conversations Unassign changes.
const unassignBatch = 50

// Unassign takes some open conversations from a former user, and reports whether there may be more. It removes
// the user's unsent texts, and at last their positions.
func (s *Service) Unassign(ctx context.Context, t tenant.ID, user id.User) (more bool, err error) {
	if err := s.store.DeleteUnsentOf(ctx, t, user); err != nil {
		return false, err
	}
	found, err := s.store.List(ctx, t, Filter{Statuses: []Status{Open}, Assignees: id.Assignees{Users: []id.User{user}}},
		paging.Following{Window: paging.Window{Limit: unassignBatch}})
	if err != nil {
		return false, err
	}
	for _, c := range found.Rows {
		_, err := s.store.Save(ctx, t, c.Token, func(c Conversation) (Conversation, []Event, error) {
			if c.AssigneeID == nil || *c.AssigneeID != user {
				return c, nil, nil
			}
			events, err := Patch{AssigneeID: optional.Value[id.User]{Set: true, Null: true}}.change(&c, s.now())
			return c, events, err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return false, err
		}
	}
	if found.More {
		return true, nil
	}
	return false, s.store.DeleteReader(ctx, t, user)
}
