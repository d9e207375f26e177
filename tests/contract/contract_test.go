// Package contract_test checks the public contract: every documented operation, its responses, and every refusal.
package contract_test

import (
	"testing"

	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// shapes are the responses of the documented operations, by row.
var shapes = map[int]harness.Type{
	1: harness.Health, 2: harness.Page(harness.Conversation), 3: harness.Thread, 4: harness.Thread,
	5: harness.Conversation,
	6: harness.Visitor, 7: harness.Visitor, 8: harness.Widget, 9: harness.Widget, 10: harness.Statistics,
	11: harness.Page(harness.Ticket), 12: harness.Ticket, 13: harness.Ticket, 14: harness.Ticket,
	15: harness.Shape{"id": harness.TextID, "deleted": harness.Exactly(true)}.Type(),
	16: harness.Ticket, 17: harness.TicketMessage, 18: harness.Ticket,
}

// TestSuccess calls every documented operation with the least privileged caller, about objects with all fields set and
// about new ones.
func TestSuccess(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{harness.Free, harness.Pro} {
		for _, op := range harness.Operations() {
			if op.Row == 0 || op.Row == 19 || (op.Pro && plan == harness.Free) {
				continue
			}
			t.Run(plan+" "+op.Name(), func(t *testing.T) {
				t.Parallel()
				w := harness.Running().World(t, plan)
				if plan == harness.Pro {
					setNullable(t, w)
				}
				a := op.Ask(t, op.Allowed(w), w.Objects()).Want(t, op.Status)
				if have := a.Header.Get("Content-Type"); have != "application/json" && have != "application/json; charset=utf-8" {
					t.Errorf("Content-Type is %q", have)
				}
				harness.Check(t, op.Name(), a.Object(), shapes[op.Row])
			})
		}
	}
}

// setNullable sets every nullable field.
func setNullable(t *testing.T, w *harness.World) {
	t.Helper()
	agent, user := w.Agent(), w.User.Int("id")
	agent.Send(t, 200, "PATCH", "/conversations/"+w.Conversation, harness.Map{
		"assigneeId": user, "tags": []string{w.Tag},
		"summary": "Lost.",
	})
	w.Caller.Send(t, 200, "POST", "/conversations/"+w.Conversation+"/rate", harness.Map{"rating": 5})
	agent.Do(t, "POST", "/conversations/"+w.Conversation+"/read", nil).Want(t, 204)
	w.Caller.Send(t, 200, "POST", "/visitor/conversations/"+w.Conversation+"/close", nil)
	agent.Send(t, 200, "PATCH", "/tickets/"+w.Ticket, harness.Map{"assigneeId": user, "email": "vera@example.org"})
	agent.Send(t, 201, "POST", "/tickets/"+w.Ticket+"/messages", harness.Map{
		"content": "Found.", "emailMessageId": "<1@example.org>", "senderEmail": "vera@example.org", "isFromEmail": true,
	})
}

// TestOwnShapes checks that our own operations respond in the documented shapes.
func TestOwnShapes(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	agent, thread := w.Agent(), "/conversations/"+w.Conversation
	message := harness.Shape{"message": harness.Message, "conversation": harness.Conversation}.Type()
	session := harness.Shape{
		"visitor": harness.Visitor, "visitorToken": harness.Prefixed("vis_"),
		"visitorSecret": harness.OrNull(harness.Prefixed("vsec_")), "widget": harness.Widget,
		"conversation": harness.OrNull(harness.Conversation), "agentsOnline": harness.Bool,
		"agentConversation": harness.OrNull(harness.Text),
		"replySeconds":      harness.OrNull(harness.Count),
	}.Type()
	counted := harness.Shape{"unassigned": harness.Count, "opened": harness.Count, "closed": harness.Count}.Type()
	website := harness.Shape{
		"id": harness.ID, "name": harness.Text, "url": harness.Text, "plan": harness.OneOf("FREE", "PRO"),
		"clientToken": harness.Text, "widgetLoadedAt": harness.OrNull(harness.Time),
		"storage": harness.Shape{"used": harness.OrNull(harness.Count), "limit": harness.Count}.Type(),
		"level":   harness.OneOf("READ", "WRITE", "READ_WRITE"),
	}.Type()
	again := w.Visit(t, w.Caller.Back())
	if again.Made.Null("conversation") || again.ID != w.Caller.ID {
		t.Errorf("a returning visitor doesn't get their session or their open conversation: %s", again.Made)
	}
	for name, c := range map[string]struct {
		answer harness.Object
		typ    harness.Type
	}{
		"first session":  {w.Caller.Made, session},
		"second session": {again.Made, session},
		"opened": {
			w.Caller.Send(t, 201, "POST", "/visitor/conversations", harness.Map{"content": "Hi"}),
			message,
		},
		"visitor's message": {w.Caller.Send(t, 201, "POST", "/visitor"+thread+"/messages",
			harness.Map{"content": "Hello"}), harness.Message},
		"agent's message": {
			agent.Send(t, 201, "POST", thread+"/messages", harness.Map{"content": "Hello"}),
			harness.Message,
		},
		"changed conversation": {agent.Send(t, 200, "PATCH", thread, harness.Map{"status": "CLOSED"}), harness.Conversation},
		"counts":               {agent.Get(t, "/conversations/counts?since=2024-01-15T10:30:00.000Z"), counted},
		"website":              {agent.Get(t, "/website"), website},
		"visitors":             {agent.Get(t, "/visitors"), harness.Page(harness.Visitor)},
		"users":                {agent.Get(t, "/users"), harness.Page(harness.User)},
		"user":                 {agent.Get(t, "/users/"+harness.PathID(w.User.Int("id"))), harness.User},
		"operator's user":      {w.User, harness.User},
		"new user": {agent.Send(t, 201, "POST", "/users",
			harness.Map{"name": "Una", "email": harness.Unique("una.") + "@shop.example"}), harness.User},
	} {
		harness.Check(t, name, c.answer, c.typ)
	}
}
