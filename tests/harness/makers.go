package harness

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/libs/client/api"
)

// Map is a JSON object to send.
type Map = map[string]any

// The plans and levels, as the edge spells them.
const (
	Free      = "FREE"
	Pro       = "PRO"
	Read      = "READ"
	Write     = "WRITE"
	ReadWrite = "READ_WRITE"
)

// Website is a tenant created for one test, with a token of each level.
type Website struct {
	System
	ID                      int64
	Name, Plan, ClientToken string
	tokens                  map[string]string // by level
}

// Unique returns a name that no other test uses.
func Unique(prefix string) string { return prefix + strings.ToLower(rand.Text())[:12] }

// Website creates a tenant.
func (s System) Website(t testing.TB, plan string) *Website {
	t.Helper()
	name := Unique("Shop ")
	made := s.Operator().Send(t, 201, "POST", "/operator/websites", Map{
		"name": name, "url": "https://shop.example",
		"plan": plan,
	})
	w := &Website{
		System: s, ID: made.Int("id"), Name: name, Plan: plan, ClientToken: made.Text("clientToken"),
		tokens: map[string]string{},
	}
	for _, level := range []string{Read, Write, ReadWrite} {
		_, w.tokens[level] = w.Token(t, level)
	}
	return w
}

// Token creates an API token and returns its id and its secret.
func (w *Website) Token(t testing.TB, level string) (int64, string) {
	t.Helper()
	made := w.Operator().Send(t, 201, "POST", fmt.Sprintf("/operator/websites/%d/tokens", w.ID),
		Map{"name": "test", "level": level})
	return made.Int("id"), made.Text("token")
}

// Revoke revokes a token.
func (w *Website) Revoke(t testing.TB, id int64) {
	t.Helper()
	w.Operator().Send(t, 200, "DELETE", fmt.Sprintf("/operator/websites/%d/tokens/%d", w.ID, id), nil)
}

// Revoked creates a READ_WRITE token, revokes it and returns its secret.
func (w *Website) Revoked(t testing.TB) string {
	t.Helper()
	id, secret := w.Token(t, ReadWrite)
	w.Revoke(t, id)
	return secret
}

// As returns a client with the website's token of a level.
func (w *Website) As(level string) Client { return w.Bearer(w.Secret(level)) }

// Secret returns the website's token of a level.
func (w *Website) Secret(level string) string { return w.tokens[level] }

// Reader returns a client with a READ token.
func (w *Website) Reader() Client { return w.As(Read) }

// Writer returns a client with a WRITE token, which doesn't include reading.
func (w *Website) Writer() Client { return w.As(Write) }

// Agent returns a client with a READ_WRITE token.
func (w *Website) Agent() Client { return w.As(ReadWrite) }

// NewUser creates an agent of the website.
func (w *Website) NewUser(t testing.TB) Object {
	t.Helper()
	return w.Operator().Send(t, 201, "POST", fmt.Sprintf("/operator/websites/%d/users", w.ID),
		Map{"name": Unique("Agent "), "email": Unique("agent.") + "@shop.example"})
}

// Session is a visitor's session on the website.
type Session struct {
	Client
	ID     int64
	Token  string
	Secret string // empty if the system issued none
	Made   Object // the response that created it
}

// Back returns the body that resumes the session.
func (s Session) Back() Map { return Map{"visitorToken": s.Token, "visitorSecret": s.Secret} }

// Visit begins a visitor's session. The members of more are sent beside the client token.
func (w *Website) Visit(t testing.TB, more Map) Session {
	t.Helper()
	body := Map{"clientToken": w.ClientToken}
	for k, v := range more {
		body[k] = v
	}
	made := w.Public().Send(t, 201, "POST", "/visitor/sessions", body)
	token, secret := made.Text("visitorToken"), more["visitorSecret"]
	if issued := made.M["visitorSecret"]; issued != nil {
		secret = issued
	}
	kept, _ := secret.(string)
	return Session{w.System.Proven(token, kept), made.Object("visitor").Int("id"), token, kept, made}
}

// Open opens a conversation and returns its token.
func (s Session) Open(t testing.TB, content string) string {
	t.Helper()
	return Of(s.API(t).OpenConversation(t.Context(), nil, api.FirstMessage{Content: content})).OK(t).Conversation.Token
}

// Say posts a visitor's message into a conversation.
func (s Session) Say(t testing.TB, conversation, content string) api.Message {
	t.Helper()
	return Of(s.API(t).PostOwnMessage(t.Context(), conversation, nil, api.VisitorMessage{Content: content})).OK(t)
}

// Reply posts an agent's message into a conversation.
func (w *Website) Reply(t testing.TB, conversation, content string) api.Message {
	t.Helper()
	return Of(w.Agent().API(t).PostMessage(t.Context(), conversation, nil, api.AgentMessage{Content: content})).OK(t)
}

// NewTicket creates a ticket.
func (w *Website) NewTicket(t testing.TB, fields Map) Object {
	t.Helper()
	return w.Agent().Send(t, 201, "POST", "/tickets", fields)
}

// Dialogue returns a conversation to import.
func Dialogue(key string, turns ...string) api.ImportRow {
	row := api.ImportRow{Key: key, Topics: &[]string{"Test_1"}}
	for i, text := range turns {
		row.Turns = append(row.Turns,
			api.ImportTurn{From: []api.ImportTurnFrom{api.ImportTurnFromVisitor, api.ImportTurnFromAgent}[i%2], Text: text})
	}
	return row
}

// Row is a Dialogue as a JSON object, which may be invalid.
func Row(key string, turns ...string) Map {
	said := make([]Map, len(turns))
	for i, text := range turns {
		said[i] = Map{"from": []string{"visitor", "agent"}[i%2], "text": text}
	}
	return Map{"key": key, "topics": []string{"Test_1"}, "turns": said}
}

// History is a row with everything that an import keeps.
func History(key string) Map {
	row := Row(key, "Is it open?", "It is.")
	row["visitor"] = Map{"key": key, "name": "Vera", "context": Map{"cart": 3}}
	row["status"], row["closedAt"], row["assignee"] = "CLOSED", "2025-03-03T10:00:00Z", "una@shop.example"
	row["summary"], row["rating"] = "Opening hours", Map{"stars": 4, "feedback": "quick", "at": "2025-03-03T11:00:00Z"}
	for i, turn := range row["turns"].([]Map) {
		turn["at"] = fmt.Sprintf("2025-03-03T09:0%d:00Z", i)
	}
	row["turns"].([]Map)[1]["agent"] = "una@shop.example"
	return row
}

// Import imports n conversations of two messages each.
func (w *Website) Import(t testing.TB, n int) {
	t.Helper()
	rows := make([]api.ImportRow, n)
	for i := range rows {
		rows[i] = Dialogue(fmt.Sprintf("row/%d", i), fmt.Sprintf("question %d", i), fmt.Sprintf("answer %d", i))
	}
	Of(w.Agent().API(t).ImportConversations(t.Context(), nil, api.Import{Rows: rows})).OK(t)
}

// Swept waits until every service has processed an erasure, and returns it.
func (s System) Swept(t testing.TB, erasure int64) (e Object) {
	t.Helper()
	Eventually(t, 2*Patience, "the erasure", func() (bool, any) {
		e = s.Operator().Get(t, fmt.Sprintf("/operator/erasures/%d", erasure))
		return !e.Null("sweptAt"), e
	})
	return e
}

// UnknownID is an id that no object has.
const UnknownID = 9007199254740001

// Lookalike returns an unknown token of the same form: its random part is reversed.
func Lookalike(token string) string {
	prefix, random, _ := strings.Cut(token, "_")
	b := []byte(random)
	slices.Reverse(b)
	return prefix + "_" + string(b)
}

// PathID formats an id for a path.
func PathID(n int64) string { return strconv.FormatInt(n, 10) }
