package journeys

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// Lists checks the lists of tickets and visitors for agents: each order with each filter, by page and by cursor, and
// the counts beside them.
func Lists(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	visitor := w.Visit(t, harness.Map{
		"name": "Vera Winter", "context": harness.Map{"page": "https://shop.example/shop/atlas"},
	})
	w.Visit(t, harness.Map{"name": "Nils Berg"})
	first := ""
	for n, priority := range []string{"LOW", "URGENT", "MEDIUM"} {
		made := ada.Send(t, 201, "POST", "/tickets", harness.Map{
			"title": fmt.Sprint("Atlas ", n), "priority": priority, "visitorToken": visitor.Token,
		})
		if n == 0 {
			first = "/tickets/" + made.Text("id")
		}
	}
	ada.Send(t, 200, "PATCH", first, harness.Map{"assigneeId": ada.User, "status": "OPEN"})
	ada.Send(t, 201, "POST", first+"/messages", harness.Map{"content": "We are looking."})
	counts := ada.Get(t, "/tickets/counts")
	if counts.Int("active") != 3 || counts.Int("mine") != 1 || counts.Int("urgent") != 1 || counts.Int("new") != 2 {
		t.Errorf("counts of tickets: %s", counts)
	}
	if c := ada.Get(t, "/visitors/counts"); c.Int("total") != 2 || c.Int("online") != 2 {
		t.Errorf("counts of visitors: %s", c)
	}
	if rows := ada.Get(t, "/tickets/rows?assigneeId=me").List("data"); len(rows) != 1 ||
		rows[0].Object("lastAnswer").Text("content") != "We are looking." ||
		rows[0].Object("requester").Text("name") != "Vera Winter" || rows[0].Text("channel") != "CONSOLE" {
		t.Errorf("the agent's tickets: %s", rows)
	}
	tickets := listed{ada.Client, "/tickets/rows", "title"}
	for _, c := range []struct{ sort, filter, want string }{
		{"newest", "", "Atlas 2, Atlas 1, Atlas 0"},
		{"oldest", "channel=CONSOLE", "Atlas 0, Atlas 1, Atlas 2"},
		{"activity", "", "Atlas 0, Atlas 2, Atlas 1"},
		{"activity", "status=NEW,OPEN", "Atlas 0, Atlas 2, Atlas 1"},
		{"activity", "assigneeId=none", "Atlas 2, Atlas 1"},
		{"activity", "tag=none", ""},
		{"priority", "", "Atlas 1, Atlas 2, Atlas 0"},
		{"priority", "status=NEW", "Atlas 1, Atlas 2"},
		{"priority", "assigneeId=me", "Atlas 0"},
		{"priority", "tag=none", ""},
		{"newest", "tag=none", ""},
		{"newest", "search=atl", "Atlas 2, Atlas 1, Atlas 0"},
		{"oldest", "priority=LOW,URGENT", "Atlas 0, Atlas 1"},
	} {
		tickets.check(t, c.sort, c.filter, c.want)
	}
	visitors := listed{ada.Client, "/visitors/rows", "name"}
	for _, c := range []struct{ sort, filter, want string }{
		{"newest", "", "Nils Berg, Vera Winter"},
		{"oldest", "search=vera", "Vera Winter"},
		{"newest", "online=true&pagePath=/shop", "Vera Winter"},
		{"newest", "online=false", ""},
		{"newest", "verified=true", ""},
		{"seen", "verified=true", ""},
		{"seen", "verified=false&search=-vera", "Nils Berg"},
		{"seen", "online=true&search=winter", "Vera Winter"},
	} {
		visitors.check(t, c.sort, c.filter, c.want)
	}
	bestFirst(t, ada, tickets)
}

// bestFirst checks the order by exact words, and that deep pages are refused with a pointer to cursors.
func bestFirst(t *testing.T, ada harness.Person, tickets listed) {
	t.Helper()
	ada.Send(t, 201, "POST", "/tickets", harness.Map{"title": "Two atlases"})
	tickets.check(t, "newest", "search=atlas", "Two atlases, Atlas 2, Atlas 1, Atlas 0")
	tickets.check(t, "best", "search=atlas", "Atlas 2, Atlas 1, Atlas 0, Two atlases")
	for _, path := range []string{
		"/tickets/rows?page=501", "/visitors/rows?page=501", "/inbox?page=501", "/inbox?sort=best&search=atlas&page=2",
	} {
		if a := ada.Do(t, "GET", path, nil).Want(t, 400); !strings.Contains(string(a.Body), "cursor") {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
}

// listed is a list of which a member of the rows is compared.
type listed struct {
	agent        harness.Client
	path, member string
}

// check reads the list a row at a time, by page and by cursor.
func (l listed) check(t *testing.T, sort, filter, want string) {
	t.Helper()
	query := l.path + "?limit=1&sort=" + sort + "&" + filter
	var byPage, byCursor []string
	for page := 1; page <= strings.Count(want, ",")+1 && sort != "best"; page++ { // that has none by number
		for _, row := range l.agent.Get(t, fmt.Sprint(query, "&page=", page)).List("data") {
			byPage = append(byPage, row.Text(l.member))
		}
	}
	at := query
	for range harness.Pages(t) {
		page := l.agent.Get(t, at)
		for _, row := range page.List("data") {
			byCursor = append(byCursor, row.Text(l.member))
		}
		if page.Null("nextCursor") {
			break
		}
		at = query + "&cursor=" + url.QueryEscape(page.Text("nextCursor"))
	}
	for how, names := range map[string][]string{"page": byPage, "cursor": byCursor} {
		if how == "page" && sort == "best" {
			continue
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%s by %s: %s, want %s", query, how, got, want)
		}
	}
}
