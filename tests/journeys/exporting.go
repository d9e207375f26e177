package journeys

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// copied is what a second system has of one kind: its rows by number, and how often each came.
type copied struct {
	harness.Client
	path, cursor string
	rows         map[string]map[string]any
	came         map[string]int
	gone         map[string]int
}

func newCopy(c harness.Client, kind, query string) *copied {
	return &copied{c, "/export/" + kind + query, "", map[string]map[string]any{}, map[string]int{}, map[string]int{}}
}

// pull reads on until the end that the export has at this moment.
func (c *copied) pull(t *testing.T) {
	t.Helper()
	for range 1000 {
		at := c.path
		if c.cursor != "" {
			at = strings.Split(c.path, "?")[0] + "?limit=3&cursor=" + url.QueryEscape(c.cursor)
		}
		a := c.Do(t, http.MethodGet, at, nil)
		if a.Status != 200 || a.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Fatalf("%s: %d %v %s", at, a.Status, a.Header, a.Body)
		}
		lines := bytes.Split(bytes.TrimSpace(a.Body), []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			c.take(t, line)
		}
		var end struct {
			EndOfStream *bool
			Cursor      string
			Restarted   bool
		}
		if err := json.Unmarshal(lines[len(lines)-1], &end); err != nil || end.EndOfStream == nil || end.Cursor == "" || end.Restarted {
			t.Fatalf("%s ends with %s", at, lines[len(lines)-1])
		}
		if c.cursor = end.Cursor; *end.EndOfStream {
			return
		}
	}
	t.Fatalf("%s has no end", c.path)
}

func (c *copied) take(t *testing.T, line []byte) {
	t.Helper()
	var row map[string]any
	if err := json.Unmarshal(line, &row); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	id := text(row["id"])
	if row["deleted"] == true {
		if row["id"] == nil {
			id = text(row["conversationId"])
		}
		c.gone[id]++
		delete(c.rows, id)
		return
	}
	c.came[id]++
	c.rows[id] = row
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return strings.Trim(string(b), `"`)
}

// shows waits until the copy is as it should be.
func (c *copied) shows(t *testing.T, what string, is func() bool) {
	t.Helper()
	harness.Eventually(t, 30*time.Second, c.path+": "+what, func() (bool, any) {
		c.pull(t)
		return is(), c.rows
	})
}

// Exporting: a second system has all rows of each kind, and then what becomes of them.
func Exporting(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	agent := w.Agent()
	visitor := w.Visit(t, nil)
	token := visitor.Open(t, "one")
	var tickets []string
	for range 7 {
		tickets = append(tickets, w.NewTicket(t, harness.Map{"title": "first"}).Text("id"))
	}
	conversations, messages := newCopy(agent, "conversations", "?limit=3"), newCopy(agent, "messages", "?limit=3")
	visitors, copies := newCopy(agent, "visitors", "?limit=3"), newCopy(agent, "tickets", "?limit=3")
	copies.shows(t, "all tickets", func() bool { return len(copies.rows) == 7 })
	conversations.shows(t, "the conversation", func() bool { return len(conversations.rows) == 1 })
	messages.shows(t, "its message", func() bool { return len(messages.rows) == 1 })
	visitors.shows(t, "the visitor", func() bool { return len(visitors.rows) == 1 })

	agent.Send(t, 200, "PATCH", "/tickets/"+tickets[2], harness.Map{"title": "second"})
	agent.Send(t, 200, "DELETE", "/tickets/"+tickets[3], nil)
	copies.shows(t, "a change and a deletion", func() bool {
		return len(copies.rows) == 6 && copies.gone[tickets[3]] > 0 && copies.rows[tickets[2]]["title"] == "second"
	})
	agent.Send(t, 201, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "two"})
	agent.Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"summary": "second"})
	agent.Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": []harness.Map{
		harness.Row(harness.Unique("a"), "Is it open?", "It is."), harness.Row(harness.Unique("b"), "Hello?"),
	}})
	conversations.shows(t, "a change and an import", func() bool {
		for _, row := range conversations.rows {
			if row["summary"] == "second" {
				return len(conversations.rows) == 3
			}
		}
		return false
	})
	messages.shows(t, "what was said and imported", func() bool { return len(messages.rows) == 5 })
	visitors.shows(t, "who was imported", func() bool { return len(visitors.rows) > 1 })
	for id, n := range messages.came {
		if n > 2 { // once, or once more where the walk found it before its record had a position
			t.Errorf("message %s came %d times", id, n)
		}
	}

	later := newCopy(agent, "tickets", "?since="+url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	later.pull(t)
	made := w.NewTicket(t, harness.Map{"title": "new"}).Text("id")
	later.shows(t, "what came since", func() bool { return later.rows[made] != nil })
	refusedCursors(t, w, other, copies.cursor)
}

// refusedCursors: a cursor opens only the export that gave it, to the website that it was given to.
func refusedCursors(t *testing.T, w, other *harness.Website, cursor string) {
	t.Helper()
	at := "?cursor=" + url.QueryEscape(cursor)
	for _, asked := range []struct {
		by   harness.Client
		path string
	}{
		{w.Agent(), "/export/visitors" + at}, {other.Agent(), "/export/tickets" + at},
		{w.Agent(), "/export/tickets?cursor=e30"}, {w.Agent(), "/export/tickets" + at + "x"},
	} {
		if a := asked.by.Do(t, "GET", asked.path, nil); a.Status != 400 || !bytes.Contains(a.Body, []byte(`"cursor"`)) {
			t.Errorf("%s: %d %s", asked.path, a.Status, a.Body)
		}
	}
}
