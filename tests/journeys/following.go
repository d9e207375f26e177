package journeys

import (
	"net/url"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// settles bounds after how long a change appears in a list of changes.
const settles = time.Minute

// followed is a list with a member that identifies its rows and one that a change sets.
type followed struct {
	path, key, shown string
	rows             []string
	change           func(row, to string)
	typ              harness.Type
}

// FollowingChanges checks that a client that polls the lists of changes gets the last state of every row, once.
func FollowingChanges(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	agent := w.Agent()
	patch := func(path, member string) func(row, to string) {
		return func(row, to string) { agent.Send(t, 200, "PATCH", path+row, harness.Map{member: to}) }
	}
	visitor := w.Visit(t, nil)
	lists := []followed{
		{"/visitors", "token", "name", []string{visitor.Token, w.Visit(t, nil).Token}, func(row, to string) {
			agent.Send(t, 200, "PATCH", "/visitors/"+row+"/context", harness.Map{"name": to})
		}, harness.Visitor},
		{
			"/users", "id", "name",
			[]string{harness.PathID(w.NewUser(t).Int("id")), harness.PathID(w.NewUser(t).Int("id"))},
			patch("/users/", "name"), harness.User,
		},
		{
			"/conversations", "token", "summary",
			[]string{visitor.Open(t, "one"), visitor.Open(t, "two")},
			patch("/conversations/", "summary"), harness.Conversation,
		},
		{"/tickets", "id", "title", []string{
			w.NewTicket(t, harness.Map{"title": "one"}).Text("id"), w.NewTicket(t, harness.Map{"title": "two"}).Text("id"),
		}, patch("/tickets/", "title"), harness.Ticket},
	}
	cursors := make([]string, len(lists))
	for i, l := range lists {
		began := agent.Get(t, l.path+"?updatedSince=2000-01-01T00:00:00.000Z&limit=1")
		harness.Check(t, l.path, began, harness.CursorPage(l.typ))
		if !began.Null("total") {
			t.Errorf("a list of changes has a total: %s: %s", l.path, began)
		}
		for _, to := range []string{"first", "second"} {
			for _, row := range l.rows {
				l.change(row, to)
			}
		}
		cursors[i] = began.Text("nextCursor")
		for _, row := range agent.Get(t, l.path+"?cursor="+url.QueryEscape(cursors[i])).List("data") {
			if row.M[l.shown] == "second" {
				t.Errorf("%s lists a row before its change has settled: %s", l.path, row)
			}
		}
	}
	for i, l := range lists { // their changes settle concurrently
		follow(t, agent, l, cursors[i])
	}
}

func follow(t *testing.T, agent harness.Client, l followed, cursor string) {
	seen, last := map[string]int{}, ""
	step := func() bool {
		o := agent.Do(t, "GET", l.path+"?limit=1&cursor="+url.QueryEscape(cursor), nil).Object()
		for _, row := range o.List("data") {
			id, ok := row.M[l.key].(string)
			if !ok {
				id = harness.PathID(row.Int(l.key))
			}
			seen[id]++
			if row.Text(l.shown) != "second" {
				t.Errorf("%s lists an outdated state of %s", l.path, row)
			}
			if at, has := row.M["updatedAt"].(string); has && at < last {
				t.Errorf("%s: a change at %s is listed after one at %s", l.path, at, last)
			} else if has {
				last = at
			}
		}
		next := o.Text("nextCursor")
		ends := next == cursor
		cursor = next
		return !ends
	}
	harness.Eventually(t, settles, l.path+" is read to its end", func() (bool, any) {
		for step() {
		}
		return len(seen) >= len(l.rows), seen
	})
	for _, row := range l.rows {
		if seen[row] != 1 || len(seen) != len(l.rows) {
			t.Errorf("%s lists %s %d times, and %d rows", l.path, row, seen[row], len(seen))
		}
	}
}
