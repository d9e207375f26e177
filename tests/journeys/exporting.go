package journeys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// copies are the copies of all kinds.
type copies struct {
	agent harness.Client
	of    map[string]*harness.Copy
}

func newCopies(t *testing.T, agent harness.Client) copies {
	c := copies{agent, map[string]*harness.Copy{}}
	for _, kind := range []string{"conversations", "messages", "visitors", "tickets"} {
		c.of[kind] = newCopy(t, agent, kind, "?limit=3")
	}
	return c
}

func newCopy(t *testing.T, agent harness.Client, kind, query string) *harness.Copy {
	return harness.NewCopy(kind, query, func(path string) (int, []byte, error) {
		a := agent.Do(t, http.MethodGet, path, nil)
		if kind := a.Header.Get("Content-Type"); kind != "application/x-ndjson" {
			t.Errorf("%s is %s", path, kind)
		}
		return a.Status, a.Body, nil
	})
}

// follow reads the exports until every copy equals the lists.
func (c copies) follow(t *testing.T, what string) {
	t.Helper()
	for kind, one := range c.of {
		harness.Eventually(t, 30*time.Second, "the copy of "+kind+" has "+what, func() (bool, any) {
			if ended, why := one.Pull(t); !ended {
				return false, why
			}
			return one.Agrees(t, c.agent)
		})
	}
}

// Exporting checks that a second system gets all rows of each kind, and later every change once.
func Exporting(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	agent := w.Agent()
	visitor := w.Visit(t, nil)
	token := visitor.Open(t, "one")
	var tickets []string
	for range 7 {
		tickets = append(tickets, w.NewTicket(t, harness.Map{"title": "first"}).Text("id"))
	}
	all := newCopies(t, agent)
	all.follow(t, "all rows")
	path := "/conversations/" + token
	id := fmt.Sprint(agent.Get(t, path).Object("conversation").M["id"])
	came := all.of["conversations"].Came[id]

	agent.Send(t, 200, "PATCH", "/tickets/"+tickets[2], harness.Map{"title": "second"})
	agent.Send(t, 200, "DELETE", "/tickets/"+tickets[3], nil)
	agent.Send(t, 201, "POST", path+"/messages", harness.Map{"content": "two"})
	agent.Do(t, "POST", path+"/read", nil).Want(t, 204)
	agent.Send(t, 200, "PATCH", path, harness.Map{"summary": "second"})
	all.follow(t, "changes, a deletion, and what was read")
	if n := all.of["conversations"].Came[id]; n == came {
		t.Error("the changed conversation was not exported again")
	}
	came = all.of["conversations"].Came[id]

	agent.Send(t, 200, "PATCH", path, harness.Map{"summary": "second"}) // no change
	visitor.Do(t, "POST", "/visitor"+path+"/messages", harness.Map{"content": "three"}).Want(t, 201)
	agent.Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": []harness.Map{
		harness.Row(harness.Unique("a"), "Is it open?", "It is."), harness.Row(harness.Unique("b"), "Hello?"),
	}})
	all.follow(t, "an import")
	if n := all.of["conversations"].Came[id]; n != came {
		t.Errorf("the unchanged conversation was exported %d times more", n-came)
	}

	for n, comment := range []any{nil, "slow", "quick"} { // the stars stay
		visitor.Do(t, "POST", path+"/rate", harness.Map{"rating": 4, "feedback": comment}).Want(t, 200)
		harness.Eventually(t, harness.Patience, fmt.Sprint("rating ", n, " is exported"), func() (bool, any) {
			all.of["conversations"].Pull(t)
			row := all.of["conversations"].Row(id)
			return row["feedback"] == comment && row["rating"] != nil && row["ratedAt"] != nil, row
		})
	}

	later := newCopy(t, agent, "tickets", "?since="+url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	later.Pull(t)
	made := w.NewTicket(t, harness.Map{"title": "new"}).Text("id")
	harness.Eventually(t, harness.Patience, "the changes since", func() (bool, any) {
		later.Pull(t)
		return later.Came[made] == 1, later.Came
	})
	if len(later.Came) != 1 {
		t.Errorf("since: %v", later.Came)
	}
	erasure := s.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, visitor.Token),
		nil).Int("id")
	harness.Eventually(t, 30*time.Second, "the erasure", func() (bool, any) {
		e := s.Operator().Get(t, fmt.Sprintf("/operator/erasures/%d", erasure))
		return !e.Null("sweptAt"), e
	})
	all.follow(t, "an erasure")
	refusedCursors(t, w, other)
}

// refusedCursors checks that a cursor is valid only for the export and the website that it was issued for.
func refusedCursors(t *testing.T, w, other *harness.Website) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(w.Agent().Do(t, "GET", "/export/tickets", nil).Want(t, 200).Body), []byte("\n"))
	var end struct{ Cursor string }
	if err := json.Unmarshal(lines[len(lines)-1], &end); err != nil || end.Cursor == "" {
		t.Fatalf("the export ends with %s", lines[len(lines)-1])
	}
	at := "?cursor=" + url.QueryEscape(end.Cursor)
	for _, asked := range []struct {
		by   harness.Client
		path string
	}{
		{w.Agent(), "/export/visitors" + at},
		{other.Agent(), "/export/tickets" + at},
		{w.Agent(), "/export/tickets?cursor=e30"},
		{w.Agent(), "/export/tickets" + at + "x"},
	} {
		if a := asked.by.Do(t, "GET", asked.path, nil); a.Status != 400 || !bytes.Contains(a.Body, []byte(`"cursor"`)) {
			t.Errorf("%s: %d %s", asked.path, a.Status, a.Body)
		}
	}
}
