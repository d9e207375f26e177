package mongostore_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets"
	"fivechat.dev/services/tickets/internal/mongostore"
)

// kept is a store with its log.
type kept struct {
	*mongostore.Store
	log *outbox.Log
}

func open(t *testing.T) kept {
	t.Helper()
	db := storetest.DB(t, "tickets")
	log := outbox.NewLog(db, storetest.Telemetry(t, "tickets"))
	s := kept{mongostore.New(db, log), log}
	storetest.Ready(t, db)
	return s
}

// eventTypes returns the types of the written events.
func (k kept) eventTypes(t *testing.T) map[contract.EventType]int {
	t.Helper()
	records, err := k.log.After(t.Context(), -1, 500) // including those without a position
	if err != nil {
		t.Fatal(err)
	}
	types := map[contract.EventType]int{}
	for _, r := range records {
		types[r.Type]++
	}
	return types
}

// messages returns all messages of a ticket.
func messages(t *testing.T, k kept, of tenant.ID, ticketID id.Ticket) []tickets.Message {
	t.Helper()
	found, more, err := k.Messages(t.Context(), of, ticketID, 0)
	if err != nil || more {
		t.Fatal(more, err)
	}
	return found
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var dawn = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// add stores a ticket, each one second after the previous.
func (k kept) add(t *testing.T, s tenant.ID, adjust func(*tickets.Ticket)) tickets.Ticket {
	t.Helper()
	id := must(k.TicketID(t.Context()))(t)
	at := dawn.Add(time.Duration(id) * time.Second)
	one := tickets.Ticket{
		ID:           id,
		WebsiteID:    s,
		Title:        "Lamp",
		Status:       tickets.StatusNew,
		Priority:     tickets.PriorityMedium,
		LanguageCode: "en",
		Tags:         []string{},
		CreatedAt:    at,
		UpdatedAt:    at,
		Search:       tickets.Search{Terms: []string{"lamp"}},
	}
	if adjust != nil {
		adjust(&one)
	}
	if err := k.Create(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	return one
}

func (k kept) say(t *testing.T, one tickets.Ticket, content string) tickets.Message {
	t.Helper()
	m := tickets.Message{
		ID:        must(k.MessageID(t.Context()))(t),
		WebsiteID: one.WebsiteID,
		TicketID:  one.ID,
		Type:      tickets.TypeNote,
		Content:   content,
		CreatedAt: dawn,
	}
	return must(k.AddMessage(t.Context(), m, counted))(t)
}

func counted(one tickets.Ticket) (tickets.Ticket, error) {
	one.MessageCount++
	return one, nil
}

func TestStoredTicketIsUnchanged(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	visitor, conversation, assignee, email := id.Visitor(9), id.Conversation(9), id.User(9), "a@b.example"
	one := k.add(t, a, func(one *tickets.Ticket) {
		one.VisitorID, one.ConversationID, one.AssigneeID = &visitor, &conversation, &assignee
		one.Email, one.Summary = &email, &email
		one.Tags, one.Search.Heard, one.MessageBytes = []string{"x"}, []string{"heard"}, 3
	})
	got := must(k.Get(t.Context(), a, one.ID))(t)
	got.CreatedAt, got.UpdatedAt = got.CreatedAt.UTC(), got.UpdatedAt.UTC()
	if !reflect.DeepEqual(got, one) {
		t.Errorf("got %+v\nwant %+v", got, one)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	five, seven := id.User(5), id.Visitor(7)
	one := k.add(t, a, func(x *tickets.Ticket) { x.Status, x.AssigneeID = tickets.StatusOpen, &five })
	two := k.add(t, a, func(x *tickets.Ticket) {
		x.Priority, x.VisitorID, x.Search.Terms = tickets.PriorityHigh, &seven, []string{"dark", "lamp"}
	})
	three := k.add(t, a, func(x *tickets.Ticket) {
		x.Status, x.VisitorID, x.CreatedAt = tickets.StatusOpen, &seven, two.CreatedAt
	})
	for name, tc := range map[string]struct {
		filter tickets.Filter
		want   []id.Ticket
	}{
		"all, newest first": {tickets.Filter{}, []id.Ticket{three.ID, two.ID, one.ID}},
		"status":            {tickets.Filter{Statuses: []tickets.Status{tickets.StatusOpen}}, []id.Ticket{three.ID, one.ID}},
		"priority":          {tickets.Filter{Priorities: []tickets.Priority{tickets.PriorityHigh}}, []id.Ticket{two.ID}},
		"assignee":          {tickets.Filter{Assignees: id.Assignees{Users: []id.User{5}}}, []id.Ticket{one.ID}},
		"visitor":           {tickets.Filter{VisitorID: 7}, []id.Ticket{three.ID, two.ID}},
		"a word":            {tickets.Filter{Query: asking("lamp ")}, []id.Ticket{three.ID, two.ID, one.ID}},
		"words":             {tickets.Filter{Query: asking("lamp dark ")}, []id.Ticket{two.ID}},
		"a word too many":   {tickets.Filter{Query: asking("lamp dark sofa ")}, nil},
		"together": {
			tickets.Filter{Statuses: []tickets.Status{tickets.StatusOpen}, VisitorID: 7, Query: asking("lamp ")},
			[]id.Ticket{three.ID},
		},
		"none": {tickets.Filter{Statuses: []tickets.Status{tickets.StatusClosed}}, nil},
	} {
		for _, size := range []paging.Limit{1, 2, 100} {
			var byPage, byCursor []id.Ticket
			w := paging.Following{Window: paging.Window{Limit: size}}
			for {
				found := must(k.List(t.Context(), a, tc.filter, w))(t)
				if found.Total != int64(len(tc.want)) {
					t.Errorf("%s: total %d, want %d", name, found.Total, len(tc.want))
				}
				if len(found.Rows) == 0 {
					break
				}
				byPage = append(byPage, numbers(t, found.Rows)...)
				w.Page = paging.Number(w.Number() + 1)
			}
			w = paging.Following{Window: paging.Window{Limit: size}}
			for {
				found := must(k.List(t.Context(), a, tc.filter, w))(t)
				byCursor = append(byCursor, numbers(t, found.Rows)...)
				if w.Cursor = found.Next; w.Cursor.ID == 0 {
					break
				}
			}
			if !reflect.DeepEqual(byPage, tc.want) || !reflect.DeepEqual(byCursor, tc.want) {
				t.Errorf("%s by %d: by page %v, by cursor %v, want %v", name, size, byPage, byCursor, tc.want)
			}
		}
	}
}

func numbers(t *testing.T, rows []tickets.Ticket) (ids []id.Ticket) {
	t.Helper()
	for _, one := range rows {
		if one.Search.Terms != nil || one.Search.Heard != nil {
			t.Errorf("a list carries the terms of %d", one.ID)
		}
		ids = append(ids, one.ID)
	}
	return ids
}

func TestConcurrentChangesAreAllKept(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	one := k.add(t, a, nil)
	const each = 8
	var wg sync.WaitGroup
	errs := make(chan error, 4*each)
	save := func(change func(*tickets.Ticket)) {
		wg.Go(func() {
			_, err := k.Save(t.Context(), a, one.ID, func(x tickets.Ticket) (tickets.Ticket, error) {
				change(&x)
				return x, nil
			})
			errs <- err
		})
	}
	for i := range each {
		save(func(x *tickets.Ticket) { x.Title = "Sofa" })
		save(func(x *tickets.Ticket) { x.Status = tickets.StatusClosed })
		save(func(x *tickets.Ticket) { x.Tags = append(x.Tags, fmt.Sprint(i)) })
		wg.Go(func() {
			number, err := k.MessageID(t.Context())
			m := tickets.Message{
				ID:        number,
				WebsiteID: a,
				TicketID:  one.ID,
				Type:      tickets.TypeChat,
				Content:   "x",
				CreatedAt: dawn,
			}
			_, addErr := k.AddMessage(t.Context(), m, counted)
			errs <- errors.Join(err, addErr)
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	got := must(k.Get(t.Context(), a, one.ID))(t)
	if got.Title != "Sofa" || got.Status != tickets.StatusClosed || len(got.Tags) != each || got.MessageCount != each {
		t.Errorf("a change was lost: %+v", got)
	}
	if n := len(messages(t, k, a, one.ID)); n != each {
		t.Errorf("%d messages, want %d", n, each)
	}
	// Title and status changed once each: saves without a change write no event.
	if types := k.eventTypes(t); types[contract.TicketUpdated] != 2+each || types[contract.TicketMessageCreated] != each {
		t.Errorf("types %v", types)
	}
}

func TestRefusedMessageIsNotStored(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	one := k.add(t, a, nil)
	full := fault.New(fault.Conflict, "full")
	m := tickets.Message{ID: 1, WebsiteID: a, TicketID: one.ID, CreatedAt: dawn}
	_, err := k.AddMessage(t.Context(), m, func(x tickets.Ticket) (tickets.Ticket, error) {
		x.MessageCount++
		return x, full
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if n := len(messages(t, k, a, one.ID)); n != 0 || must(k.Get(t.Context(), a, one.ID))(t).MessageCount != 0 {
		t.Errorf("%d messages of a refused one", n)
	}
}

// TestMailIsStoredOnce: deliveries of an e-mail at the same time, and later, return one message. Another ticket,
// another website, another sender and messages without a Message-ID have their own.
func TestMailIsStoredOnce(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	one, other, theirs := k.add(t, a, nil), k.add(t, a, nil), k.add(t, storetest.Tenant(2), nil)
	sender := "vera@a.example"
	deliver := func(to tickets.Ticket, mailID, content string) (tickets.Message, error) {
		from := sender
		number, err := k.MessageID(t.Context())
		if err != nil {
			return tickets.Message{}, err
		}
		m := tickets.Message{
			ID: number, WebsiteID: to.WebsiteID, TicketID: to.ID, Type: tickets.TypeEmail, Content: content,
			EmailMessageID: &mailID, SenderEmail: &from, CreatedAt: dawn,
		}
		return k.AddMessage(t.Context(), m, counted)
	}
	const times = 4
	got := make([]tickets.Message, times)
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() {
			var err error
			if got[i], err = deliver(one, "<1@a.example>", fmt.Sprint("delivery ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got = append(got, must(deliver(one, "<1@a.example>", "later"))(t))
	stored := messages(t, k, a, one.ID)
	if len(stored) != 1 || must(k.Get(t.Context(), a, one.ID))(t).MessageCount != 1 {
		t.Fatalf("stored %+v", stored)
	}
	for _, m := range got {
		if m.ID != stored[0].ID || m.Content != stored[0].Content {
			t.Errorf("a delivery returned %+v, stored is %+v", m, stored[0])
		}
	}
	for _, to := range []tickets.Ticket{other, theirs} {
		must(deliver(to, "<1@a.example>", "elsewhere"))(t)
		if n := len(messages(t, k, to.WebsiteID, to.ID)); n != 1 {
			t.Errorf("%d messages in another ticket", n)
		}
	}
	must(deliver(one, "<2@a.example>", "another"))(t)
	must(deliver(one, "", "none"))(t)
	must(deliver(one, "", "none again"))(t)
	sender = "omar@a.example"
	must(deliver(one, "<1@a.example>", "of another sender"))(t)
	if n := len(messages(t, k, a, one.ID)); n != 5 {
		t.Errorf("%d messages, want 5", n)
	}
}

func TestDeleteRemovesMessages(t *testing.T) {
	t.Parallel()
	k, a := open(t), storetest.Tenant(1)
	one, other := k.add(t, a, nil), k.add(t, a, nil)
	k.say(t, one, "first")
	k.say(t, one, "second")
	k.say(t, other, "stays")
	if got := messages(t, k, a, one.ID); len(got) != 2 || got[0].Content != "first" {
		t.Errorf("messages %+v", got)
	}
	if err := k.Delete(t.Context(), a, one.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(messages(t, k, a, one.ID)); n != 0 {
		t.Errorf("%d messages outlive their ticket", n)
	}
	if n := len(messages(t, k, a, other.ID)); n != 1 {
		t.Errorf("the other ticket has %d messages", n)
	}
	if err := k.Delete(t.Context(), a, one.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("a second delete: %v", err)
	}
	want := map[contract.EventType]int{
		contract.TicketCreated: 2, contract.TicketMessageCreated: 3, contract.TicketDeleted: 1,
	}
	if types := k.eventTypes(t); !reflect.DeepEqual(types, want) {
		t.Errorf("types %v, want %v", types, want)
	}
}

// TestIsolation: every method responds for another website's ticket as for one that doesn't exist, and doesn't change
// it. Then the two websites swap roles.
func TestIsolation(t *testing.T) {
	t.Parallel()
	k, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	for _, roles := range []struct{ owner, stranger tenant.ID }{{a, b}, {b, a}, {a, tenant.ID{}}} {
		one := k.add(t, roles.owner, nil)
		k.say(t, one, "private")
		before := must(k.Get(t.Context(), roles.owner, one.ID))(t)
		const unknown = 1 << 40
		for name, reach := range map[string]func(ticket id.Ticket) error{
			"get": func(ticket id.Ticket) error { _, err := k.Get(t.Context(), roles.stranger, ticket); return err },
			"save": func(ticket id.Ticket) error {
				_, err := k.Save(t.Context(), roles.stranger, ticket, func(x tickets.Ticket) (tickets.Ticket, error) {
					x.Title = "mine"
					return x, nil
				})
				return err
			},
			"add message": func(ticket id.Ticket) error {
				_, err := k.AddMessage(t.Context(), tickets.Message{
					ID:        1,
					WebsiteID: roles.stranger,
					TicketID:  ticket,
					Content:   "mine",
				}, counted)
				return err
			},
			"delete": func(ticket id.Ticket) error { return k.Delete(t.Context(), roles.stranger, ticket) },
		} {
			got, want := reach(one.ID), reach(unknown)
			if !fault.Is(got, fault.NotFound) || !reflect.DeepEqual(fault.From(got).Message, fault.From(want).Message) {
				t.Errorf("%s: another's ticket answers %v, an unknown one %v", name, got, want)
			}
		}
		if n := len(messages(t, k, roles.stranger, one.ID)); n != 0 {
			t.Errorf("a stranger reads %d messages", n)
		}
		for _, f := range []tickets.Filter{{}, {Statuses: []tickets.Status{tickets.StatusNew}}, {Query: asking("lamp ")}} {
			for _, row := range must(k.List(t.Context(), roles.stranger, f, paging.Following{}))(t).Rows {
				if row.WebsiteID != roles.stranger {
					t.Errorf("a stranger's list has %+v", row)
				}
			}
		}
		if after := must(k.Get(t.Context(), roles.owner, one.ID))(t); !reflect.DeepEqual(before, after) {
			t.Errorf("a stranger changed %+v\nto %+v", before, after)
		}
		if n := len(messages(t, k, roles.owner, one.ID)); n != 1 {
			t.Errorf("the owner has %d messages", n)
		}
	}
}

// asking returns the query of whole words.
func asking(words string) searchquery.Query {
	q, err := searchquery.Parse(words)
	if err != nil {
		panic(err)
	}
	return q
}
