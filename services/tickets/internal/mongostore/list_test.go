package mongostore_test

import (
	"reflect"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets"
)

// listed stores tickets 0 to 5 of a website, in this order, and returns their numbers. 0 has changed last, 3 before. 1
// and 4 are URGENT, 2 is LOW. The even ones are assigned to agent 3 and came by the API, the others by the widget. 5 is
// closed.
func listed(t *testing.T, k kept, w tenant.ID) (ids []id.Ticket) {
	t.Helper()
	agent := id.User(3)
	for n := range 6 {
		one := k.add(t, w, func(x *tickets.Ticket) {
			x.Channel, x.Tags = tickets.ChannelWidget, []string{[]string{"lamp", "sofa", "rug"}[n%3]}
			if n%2 == 0 {
				x.AssigneeID, x.Channel = &agent, tickets.ChannelAPI
			}
			switch n {
			case 0, 3:
				x.UpdatedAt = x.UpdatedAt.AddDate(0, 0, 2-n/3)
			case 1, 4:
				x.Priority = tickets.PriorityUrgent
			case 2:
				x.Priority = tickets.PriorityLow
			case 5:
				x.Status = tickets.StatusClosed
			}
			x.Urgency = x.PlaceByPriority()
		})
		ids = append(ids, one.ID)
	}
	return ids
}

// TestListOrdersAndFilters lists by page and by cursor, a row at a time, and compares the total with the rows.
func TestListOrdersAndFilters(t *testing.T) {
	t.Parallel()
	k, w := open(t), storetest.Tenant(1)
	ids := listed(t, k, w)
	listed(t, k, storetest.Tenant(2))
	active := []tickets.Status{tickets.StatusNew, tickets.StatusOpen, tickets.StatusPending}
	mine, none := id.Assignees{Users: []id.User{3}}, id.Assignees{None: true}
	for name, c := range map[string]struct {
		f     tickets.Filter
		order paging.Order
		want  []int
	}{
		"newest":               {tickets.Filter{}, paging.Newest, []int{5, 4, 3, 2, 1, 0}},
		"oldest":               {tickets.Filter{}, paging.Oldest, []int{0, 1, 2, 3, 4, 5}},
		"activity":             {tickets.Filter{}, paging.Active, []int{0, 3, 5, 4, 2, 1}},
		"priority":             {tickets.Filter{}, paging.Urgent, []int{4, 1, 5, 3, 0, 2}},
		"active, activity":     {tickets.Filter{Statuses: active}, paging.Active, []int{0, 3, 4, 2, 1}},
		"active, priority":     {tickets.Filter{Statuses: active}, paging.Urgent, []int{4, 1, 3, 0, 2}},
		"mine, activity":       {tickets.Filter{Assignees: mine}, paging.Active, []int{0, 4, 2}},
		"unassigned, priority": {tickets.Filter{Assignees: none, Statuses: active}, paging.Urgent, []int{1, 3}},
		"tags":                 {tickets.Filter{Tags: []string{"lamp", "sofa"}}, paging.Newest, []int{4, 3, 1, 0}},
		"tag, activity":        {tickets.Filter{Tags: []string{"lamp"}}, paging.Active, []int{0, 3}},
		"channel, oldest": {
			tickets.Filter{Channels: []tickets.Channel{tickets.ChannelAPI}}, paging.Oldest, []int{0, 2, 4},
		},
		"channel and priority": {
			f: tickets.Filter{
				Channels: []tickets.Channel{tickets.ChannelAPI}, Priorities: []tickets.Priority{tickets.PriorityLow},
			},
			order: paging.Urgent,
			want:  []int{2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(window paging.Window) paging.Slice[tickets.Ticket] {
				window.Limit, window.Order = 1, c.order
				return must(k.List(t.Context(), w, c.f, paging.Following{Window: window}))(t)
			}
			var want, byPage, byCursor []id.Ticket
			for _, n := range c.want {
				want = append(want, ids[n])
			}
			total := list(paging.Window{}).Total
			for page := range paging.Number(len(c.want)) {
				byPage = append(byPage, numbers(t, list(paging.Window{Page: page + 1}).Rows)...)
			}
			for at := c.order.Start(); at.ID != 0; {
				found := list(paging.Window{Cursor: at})
				byCursor = append(byCursor, numbers(t, found.Rows)...)
				at = found.Next
			}
			if !reflect.DeepEqual(byPage, want) || !reflect.DeepEqual(byCursor, want) || total != int64(len(want)) {
				t.Errorf("by page %v, by cursor %v, %d in all, want %v", byPage, byCursor, total, want)
			}
		})
	}
}
