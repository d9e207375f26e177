package journeys

import (
	"testing"
	"time"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// Chat is a visitor's question, an agent's reply, a rating, a ticket, and the statistics of them.
func Chat(t *testing.T, s harness.System) {
	ctx, w := t.Context(), s.Website(t, harness.Pro)
	agent, user := w.Agent().API(t), w.NewUser(t).Int("id")
	v := w.Visit(t, harness.Map{"name": "Vera", "context": harness.Map{"page": "/cart"}})
	if v.Made.Object("widget").Text("websiteClientToken") != w.ClientToken || !v.Made.Null("conversation") {
		t.Errorf("a first session: %s", v.Made)
	}
	token, visitor := v.Open(t, "Where is my parcel?"), v.API(t)
	thread := func() api.Thread { return harness.Of(agent.GetConversation(ctx, token, nil)).OK(t) }

	for _, on := range []bool{true, false} {
		harness.Done(t, visitor.SetOwnTyping(ctx, token, nil, api.TypingState{Typing: on}))
		harness.Done(t, agent.SetTyping(ctx, token, nil, api.TypingState{Typing: on}))
		harness.Eventually(t, harness.Patience, "typing", func() (bool, any) {
			c := thread().Conversation
			return c.VisitorTyping == on && c.UserTyping == on, c
		})
	}

	reply := harness.Of(agent.PostMessage(ctx, token, nil, api.AgentMessage{
		Content:  "On its way.",
		AuthorID: &user,
	})).OK(t)
	if reply.SenderType != api.SenderUSER || reply.UserID.MustGet() != user || !reply.VisitorID.IsNull() {
		t.Errorf("an agent's message: %+v", reply)
	}
	thanks := v.Say(t, token, "Thank you!")
	if thanks.SenderType != api.SenderVISITOR || thanks.VisitorID.MustGet() != v.ID || thanks.Read ||
		!thanks.ReadAt.IsNull() {
		t.Errorf("a visitor's message: %+v", thanks)
	}
	harness.Done(t, agent.MarkRead(ctx, token, nil))
	now := thread()
	for _, m := range chat(now.Messages) {
		if m.SenderType == api.SenderVISITOR && (!m.Read || m.ReadAt.IsNull()) {
			t.Errorf("a message stays unread after the agent read all: %+v", m)
		}
	}
	wantTexts(t, "messages", contents(now.Messages), "Where is my parcel?", "On its way.", "Thank you!")
	if len(now.Users) != 1 || now.Users[0].ID != user {
		t.Errorf("users of the thread: %+v", now.Users)
	}
	if shown := now.Visitor.MustGet(); shown.Token != v.Token || shown.Name != "Vera" || !shown.Online {
		t.Errorf("visitor of the thread: %+v", shown)
	}

	harness.Of(visitor.RateConversation(ctx, token, nil, api.Rating{Rating: 5, Feedback: new("Quick!")})).OK(t)
	closed := harness.Of(visitor.CloseOwnConversation(ctx, token, nil)).OK(t)
	if closed.Status != api.ConversationStatusCLOSED || closed.ClosedAt.IsNull() || closed.Rating.MustGet() != 5 ||
		closed.FirstMessageAt.IsNull() {
		t.Errorf("closed: %+v", closed)
	}
	ticket := harness.Of(agent.CreateTicket(ctx, nil, api.NewTicket{
		Title:             "Refund the postage",
		ConversationToken: &token,
	})).OK(t)
	if ticket.VisitorID.MustGet() != v.ID || ticket.ConversationID.MustGet() != closed.ID {
		t.Errorf("ticket: %+v", ticket)
	}
	wantStatistics(t, w, api.Statistics{TotalConversations: 1, TotalMessages: 3, TotalVisitors: 1, OnlineVisitors: 1})
}

// chat leaves out the system's messages, which have no author.
func chat(messages []api.Message) []api.Message {
	var out []api.Message
	for _, m := range messages {
		if m.Type == api.MessageTypeTEXT {
			out = append(out, m)
		}
	}
	return out
}

func contents(messages []api.Message) []string {
	out := []string{}
	for _, m := range chat(messages) {
		out = append(out, m.Content)
	}
	return out
}

// wantStatistics waits until the website's statistics have the wanted values. It ignores the response times.
func wantStatistics(t *testing.T, w *harness.Website, want api.Statistics) {
	t.Helper()
	wantStatisticsWithin(t, w, want, harness.Patience)
}

func wantStatisticsWithin(t *testing.T, w *harness.Website, want api.Statistics, within time.Duration) {
	t.Helper()
	reader := w.Reader().API(t)
	harness.Eventually(t, within, "statistics", func() (bool, any) {
		have := harness.Of(reader.GetStatistics(t.Context())).OK(t)
		have.AverageResponseTime = want.AverageResponseTime
		return have == want, have
	})
}

func wantTexts(t *testing.T, what string, have []string, want ...string) {
	t.Helper()
	if len(have) != len(want) {
		t.Errorf("%s: have %q, want %q", what, have, want)
		return
	}
	for i := range want {
		if have[i] != want[i] {
			t.Errorf("%s: have %q, want %q", what, have, want)
			return
		}
	}
}

// ReadingOn checks that after=ID returns the messages after that one, in order, and only to the conversation's own
// visitor.
func ReadingOn(t *testing.T, s harness.System) {
	ctx, w := t.Context(), s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "one")
	said := []api.Message{w.Reply(t, token, "two"), v.Say(t, token, "three"), w.Reply(t, token, "four")}
	after := func(params *api.ListOwnMessagesParams) []string {
		t.Helper()
		return contents(harness.Of(v.API(t).ListOwnMessages(ctx, token, params)).OK(t).Messages)
	}
	wantTexts(t, "all", after(nil), "one", "two", "three", "four")
	for i, m := range said {
		wantTexts(t, "after "+m.Content, after(&api.ListOwnMessagesParams{After: &m.ID}),
			[]string{"three", "four"}[min(i, 2):]...)
	}
	v.Do(t, "GET", "/visitor/conversations/"+token+"/messages?after=nonsense", nil).Want(t, 400)
	harness.Of(w.Visit(t, nil).API(t).ListOwnMessages(ctx, token, nil)).Refused(t, 404)
}
