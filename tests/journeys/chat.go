package journeys

import (
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// Chat is a visitor's question, an agent's answer, a rating, a ticket, and what is counted of it.
func Chat(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	agent, user := w.Agent(), w.NewUser(t)
	v := w.Visit(t, harness.Map{"name": "Vera", "context": harness.Map{"page": "/cart"}})
	if v.Made.Object("widget").Text("websiteClientToken") != w.ClientToken || !v.Made.Null("conversation") {
		t.Errorf("a first session: %s", v.Made)
	}
	token := v.Open(t, "Where is my parcel?")
	path, own := "/conversations/"+token, "/visitor/conversations/"+token
	now := func() harness.Object { return agent.Get(t, path).Object("conversation") }

	typing := func(c harness.Client, path, member string) {
		t.Helper()
		for _, on := range []bool{true, false} {
			c.Do(t, "POST", path+"/typing", harness.Map{"typing": on}).Want(t, 204)
			harness.Eventually(t, harness.Patience, member, func() (bool, any) { c := now(); return c.Bool(member) == on, c })
		}
	}
	typing(v.Client, own, "visitorTyping")
	typing(agent, path, "userTyping")

	reply := agent.Send(t, 201, "POST", path+"/messages", harness.Map{"content": "On its way.", "authorId": user.Int("id")})
	if reply.Text("senderType") != "USER" || reply.Int("userId") != user.Int("id") || !reply.Null("visitorId") {
		t.Errorf("an agent's message: %s", reply)
	}
	thanks := v.Say(t, token, "Thank you!")
	if thanks.Text("senderType") != "VISITOR" || thanks.Int("visitorId") != v.ID || thanks.Bool("read") || !thanks.Null("readAt") {
		t.Errorf("a visitor's message: %s", thanks)
	}
	agent.Do(t, "POST", path+"/read", nil).Want(t, 204)
	thread := agent.Get(t, path)
	harness.Check(t, "thread", thread, harness.Thread)
	contents := []string{}
	for _, m := range chat(thread.List("messages")) {
		contents = append(contents, m.Text("content"))
		if visitors := m.Text("senderType") == "VISITOR"; visitors && (!m.Bool("read") || m.Null("readAt")) {
			t.Errorf("the agent has read all, but not this: %s", m)
		}
	}
	wantTexts(t, "messages", contents, "Where is my parcel?", "On its way.", "Thank you!")
	if users := thread.List("users"); len(users) != 1 || users[0].Int("id") != user.Int("id") {
		t.Errorf("users of the thread: %s", thread)
	}
	if visitor := thread.Object("visitor"); visitor.Text("token") != v.Token || visitor.Text("name") != "Vera" || !visitor.Bool("online") {
		t.Errorf("visitor of the thread: %s", visitor)
	}

	v.Send(t, 200, "POST", path+"/rate", harness.Map{"rating": 5, "feedback": "Quick!"})
	closed := v.Send(t, 200, "POST", own+"/close", nil)
	if closed.Text("status") != "CLOSED" || closed.Null("closedAt") || closed.Int("rating") != 5 || closed.Null("firstMessageAt") {
		t.Errorf("closed: %s", closed)
	}
	ticket := w.NewTicket(t, harness.Map{"title": "Refund the postage", "conversationToken": token})
	if ticket.Int("visitorId") != v.ID || ticket.Int("conversationId") != closed.Int("id") {
		t.Errorf("ticket: %s", ticket)
	}
	wantStatistics(t, w, harness.Map{"totalConversations": 1, "activeConversations": 0, "totalMessages": 3, "totalVisitors": 1, "onlineVisitors": 1})
}

// chat leaves out the messages that nobody wrote.
func chat(messages []harness.Object) []harness.Object {
	var out []harness.Object
	for _, m := range messages {
		if m.Text("type") == "TEXT" {
			out = append(out, m)
		}
	}
	return out
}

// wantStatistics waits until the website's statistics say what they are to.
func wantStatistics(t *testing.T, w *harness.Website, want harness.Map) {
	t.Helper()
	wantStatisticsWithin(t, w, want, harness.Patience)
}

func wantStatisticsWithin(t *testing.T, w *harness.Website, want harness.Map, within time.Duration) {
	t.Helper()
	harness.Eventually(t, within, "statistics", func() (bool, any) {
		o := w.Reader().Get(t, "/statistics/current")
		for name, n := range want {
			if o.Int(name) != int64(n.(int)) {
				return false, o
			}
		}
		return true, o
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

// ReadingOn: after=ID gives what came behind a message, in order, and only to the conversation's own visitor.
func ReadingOn(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "one")
	path := "/visitor/conversations/" + token + "/messages"
	said := []harness.Object{w.Reply(t, token, "two"), v.Say(t, token, "three"), w.Reply(t, token, "four")}
	first := v.Do(t, "GET", path, nil).Want(t, 200).Object()
	all := first.List("messages")
	wantTexts(t, "all", contents(all), "one", "two", "three", "four")
	for i, m := range said {
		after := harness.PathID(m.Int("id"))
		have := v.Get(t, path+"?after="+after).List("messages")
		wantTexts(t, "after "+m.Text("content"), contents(have), []string{"three", "four"}[min(i, 2):]...)
	}
	v.Do(t, "GET", path+"?after=nonsense", nil).Want(t, 400)
	w.Visit(t, nil).Do(t, "GET", path, nil).Want(t, 404)
	for _, m := range all {
		harness.Check(t, "message", m, harness.Message)
	}
}

func contents(messages []harness.Object) []string {
	out := []string{}
	for _, m := range chat(messages) {
		out = append(out, m.Text("content"))
	}
	return out
}
