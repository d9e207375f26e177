package mongostore_test

import (
	"context"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// withTargets are accounts whose websites want to answer within half an hour.
type withTargets struct{ conversations.Accounts }

func (withTargets) Targets(context.Context, tenant.ID) (conversations.Targets, error) {
	minutes := int64(30)
	return conversations.Targets{FirstResponse: &minutes}, nil
}

// TestOverdueConversationsAreFound: from the moment on when an answer was due, until there is one. Another website has
// none.
func TestOverdueConversationsAreFound(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	now := noon
	service := conversations.New(s, withTargets{}, nil, nil, nil, func() time.Time { return now })
	c, _, _, err := service.Open(t.Context(), w, 7, conversations.Draft{Content: "Is it in stock?"})
	if err != nil {
		t.Fatal(err)
	}
	ids := []id.Conversation{c.ID}
	if n, err := service.UpdateDue(t.Context(), storetest.Tenant(2), ids); n != 0 || err != nil {
		t.Errorf("%d of another website: %v", n, err)
	}
	for _, want := range []int{1, 0} { // the second time nothing changes
		if n, err := service.UpdateDue(t.Context(), w, ids); n != want || err != nil {
			t.Errorf("%d got other times, not %d: %v", n, want, err)
		}
	}
	is := func(minutes, want int) {
		t.Helper()
		now = noon.Add(time.Duration(minutes) * time.Minute)
		counts, err := service.InboxCounts(t.Context(), w, 0)
		if err != nil || counts.Overdue != int64(want) {
			t.Errorf("after %d minutes %d are overdue, not %d: %v", minutes, counts.Overdue, want, err)
		}
		for isOverdue, n := range map[bool]int{true: want, false: 1 - want} {
			found, err := service.List(t.Context(), w, conversations.Filter{Overdue: &isOverdue}, paging.Following{})
			if err != nil || len(found.Rows) != n || found.Total != int64(n) {
				t.Errorf("after %d minutes, overdue=%v: %d rows of %d: %v", minutes, isOverdue, len(found.Rows), found.Total, err)
			}
		}
	}
	is(30, 0)
	is(31, 1)
	reply := conversations.Reply{Draft: conversations.Draft{Content: "It is."}}
	if _, _, err := service.PostAsAgent(t.Context(), w, c.Token, reply); err != nil {
		t.Fatal(err)
	}
	if n, err := service.UpdateDue(t.Context(), w, ids); n != 1 || err != nil {
		t.Errorf("%d got other times after the answer: %v", n, err)
	}
	is(32, 0)
}
