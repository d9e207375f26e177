package tickets_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/services/tickets"
)

func TestVisitorOfATicket(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	d := newDesk(t)
	taken := d.create(t, tickets.Draft{ConversationToken: text("conv_7")})
	if *taken.VisitorID != 7 || *taken.ConversationID != 70 || taken.Visitor.Token != "vis_7" {
		t.Errorf("a conversation's visitor is not taken from it: %+v", taken)
	}
	named := d.create(t, tickets.Draft{ConversationToken: text("conv_7"), VisitorToken: text("vis_8")})
	if *named.VisitorID != 8 || *named.ConversationID != 70 {
		t.Errorf("the named visitor isn't used: %+v", named)
	}
}

func TestVisitorsOwnTicket(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	conversation, other, user := "conv_7", "vis_8", id.User(5)
	made, err := d.CreateByVisitor(t.Context(), d.site, 7, tickets.Draft{
		Title:             "Help",
		ConversationToken: &conversation,
		VisitorToken:      &other,
		AssigneeID:        &user,
	})
	if err != nil {
		t.Fatal(err)
	}
	if *made.VisitorID != 7 || made.AssigneeID != nil || *made.ConversationID != 70 {
		t.Errorf("a visitor chose visitor or assignee: %+v", made)
	}
	_, err = d.CreateByVisitor(t.Context(), d.site, 8, tickets.Draft{Title: "Help", ConversationToken: &conversation})
	if got := fields(t, err); !slices.Equal(got, []string{"conversationToken"}) {
		t.Errorf("another visitor's conversation: wrong members %v", got)
	}
}

func TestRemovedObjectsAreNull(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	visitor, user := "vis_7", id.User(5)
	made := d.create(t, tickets.Draft{VisitorToken: &visitor, AssigneeID: &user})
	d.people.users, d.people.visitors, d.people.noWebsite = nil, nil, true
	got, err := d.Get(t.Context(), d.site, made.ID, 0, false)
	if err != nil || got.Website != nil || got.Visitor != nil || got.Assignee != nil || *got.VisitorID != 7 ||
		*got.AssigneeID != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := d.Update(t.Context(), d.site, made.ID, tickets.Patch{Title: optional.Of("Sofa")}); err != nil {
		t.Errorf("a ticket of a removed user can't be changed: %v", err)
	}
}

func TestUnavailableSiblingStoresNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.create(t, tickets.Draft{Title: "Lamp"})
	d.people.away = fault.Away("accounts", errors.New("refused"))
	if _, err := d.Create(t.Context(), d.site, tickets.Draft{Title: "Sofa"}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("create: %v", err)
	}
	patch := tickets.Patch{Title: optional.Of("Sofa")}
	if _, err := d.Update(t.Context(), d.site, made.ID, patch); !fault.Is(err, fault.Unavailable) {
		t.Errorf("update: %v", err)
	}
	if len(d.store.tickets) != 1 || d.store.tickets[made.ID].Title != "Lamp" {
		t.Errorf("a refused write was stored: %+v", d.store.tickets)
	}
}

func TestUpdateShowsConcurrentChange(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.create(t, tickets.Draft{})
	user := id.User(5)
	d.store.meddle = func(one tickets.Ticket) tickets.Ticket { one.AssigneeID = &user; return one }
	got, err := d.Update(t.Context(), d.site, made.ID, tickets.Patch{Title: optional.Of("Sofa")})
	if err != nil || got.Title != "Sofa" || got.Assignee == nil || got.Assignee.Name != "Ada" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.create(t, tickets.Draft{Title: "Grüße an Ada", Description: "The LAMP, 3rd floor"})
	if _, err := d.AddMessage(t.Context(), d.site, made.ID, tickets.Post{Content: "नमस्ते, it's über-dark"}); err != nil {
		t.Fatal(err)
	}
	finds := func(search string) bool {
		t.Helper()
		found, err := d.List(t.Context(), d.site, tickets.Filter{Search: search}, paging.Following{})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Rows) == 1
	}
	for search, want := range map[string]bool{
		"": true, "  ": true, " !? ": false, "lamp": true, "GRÜSSE": true, "gruesse": true, "grüße": true, "Lamp ada": true,
		"lamp nobody": false, "lam": true, "lam ": false, "1": true,
		"नमस्ते": true, "über dark": true, "floor über": true, "3RD": true,
	} {
		if finds(search) != want {
			t.Errorf("search %q finds: %v, want %v", search, !want, want)
		}
	}
	patch := tickets.Patch{Title: optional.Of("Sofa"), Description: optional.Of("dark")}
	if _, err := d.Update(t.Context(), d.site, made.ID, patch); err != nil {
		t.Fatal(err)
	}
	for search, want := range map[string]bool{"ada": false, "lamp": false, "sofa": true, "dark": true, "über": true} {
		if finds(search) != want {
			t.Errorf("after the change search %q finds: %v, want %v", search, !want, want)
		}
	}
}

func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "w%d ", i)
		}
		return b.String()
	}
	d := newDesk(t)
	made := d.create(t, tickets.Draft{Title: "lamp", Description: many(9000)})
	if _, err := d.AddMessage(t.Context(), d.site, made.ID, tickets.Post{Content: many(9000)}); err != nil {
		t.Fatal(err)
	}
	if s := d.store.tickets[made.ID].Search; len(s.Terms) != 6000 || len(s.Heard) != 6000 {
		t.Errorf("a ticket has %d and %d terms", len(s.Terms), len(s.Heard))
	}
	for search, want := range map[string]int{
		many(33): 1, `"w7 w8 w9"`: 1, `"w8 w7"`: 0, "lamp -w7": 0, "status:new lamp": 1,
	} {
		found, err := d.List(t.Context(), d.site, tickets.Filter{Search: search}, paging.Following{})
		if err != nil || len(found.Rows) != want {
			t.Errorf("%.20s finds %d tickets, %v; want %d", search, len(found.Rows), err, want)
		}
	}
	for _, wrong := range []string{"status:done", "priority:", "before:yesterday", `"open`, "-status:new"} {
		_, err := d.List(t.Context(), d.site, tickets.Filter{Search: wrong}, paging.Following{})
		if got := fields(t, err); !slices.Equal(got, []string{"search"}) {
			t.Errorf("%s: wrong members %v", wrong, got)
		}
	}
}

func TestUnknownFilterValuesListNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(t, tickets.Draft{})
	for _, f := range []tickets.Filter{{Statuses: []tickets.Status{"new"}}, {Priorities: []tickets.Priority{"X"}}} {
		found, err := d.List(t.Context(), d.site, f, paging.Following{})
		if err != nil || len(found.Rows) != 0 || found.Total != 0 {
			t.Errorf("%+v lists %+v, %v", f, found, err)
		}
	}
}
