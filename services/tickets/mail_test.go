package tickets_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/tickets"
)

func mailOf(from, name, text string) tickets.NewMail {
	return tickets.NewMail{MessageID: "<" + text + "@c.example>", From: from, FromName: name, Subject: "Lamp", Text: text}
}

// TestMailOpensATicketOnce also checks the names: the requester's, and that of another sender.
func TestMailOpensATicketOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := mailOf("vera@c.example", "Vera", "broken")
	opened, err := d.FileMail(t.Context(), d.site, first)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.FileMail(t.Context(), d.site, first); err != nil || again.TicketID != opened.TicketID {
		t.Errorf("again: %+v, %v", again, err)
	}
	foreign := mailOf("mia@c.example", "Mia", "broken") // a program repeats its Message-ID
	if another, err := d.FileMail(t.Context(), d.site, foreign); err != nil || another.TicketID == opened.TicketID {
		t.Errorf("the mail of another author with the same Message-ID: %+v, %v", another, err)
	}
	others := mailOf("omar@c.example", "Omar", "mine too")
	nameless := mailOf("x@c.example", "", "and mine")
	for _, n := range []tickets.NewMail{others, nameless} {
		n.TicketID = opened.TicketID
		if _, err := d.FileMail(t.Context(), d.site, n); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Get(t.Context(), d.site, opened.TicketID, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range got.Messages {
		names = append(names, *got.AuthorName(m))
	}
	if strings.Join(names, ",") != "Vera,Omar,x@c.example" || got.Channel != tickets.ChannelEmail || got.Title != "Lamp" ||
		*got.Requester().Name != "Vera" || *got.Requester().Email != "vera@c.example" {
		t.Errorf("authors %v of %+v", names, got.Ticket)
	}
}

func TestMailReopensATicket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after tickets.Status
		automatic     bool
	}{
		{tickets.StatusNew, tickets.StatusNew, false},
		{tickets.StatusOpen, tickets.StatusOpen, false},
		{tickets.StatusPending, tickets.StatusOpen, false},
		{tickets.StatusResolved, tickets.StatusOpen, false},
		{tickets.StatusClosed, tickets.StatusOpen, false},
		{tickets.StatusClosed, tickets.StatusClosed, true},
	} {
		d := newDesk(t)
		one := d.create(t, tickets.Draft{}).Ticket
		one.Status = c.before
		d.store.tickets[one.ID] = one
		n := mailOf("vera@c.example", "", "still")
		n.TicketID, n.IsAutomatic = one.ID, c.automatic
		if _, err := d.FileMail(t.Context(), d.site, n); err != nil {
			t.Fatal(err)
		}
		if got := d.store.tickets[one.ID].Status; got != c.after {
			t.Errorf("%s (automatic: %v) became %s", c.before, c.automatic, got)
		}
	}
}

func TestWrongMailIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	foreign, _ := tenant.New(2)
	one := d.create(t, tickets.Draft{}).ID
	n := mailOf("vera@c.example", "", "x")
	n.TicketID = one
	if _, err := d.FileMail(t.Context(), foreign, n); !fault.Is(err, fault.NotFound) {
		t.Errorf("another website's ticket: %v", err)
	}
	for _, n := range []tickets.NewMail{
		{From: "a@c.example", Text: "x"}, {MessageID: "<a>", Text: " "}, {MessageID: "<a>", Text: strings.Repeat("x", 1<<17)},
	} {
		if _, err := d.FileMail(t.Context(), d.site, n); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+.60v: %v", n, err)
		}
	}
	opened, err := d.FileMail(t.Context(), d.site, tickets.NewMail{
		MessageID: "<a>", From: "no address", Subject: strings.Repeat("ä", 400), Text: "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	if made := d.store.tickets[opened.TicketID]; made.Email != nil || len([]rune(made.Title)) != 255 {
		t.Errorf("%+v", made)
	}
}

// TestAgentsAnswersGoToTheRequester: notes, e-mails, texts of programs, and answers without an address don't.
func TestAgentsAnswersGoToTheRequester(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada, email, note, mailID := id.User(5), "vera@c.example", "NOTE", "<a@b>"
	to, nowhere := d.create(t, tickets.Draft{Email: &email}).ID, d.create(t, tickets.Draft{}).ID
	for _, c := range []struct {
		name string
		at   id.Ticket
		post tickets.Post
		goes bool
	}{
		{"answer", to, tickets.Post{AuthorID: &ada}, true},
		{"note", to, tickets.Post{AuthorID: &ada, Type: &note}, false},
		{"program", to, tickets.Post{}, false},
		{"e-mail", to, tickets.Post{IsFromEmail: true, EmailMessageID: &mailID}, false},
		{"sent elsewhere", to, tickets.Post{AuthorID: &ada, EmailMessageID: &mailID}, false},
		{"no address", nowhere, tickets.Post{AuthorID: &ada}, false},
	} {
		c.post.Content = c.name
		m, err := d.AddMessage(t.Context(), d.site, c.at, c.post)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := d.Answer(t.Context(), d.site, c.at, m.ID); err != nil || a.IsForRequester() != c.goes {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
	}
}
