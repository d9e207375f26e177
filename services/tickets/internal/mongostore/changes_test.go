package mongostore_test

import (
	"context"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets"
)

func TestTicketsOfAState(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	one := k.add(t, a, nil)
	state := func(ctx context.Context) (version.Of, error) {
		one, err := k.Get(ctx, a, one.ID)
		return one.Revision(), err
	}
	before := must(state(t.Context()))(t)
	same := must(k.Save(t.Context(), a, one.ID, func(one tickets.Ticket) (tickets.Ticket, error) { return one, nil }))(t)
	if same.Revision() != before {
		t.Errorf("a change of nothing made %v of %v", same.Revision(), before)
	}
	k.say(t, one, "A message is a change.")
	if after := must(state(t.Context()))(t); after == before {
		t.Errorf("with a message it is still %v", after)
	}
	storetest.Guarded(t, state, func(ctx context.Context) error {
		_, err := k.Save(ctx, a, one.ID, func(one tickets.Ticket) (tickets.Ticket, error) {
			one.Title += "x"
			return one, nil
		})
		return err
	}, func(ctx context.Context) error { return k.Delete(ctx, a, one.ID) })
}

func TestTicketsInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	var rows []tickets.Ticket
	for range 7 {
		rows = append(rows, k.add(t, a, nil))
		k.add(t, storetest.Tenant(2), nil)
	}
	storetest.Follow(t, storetest.Followed[tickets.Ticket]{
		Rows: len(rows),
		Change: func(row int, at time.Time) error {
			_, err := k.Save(t.Context(), a, rows[row].ID, func(one tickets.Ticket) (tickets.Ticket, error) {
				one.Title, one.UpdatedAt = one.Title+"x", at
				return one, nil
			})
			return err
		},
		List: func(w paging.Following) (paging.Slice[tickets.Ticket], error) {
			return k.List(t.Context(), a, tickets.Filter{Statuses: []tickets.Status{tickets.StatusNew}}, w)
		},
	})
}
