package journeys

import (
	"fmt"
	"sync"
	"testing"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// side runs n callers concurrently and waits for all.
func side(n int, do func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	wg.Wait()
}

// SentAgain checks that a repeated clientMessageId responds with 200 and the first message, for visitors, for agents
// and for the message that opens a conversation.
func SentAgain(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	first := harness.Map{"content": "Hello", "clientMessageId": "m-1"}
	opened := v.Send(t, 201, "POST", "/visitor/conversations", first)
	if again := v.Send(t, 200, "POST", "/visitor/conversations", first); harness.Render(again.M) !=
		harness.Render(opened.M) {
		t.Errorf("opened again:\nhave %s\nwant %s", again, opened)
	}
	token := opened.Object("conversation").Text("token")
	for _, c := range []struct {
		client harness.Client
		path   string
	}{{v.Client, "/visitor/conversations/" + token + "/messages"}, {w.Agent(), "/conversations/" + token + "/messages"}} {
		id := harness.Unique("m-")
		made := c.client.Send(t, 201, "POST", c.path, harness.Map{"content": "A", "clientMessageId": id})
		for _, content := range []string{"A", "B"} {
			if again := c.client.Send(t, 200, "POST", c.path,
				harness.Map{"content": content, "clientMessageId": id}); again.String() != made.String() {
				t.Errorf("%s again:\nhave %s\nwant %s", c.path, again, made)
			}
		}
		c.client.Send(t, 201, "POST", c.path, harness.Map{"content": "A", "clientMessageId": harness.Unique("m-")})
		c.client.Send(t, 201, "POST", c.path, harness.Map{"content": "A"})
		c.client.Send(t, 201, "POST", c.path, harness.Map{"content": "A"})
	}
	other := v.Open(t, "Another conversation")
	v.Send(t, 201, "POST", "/visitor/conversations/"+other+"/messages", first) // the id is unique per conversation
	thread := harness.Of(w.Agent().API(t).GetConversation(t.Context(), token, nil)).OK(t)
	if n := len(chat(thread.Messages)); n != 9 {
		t.Errorf("%d messages, want 9", n)
	}
	wantStatistics(t, w, api.Statistics{
		TotalConversations: 2, ActiveConversations: 2, TotalMessages: 11, TotalVisitors: 1,
		OnlineVisitors: 1,
	})
}

// SentAtOnce checks that of many equal concurrent requests, one creates the message.
func SentAtOnce(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	const callers = 16
	send := func(path string, want int) string {
		t.Helper()
		body := harness.Map{"content": "Once", "clientMessageId": harness.Unique("m-")}
		answers := make([]harness.Answer, callers)
		side(callers, func(i int) { answers[i] = v.Do(t, "POST", path, body) })
		made, bodies := 0, map[string]int{}
		for _, a := range answers {
			switch a.Status {
			case 201:
				made++
			case 200:
			default:
				t.Errorf("POST %s: status %d: %s", path, a.Status, a.Body)
			}
			bodies[string(a.Body)]++
		}
		if made != want || len(bodies) != 1 {
			t.Errorf("POST %s: %d of %d created a message, with %d different responses", path, made, callers, len(bodies))
		}
		o := answers[0].Object()
		if c, ok := o.M["conversation"]; ok && c != nil {
			return o.Object("conversation").Text("token")
		}
		return ""
	}
	token := send("/visitor/conversations", 1)
	send("/visitor/conversations/"+token+"/messages", 1)
	if n := len(chat(harness.Of(w.Agent().API(t).GetConversation(t.Context(), token, nil)).OK(t).Messages)); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
	wantStatistics(t, w, api.Statistics{
		TotalConversations: 1, ActiveConversations: 1, TotalMessages: 2, TotalVisitors: 1,
		OnlineVisitors: 1,
	})
}

// Busy checks that 64 clients that post into one conversation and rate it concurrently neither lose nor duplicate
// anything.
func Busy(t *testing.T, s harness.System) {
	const clients, each = 64, 5
	ctx, w := t.Context(), s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "first")
	agent, visitor := w.Agent().API(t), v.API(t)
	var mu sync.Mutex
	acknowledged := map[string]int64{} // content to id
	say := func(i int, content string) (api.Answer[api.Message], error) {
		if i%2 == 1 {
			return agent.PostMessage(ctx, token, nil, api.AgentMessage{Content: content})
		}
		return visitor.PostOwnMessage(ctx, token, nil, api.VisitorMessage{Content: content})
	}
	side(clients, func(i int) {
		for n := range each {
			content, rating := fmt.Sprintf("%d/%d", i, n), int64(1+(i+n)%5)
			m, err := say(i, content)
			rated, rateErr := visitor.RateConversation(ctx, token, nil, api.Rating{Rating: rating})
			if err != nil || m.Status != 201 || rateErr != nil {
				t.Errorf("message %s: %d %v; rating: %v", content, m.Status, err, rateErr)
				continue
			}
			if have := rated.Body.Rating.MustGet(); have != rating {
				t.Errorf("rated %d, answered %d", rating, have)
			}
			mu.Lock()
			acknowledged[content] = m.Body.ID
			mu.Unlock()
		}
	})
	thread := harness.Of(agent.GetConversation(ctx, token, nil)).OK(t)
	stored := map[string]int64{}
	last := int64(0)
	for _, m := range chat(thread.Messages)[1:] {
		if _, twice := stored[m.Content]; twice {
			t.Errorf("message %q is stored twice", m.Content)
		}
		stored[m.Content] = m.ID
		if m.ID <= last {
			t.Errorf("message %d is listed after %d", m.ID, last)
		}
		last = m.ID
	}
	for content, id := range acknowledged {
		if stored[content] != id {
			t.Errorf("message %q was acknowledged as %d and is %d", content, id, stored[content])
		}
	}
	if len(stored) != clients*each || len(acknowledged) != clients*each {
		t.Errorf("%d messages are stored and %d acknowledged, want %d", len(stored), len(acknowledged), clients*each)
	}
	if c := thread.Conversation; c.Rating.IsNull() || c.FirstMessageAt.IsNull() {
		t.Errorf("the ratings or the first answer are lost: %+v", c)
	}
	wantStatistics(t, w, api.Statistics{
		TotalConversations: 1, ActiveConversations: 1, TotalMessages: 1 + clients*each,
		TotalVisitors: 1, OnlineVisitors: 1,
	})
}
