package tickets_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/tickets"
)

// TestFreeWebsitesReadVisitorTicketsInConversations: if agents can't read tickets, a visitor's ticket arrives as
// messages.
func TestFreeWebsitesReadVisitorTicketsInConversations(t *testing.T) {
	t.Parallel()
	email, long := "vera@home.example", strings.Repeat("x", 64<<10)
	for name, c := range map[string]struct {
		plan        identity.Plan
		description string
		want        []string
	}{
		"PRO":             {identity.Pro, "It is broken.", nil},
		"an unknown plan": {"", "It is broken.", nil},
		"FREE": {
			identity.Free, "It is broken.", []string{"Ticket 1: Lamp\nvera@home.example\n\nIt is broken."},
		},
		"no description":     {identity.Free, " ", []string{"Ticket 1: Lamp\nvera@home.example"}},
		"a long description": {identity.Free, long, []string{"Ticket 1: Lamp\nvera@home.example", long}},
	} {
		d := newDesk(t)
		d.people.plan = c.plan
		made, err := d.CreateByVisitor(t.Context(), d.site, 7, tickets.Draft{
			Title:       "Lamp",
			Description: c.description,
			Email:       &email,
		})
		if err != nil {
			t.Fatal(err)
		}
		var contents []string
		keys := map[string]bool{}
		for _, m := range d.people.said {
			contents = append(contents, m.content)
			keys[m.key] = true
			if m.visitor != 7 || m.token != nil {
				t.Errorf("%s: said %+v", name, m)
			}
		}
		if !slices.Equal(contents, c.want) || len(keys) != len(c.want) {
			t.Errorf("%s: said %.100q with the keys %v", name, contents, keys)
		}
		if linked := made.ConversationID != nil && *made.ConversationID == 71; linked != (c.want != nil) {
			t.Errorf("%s: the ticket's conversation is %v", name, made.ConversationID)
		}
		if len(d.store.tickets) != 1 {
			t.Errorf("%s: %d tickets are stored", name, len(d.store.tickets))
		}
	}
}

// TestTicketIsRefusedIfPostingFails: if the message can't be posted, the visitor gets an error and tries again.
// The previous version of conversations lacks the operation; that is no reason to refuse.
func TestTicketIsRefusedIfPostingFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails  error
		stored int
	}{
		"conversations is away": {fault.Away("conversations", errors.New("refused")), 0},
		"its previous version":  {fault.Missing("path"), 1},
	} {
		d := newDesk(t)
		d.people.plan, d.people.sayFails = identity.Free, c.fails
		_, err := d.CreateByVisitor(t.Context(), d.site, 7, tickets.Draft{Title: "Lamp"})
		if (err == nil) != (c.stored == 1) || len(d.store.tickets) != c.stored {
			t.Errorf("%s: %v, and %d tickets are stored", name, err, len(d.store.tickets))
		}
	}
}

// TestAgentTicketsAreNotPosted: tickets that agents create aren't posted.
func TestAgentTicketsAreNotPosted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.people.plan = identity.Free
	d.create(t, tickets.Draft{})
	if len(d.people.said) != 0 {
		t.Errorf("said %v", d.people.said)
	}
}
