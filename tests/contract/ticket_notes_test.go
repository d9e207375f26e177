package contract_test

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestTicketMaking (notes 12 and 18): defaults, values copied from a conversation, and the largest accepted values.
func TestTicketMaking(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	least := w.NewTicket(t, harness.Map{"title": "x"})
	for name, want := range map[string]string{
		"status": "NEW", "priority": "MEDIUM", "languageCode": "en",
		"description": "", "title": "x",
	} {
		if have := least.Text(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	for _, name := range []string{"visitorId", "conversationId", "assigneeId", "email", "summary", "visitor", "assignee"} {
		if !least.Null(name) {
			t.Errorf("%s of a minimal ticket is not null: %s", name, least)
		}
	}
	site := least.Object("website")
	if least.Int("websiteId") != w.ID || site.Int("id") != w.ID || site.Text("name") != w.Name ||
		site.Text("url") != "https://shop.example" {
		t.Errorf("website is %s", least)
	}
	other := w.NewTicket(t, harness.Map{"title": "y"})
	if other.Text("uniqueEmailAddress") == least.Text("uniqueEmailAddress") ||
		!strings.Contains(other.Text("uniqueEmailAddress"), "@") {
		t.Errorf("uniqueEmailAddress %q isn't unique", other.Text("uniqueEmailAddress"))
	}
	for _, priority := range []string{"LOW", "MEDIUM", "HIGH", "URGENT"} {
		if have := w.NewTicket(t, harness.Map{"title": "x", "priority": priority}).Text("priority"); have != priority {
			t.Errorf("priority is %q, want %q", have, priority)
		}
	}
	long := w.NewTicket(t, harness.Map{
		"title": strings.Repeat("é", 255), "description": strings.Repeat("a", 64<<10),
		"email": "vera.o'hara+x@sub.example.org",
	})
	if len([]rune(long.Text("title"))) != 255 || len(long.Text("description")) != 64<<10 {
		t.Errorf("long texts are cut")
	}
	byConversation := w.NewTicket(t, harness.Map{"title": "x", "conversationToken": w.Conversation})
	byVisitor := w.NewTicket(t, harness.Map{"title": "x", "visitorToken": w.Caller.Token})
	byBoth := w.NewTicket(t, harness.Map{
		"title": "x", "conversationToken": w.Conversation,
		"visitorToken": w.Caller.Token,
	})
	conversation := w.Reader().Get(t, "/conversations/"+w.Conversation).Object("conversation").Int("id")
	for name, o := range map[string]harness.Object{"conversation": byConversation, "visitor": byVisitor, "both": byBoth} {
		v := o.Object("visitor")
		if o.Int("visitorId") != w.Caller.ID || v.Text("token") != w.Caller.Token || v.Text("name") != "Vera Visitor" {
			t.Errorf("by %s: the visitor is %s", name, o)
		}
		if name == "visitor" {
			continue
		}
		if o.Int("conversationId") != conversation {
			t.Errorf("by %s: conversationId is not %d: %s", name, conversation, o)
		}
	}
	stranger := w.Visit(t, nil)
	own := w.Caller.Send(t, 201, "POST", "/internal/visitors/tickets",
		harness.Map{"title": "mine", "visitorToken": stranger.Token, "visitorId": stranger.ID})
	if own.Int("visitorId") != w.Caller.ID {
		t.Errorf("a visitor created a ticket for another one: %s", own)
	}
	got := w.Reader().Get(t, "/tickets/"+own.Text("id"))
	if got.String() != own.String() {
		t.Errorf("a ticket differs from the response that created it:\n%s\n%s", own, got)
	}
}

// TestTicketChange (notes 14 and 16): each field alone, nullable ones cleared by null, and any status to any other.
func TestTicketChange(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	path, user := "/tickets/"+w.Ticket, w.User.Int("id")
	for _, step := range []struct {
		name string
		v    any
	}{
		{"title", "New title"},
		{"description", "New description"},
		{"description", ""},
		{"email", "new@example.org"},
		{"email", nil},
		{"priority", "URGENT"},
		{"status", "PENDING"},
		{"assigneeId", user},
		{"assigneeId", nil},
	} {
		before := w.Reader().Get(t, path)
		changed := w.Agent().Send(t, 200, "PATCH", path, harness.Map{step.name: step.v})
		want := harness.NewObject(t, map[string]any{})
		for k, old := range before.M {
			want.M[k] = old
		}
		want.M[step.name] = step.v
		if step.name == "assigneeId" {
			want.M["assignee"] = nil
			if step.v != nil {
				want.M["assignee"] = map[string]any{"id": user, "name": w.User.Text("name"), "email": w.User.Text("email")}
			}
		}
		if harness.Render(changed.M, "updatedAt") != harness.Render(want.M, "updatedAt") {
			t.Errorf("%s:\nhave %s\nwant %s", step.name, changed, want)
		}
		if now := w.Reader().Get(t, path); now.String() != changed.String() {
			t.Errorf("%s: the ticket differs from the response", step.name)
		}
	}
	stranger := w.Visit(t, harness.Map{"name": "Ned"})
	if o := w.Agent().Send(t, 200, "PATCH", path, harness.Map{"visitorToken": stranger.Token}); o.Int("visitorId") !=
		stranger.ID || o.Object("visitor").Text("name") != "Ned" {
		t.Errorf("visitorToken did not take effect: %s", o)
	}
	all := []string{"NEW", "OPEN", "PENDING", "RESOLVED", "CLOSED"}
	for _, from := range all {
		for _, to := range all {
			w.Agent().Send(t, 200, "PATCH", path+"/status", harness.Map{"status": from})
			if o := w.Agent().Send(t, 200, "PATCH", path+"/status", harness.Map{"status": to}); o.Text("status") != to {
				t.Errorf("from %s to %s: %s", from, to, o)
			}
		}
	}
	ignored := w.Agent().Send(t, 200, "PATCH", path+"/status", harness.Map{"status": "OPEN", "title": "Not here"})
	if ignored.Text("title") == "Not here" {
		t.Errorf("the status operation changed the title")
	}
}

// TestTicketMessages (note 17): the default types, the order, and that deleting a ticket deletes its messages.
func TestTicketMessages(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	ticket := w.Caller.Send(t, 201, "POST", "/internal/visitors/tickets", harness.Map{"title": "x"}).Text("id")
	path := "/tickets/" + ticket
	var said []string
	for _, c := range []struct {
		send harness.Map
		typ  string
	}{
		{harness.Map{"content": "plain"}, "CHAT"},
		{harness.Map{"content": "mail", "isFromEmail": true}, "EMAIL"},
		{harness.Map{"content": "mail", "emailMessageId": "<2@example.org>"}, "EMAIL"},
		{harness.Map{"content": "chat", "isFromEmail": false}, "CHAT"},
		{harness.Map{"content": "note", "messageType": "NOTE"}, "NOTE"},
		{harness.Map{"content": "note", "messageType": "NOTE", "isFromEmail": true}, "NOTE"},
		{harness.Map{
			"content": "all", "messageType": "EMAIL", "emailMessageId": "<3@example.org>",
			"senderEmail": "vera@example.org",
			"isFromEmail": true, "authorId": w.User.Int("id"), "inReplyTo": "<2@example.org>",
			"references": "<1@example.org> <2@example.org>", "subject": "Re: x",
		}, "EMAIL"},
	} {
		m := w.Agent().Send(t, 201, "POST", path+"/messages", c.send)
		harness.Check(t, "message", m, harness.TicketMessage)
		fromEmail, _ := c.send["isFromEmail"].(bool)
		if m.Text("messageType") != c.typ || m.Text("ticketId") != ticket || m.Text("content") != c.send["content"] ||
			m.Bool("isFromEmail") != fromEmail {
			t.Errorf("%v became %s", c.send, m)
		}
		for _, name := range []string{"emailMessageId", "senderEmail"} {
			if m.M[name] != c.send[name] {
				t.Errorf("%v: %s is %v", c.send, name, m.M[name])
			}
		}
		said = append(said, m.String())
	}
	var read []string
	for _, m := range w.Reader().Get(t, path).List("messages") {
		read = append(read, m.String())
	}
	if !slices.Equal(read, said) {
		t.Errorf("the ticket's messages are\n%v\nwant, in order,\n%v", read, said)
	}
	gone := w.Agent().Send(t, 200, "DELETE", path, nil)
	if gone.Text("id") != ticket || !gone.Bool("deleted") {
		t.Errorf("a deletion returns %s", gone)
	}
	for _, again := range []struct{ method, path string }{{"DELETE", path}, {"GET", path}} {
		w.Agent().Do(t, again.method, again.path, nil).Want(t, 404)
	}
	w.Writer().Do(t, "PATCH", path, harness.Map{"title": "x"}).Want(t, 404)
	w.Writer().Do(t, "PATCH", path+"/status", harness.Map{"status": "OPEN"}).Want(t, 404)
	w.Writer().Do(t, "POST", path+"/messages", harness.Map{"content": "x"}).Want(t, 404)
	if o := w.Reader().Get(t, "/tickets?search=plain"); o.Int("total") != 0 {
		t.Errorf("a deleted ticket's message is found: %s", o)
	}
	if rows := w.Reader().Get(t, "/tickets").List("data"); len(rows) != 1 || rows[0].Text("id") != w.Ticket {
		t.Errorf("a deleted ticket is listed: %s", rows)
	}
}

// TestTicketFilters (note 11).
func TestTicketFilters(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	agent := w.Agent()
	agent.Do(t, "DELETE", "/tickets/"+w.Ticket, nil).Want(t, 200)
	user := w.User.Int("id")
	a := w.NewTicket(t, harness.Map{
		"title": "Broken Handle", "description": "It came OFF.", "priority": "HIGH",
		"visitorToken": w.Caller.Token,
	}).Text("id")
	b := w.NewTicket(t, harness.Map{
		"title": "Lost parcel", "description": "Since Monday. Größe 42",
		"priority": "LOW",
	}).Text("id")
	c := w.NewTicket(t, harness.Map{"title": "Refund", "description": "a broken promise"}).Text("id")
	agent.Send(t, 200, "PATCH", "/tickets/"+b, harness.Map{"assigneeId": user, "status": "PENDING"})
	agent.Send(t, 201, "POST", "/tickets/"+c+"/messages", harness.Map{"content": "The courier lost it, sorry"})
	for query, want := range map[string][]string{
		"": {c, b, a}, "status=NEW": {c, a}, "status=PENDING": {b}, "status=CLOSED": {}, "status=DONE": {}, "status=new": {},
		"status=":       {c, b, a},
		"priority=HIGH": {a}, "priority=MEDIUM": {c}, "priority=SOON": {}, "assigneeId=" + harness.PathID(user): {b},
		"assigneeId=9007199254740001": {}, "visitorId=" + harness.PathID(w.Caller.ID): {a}, "visitorId=9007199254740001": {},
		"search=broken": {c, a}, "search=BROKEN": {c, a}, "search=off": {a}, "search=monday": {b}, "search=lost": {c, b},
		"search=courier":         {c},
		"search=gr%C3%B6%C3%9Fe": {b}, "search=nothing": {}, "search=broken+handle": {a}, "search=lost&status=PENDING": {b},
		"search=":   {c, b, a},
		"search=.*": {}, "status=NEW&priority=HIGH&visitorId=" + harness.PathID(w.Caller.ID): {a},
	} {
		o := w.Reader().Get(t, "/tickets?"+query)
		have := []string{}
		for _, row := range o.List("data") {
			have = append(have, row.Text("id"))
		}
		if !slices.Equal(have, want) || o.Int("total") != int64(len(want)) {
			t.Errorf("%q returns %v (total %d), want %v", query, have, o.Int("total"), want)
		}
	}
}
