package journeys

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"fivechat.dev/tests/harness"
)

// Finding: every filter of the list of conversations, by itself and together.
func Finding(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent, user := w.Agent(), w.NewUser(t).Int("id")
	vera, ned := w.Visit(t, nil), w.Visit(t, nil)
	a := vera.Open(t, "Where is my PARCEL? It left on Monday.")
	b := ned.Open(t, "I want a refund")
	c := vera.Open(t, "Größe 42, please")
	w.Reply(t, b, "The parcel comes tomorrow")
	agent.Send(t, 200, "PATCH", "/conversations/"+b, harness.Map{"assigneeId": user, "status": "CLOSED"})
	for query, want := range map[string][]string{
		"": {c, b, a}, "status=OPEN": {c, a}, "status=CLOSED": {b}, "assigneeId=" + harness.PathID(user): {b}, "assigneeId=9007199254740001": {},
		"visitorId=" + harness.PathID(vera.ID): {c, a}, "visitorId=9007199254740001": {}, "search=parcel": {b, a}, "search=PARCEL": {b, a},
		"search=monday": {a}, "search=gr%C3%B6%C3%9Fe": {c}, "search=nothing": {}, "search=parcel&status=OPEN": {a},
		"search=parcel&visitorId=" + harness.PathID(ned.ID): {b}, "search=parcel+monday": {a},
		"search=": {c, b, a}, "limit=2": {c, b}, "status=OPEN&limit=1&page=2": {a},
	} {
		o := agent.Get(t, "/conversations?"+query)
		harness.Check(t, query, o, harness.Page(harness.Conversation))
		have := []string{}
		for _, row := range o.List("data") {
			have = append(have, row.Text("token"))
		}
		if !slices.Equal(have, want) {
			t.Errorf("%q finds %v, want %v", query, have, want)
		}
	}
	agent.Do(t, "GET", "/conversations?cursor=nonsense", nil).Want(t, 400)
}

func tokensOf(rows []harness.Object) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Text("token")
	}
	return out
}

// Walking: a walk by cursor gives every conversation that was there when it began exactly once, while others are made.
func Walking(t *testing.T, s harness.System) {
	const before = 57
	w := s.Website(t, harness.Free)
	w.Import(t, before)
	there := map[string]bool{}
	for _, token := range tokensOf(w.Reader().Get(t, "/conversations?limit=100").List("data")) {
		there[token] = true
	}
	if len(there) != before {
		t.Fatalf("%d conversations, want %d", len(there), before)
	}
	v := w.Visit(t, nil)
	seen := map[string]int{}
	query := "?limit=5"
	for step := 0; ; step++ {
		page := w.Reader().Get(t, "/conversations"+query)
		for _, token := range tokensOf(page.List("data")) {
			seen[token]++
		}
		if page.Null("nextCursor") {
			break
		}
		query = "?limit=5&cursor=" + url.QueryEscape(page.Text("nextCursor"))
		v.Open(t, fmt.Sprintf("new %d", step))
		if step > before {
			t.Fatal("the walk does not end")
		}
	}
	for token := range there {
		if seen[token] != 1 {
			t.Errorf("%s was seen %d times", token, seen[token])
		}
	}
	for token, n := range seen {
		if n != 1 || !there[token] {
			t.Errorf("%s was seen %d times; there at the beginning: %v", token, n, there[token])
		}
	}
}
