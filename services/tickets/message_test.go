package tickets_test

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/tickets"
)

func TestPost(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	number := func(n id.User) *id.User { return &n }
	long := strings.Repeat("a", 64<<10)
	for name, tc := range map[string]struct {
		post  tickets.Post
		wrong []string
		typ   tickets.MessageType
	}{
		"plain":          {tickets.Post{Content: "Hello"}, nil, tickets.TypeChat},
		"from mail":      {tickets.Post{Content: "Hello", IsFromEmail: true}, nil, tickets.TypeEmail},
		"with a mail id": {tickets.Post{Content: "Hello", EmailMessageID: text("<1@a>")}, nil, tickets.TypeEmail},
		"empty mail id":  {tickets.Post{Content: "Hello", EmailMessageID: text("")}, nil, tickets.TypeChat},
		"type wins": {
			tickets.Post{Content: "Hello", IsFromEmail: true, Type: text("NOTE")}, nil, tickets.TypeNote,
		},
		"by a user":    {tickets.Post{Content: "Hello", AuthorID: number(5)}, nil, tickets.TypeChat},
		"longest":      {tickets.Post{Content: long}, nil, tickets.TypeChat},
		"longer":       {tickets.Post{Content: long + "a"}, []string{"content"}, ""},
		"no content":   {tickets.Post{}, []string{"content"}, ""},
		"blank":        {tickets.Post{Content: "\n "}, []string{"content"}, ""},
		"unknown type": {tickets.Post{Content: "a", Type: text("SMS")}, []string{"messageType"}, ""},
		"by nobody":    {tickets.Post{Content: "a", AuthorID: number(6)}, []string{"authorId"}, ""},
		"by no number": {tickets.Post{Content: "a", AuthorID: number(0)}, []string{"authorId"}, ""},
		"long mail header": {tickets.Post{
			Content:        "a",
			Subject:        &long,
			References:     &long,
			InReplyTo:      &long,
			SenderEmail:    &long,
			EmailMessageID: &long,
		}, []string{"emailMessageId", "senderEmail", "inReplyTo", "references", "subject"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			made := d.create(t, tickets.Draft{})
			m, err := d.AddMessage(t.Context(), d.site, made.ID, tc.post)
			if got := fields(t, err); !slices.Equal(got, tc.wrong) {
				t.Fatalf("wrong members %v, want %v", got, tc.wrong)
			}
			if err == nil && (m.Type != tc.typ || m.TicketID != made.ID || m.Content != tc.post.Content) {
				t.Errorf("got %+v, want type %s", m, tc.typ)
			}
			if stored := len(d.store.messages); (stored == 1) != (tc.wrong == nil) {
				t.Errorf("%d messages are stored", stored)
			}
		})
	}
}

func TestFullTicketRefusesMessages(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*tickets.Ticket){
		"by number": func(one *tickets.Ticket) { one.MessageCount = 10_000 },
		"by size":   func(one *tickets.Ticket) { one.MessageBytes = 16<<20 - 4 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			one := d.create(t, tickets.Draft{}).Ticket
			fill(&one)
			d.store.tickets[one.ID] = one
			_, err := d.AddMessage(t.Context(), d.site, one.ID, tickets.Post{Content: "Hello"})
			if !fault.Is(err, fault.Conflict) || fault.From(err).Code != "ticket_full" {
				t.Errorf("got %v, want ticket_full", err)
			}
		})
	}
}
