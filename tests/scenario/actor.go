package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"

	"fivechat.dev/tests/harness"
)

// Actions are the actions of an actor. Frequent ones are listed more than once, for callers that draw one at random.
var Actions = []string{
	"visit", "open", "ask", "ask", "ask", "answer", "answer", "read", "close", "reopen", "rate",
	"ticket", "resolve", "drop",
}

// actor is a visitor and an agent who do one action after the other, each until it is decided.
type actor struct {
	*Scenario
	visitor       map[string]string // the headers with the visitor's token and secret
	conversations []string          // the tokens of the known conversations
	closed        map[string]bool
	tickets       []string
}

func (a *actor) do(action string) {
	switch action {
	case "visit":
		a.visit()
	case "open":
		a.open()
	case "ticket":
		a.ticket()
	case "resolve", "drop":
		a.change(action)
	default:
		a.talk(action)
	}
}

func (a *actor) agent() map[string]string {
	return map[string]string{"Authorization": "Bearer " + a.w.Secret(harness.ReadWrite)}
}

func (a *actor) own() map[string]string { return a.visitor }

// visit begins a session. Sessions have no idempotency key: one whose response was lost may have created a visitor too.
func (a *actor) visit() {
	harness.Eventually(a.t, Decided, "a visit", func() (bool, any) {
		status, b, err := a.once("POST", "/visitor/sessions", "", nil, fmt.Appendf(nil, `{"clientToken":%q}`,
			a.w.ClientToken))
		if err != nil || status != http.StatusCreated {
			return false, fmt.Sprint(status, " ", err, " ", string(b))
		}
		var made map[string]any
		if err := json.Unmarshal(b, &made); err != nil {
			a.t.Errorf("POST /visitor/sessions: %v: %s", err, b)
		}
		a.visitor = map[string]string{"x-visitor-id": harness.NewObject(a.t, made).Text("visitorToken")}
		if secret, issued := made["visitorSecret"].(string); issued {
			a.visitor["x-visitor-secret"] = secret
		}
		a.conversations = nil // those belong to another visitor
		return true, nil
	})
}

func (a *actor) open() {
	said := harness.Unique("said-")
	made := a.untilDecided("POST", "/visitor/conversations", a.own(), harness.Map{"content": said})
	a.acknowledge("conversation", 1)
	a.acknowledge("message", 1)
	if made != nil {
		a.conversations = append(a.conversations, harness.NewObject(a.t, made).Object("conversation").Text("token"))
	}
}

// talk does an action in the conversation that was opened last, unless it is closed.
func (a *actor) talk(action string) {
	if len(a.conversations) == 0 {
		a.open()
		return
	}
	token := a.conversations[len(a.conversations)-1]
	path := "/conversations/" + token
	switch action {
	case "ask", "answer":
		header, at := a.own(), "/visitor"+path
		if action == "answer" {
			header, at = a.agent(), path
		}
		if a.closed[token] {
			a.set(token, path, false)
		}
		a.untilDecided("POST", at+"/messages", header, harness.Map{"content": harness.Unique("said-")})
		a.acknowledge("message", 1)
	case "read":
		a.untilDecided("POST", path+"/read", a.agent(), harness.Map{})
	case "close", "reopen":
		a.set(token, path, action == "close")
	case "rate":
		a.untilDecided("POST", path+"/rate", a.own(), harness.Map{"rating": 4})
	}
}

// set closes or reopens a conversation.
func (a *actor) set(token, path string, closed bool) {
	status := map[bool]string{true: "CLOSED", false: "OPEN"}[closed]
	a.untilDecided("PATCH", path, a.agent(), harness.Map{"status": status})
	if a.closed[token] != closed {
		a.acknowledge("closed", map[bool]int{true: 1, false: -1}[closed])
	}
	if a.closed == nil {
		a.closed = map[string]bool{}
	}
	a.closed[token] = closed
}

func (a *actor) ticket() {
	made := a.untilDecided("POST", "/tickets", a.agent(), harness.Map{"title": harness.Unique("Ticket ")})
	a.acknowledge("ticket", 1)
	if made != nil {
		a.tickets = append(a.tickets, harness.NewObject(a.t, made).Text("id"))
	}
}

// change resolves or deletes the ticket that was created last.
func (a *actor) change(action string) {
	if len(a.tickets) == 0 {
		a.ticket()
		return
	}
	last := len(a.tickets) - 1
	path := "/tickets/" + a.tickets[last]
	if action == "resolve" {
		a.untilDecided("PATCH", path+"/status", a.agent(), harness.Map{"status": "RESOLVED"})
		return
	}
	a.tickets = a.tickets[:last]
	// 404 means deleted, even if the response was lost
	harness.Eventually(a.t, Decided, "DELETE "+path, func() (bool, any) {
		status, b, err := a.once("DELETE", path, "", a.agent(), nil)
		return err == nil && (status == http.StatusOK || status == http.StatusNotFound),
			fmt.Sprint(status, " ", err, " ", string(b))
	})
	a.acknowledge("dropped", 1)
}
