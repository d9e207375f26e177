package tickets_test

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/tickets"
)

func TestRequesterHasTheBestKnownFacts(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	known := &tickets.Visitor{
		Token: "vis_7", Name: "Brave Otter",
		Identity: &tickets.Identity{Email: text("vera@shop.example"), Name: text("Vera Winter"), Verified: true},
	}
	for name, c := range map[string]struct {
		email    *string
		visitor  *tickets.Visitor
		want     [3]string // token, name, address
		verified bool
	}{
		"nobody known": {nil, nil, [3]string{"-", "-", "-"}, false},
		"an address":   {text("a@b.example"), nil, [3]string{"-", "-", "a@b.example"}, false},
		"a visitor": {
			nil, &tickets.Visitor{Token: "vis_8", Name: "Calm Fox"}, [3]string{"vis_8", "Calm Fox", "-"}, false,
		},
		"an identity":              {nil, known, [3]string{"vis_7", "Vera Winter", "vera@shop.example"}, true},
		"the ticket's comes first": {text("a@b.example"), known, [3]string{"vis_7", "Vera Winter", "a@b.example"}, true},
	} {
		r := tickets.Detail{Ticket: tickets.Ticket{Email: c.email}, Visitor: c.visitor}.Requester()
		got := [3]string{}
		for i, s := range []*string{r.VisitorToken, r.Name, r.Email} {
			if got[i] = "-"; s != nil {
				got[i] = *s
			}
		}
		if got != c.want || r.Verified != c.verified {
			t.Errorf("%s: %v, verified %v", name, got, r.Verified)
		}
	}
}

func TestAuthorKind(t *testing.T) {
	t.Parallel()
	ada := id.User(5)
	for _, c := range []struct {
		m    tickets.Message
		want tickets.AuthorKind
	}{
		{tickets.Message{AuthorID: &ada, IsFromEmail: true}, tickets.AuthorUser},
		{tickets.Message{IsFromEmail: true}, tickets.AuthorRequester},
		{tickets.Message{}, tickets.AuthorProgram},
	} {
		if got := c.m.AuthorKind(); got != c.want {
			t.Errorf("%+v is of a %s, want %s", c.m, got, c.want)
		}
	}
}

// TestOrderOfPriorities: whatever their age, tickets of a higher priority come later, and all are before the year
// 10000, the last one of a cursor.
func TestOrderOfPriorities(t *testing.T) {
	t.Parallel()
	old, late := time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
	var places []time.Time
	for _, p := range []tickets.Priority{
		tickets.PriorityLow, tickets.PriorityMedium, tickets.PriorityHigh, tickets.PriorityUrgent,
	} {
		for _, at := range []time.Time{old, late} {
			places = append(places, tickets.Ticket{Priority: p, CreatedAt: at}.PlaceByPriority())
		}
	}
	if !slices.IsSortedFunc(places, time.Time.Compare) || places[len(places)-1].Year() > 9999 {
		t.Errorf("%v", places)
	}
}
