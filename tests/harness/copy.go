package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"testing"
)

// Copy is a second system's copy of the website's rows of one kind, filled by following the export.
type Copy struct {
	Kind        string         // conversations, messages, visitors or tickets
	Came        map[string]int // how often each row was exported, by its id
	rows, whole map[string]map[string]any
	seen        map[string]bool // lines that were exported
	get         func(path string) (status int, body []byte, err error)
	next        string // the query that continues the export
}

// NewCopy returns an empty copy whose first query is like "?limit=3". get requests a path of the edge with a token that
// may read.
func NewCopy(kind, query string, get func(path string) (int, []byte, error)) *Copy {
	return &Copy{
		Kind:  kind,
		Came:  map[string]int{},
		rows:  map[string]map[string]any{},
		whole: map[string]map[string]any{},
		seen:  map[string]bool{},
		get:   get,
		next:  query,
	}
}

// Pull applies one page of the export, completely or not at all. It reports whether the export has ended, and if not,
// why. The test fails if the response isn't valid, or if a line is exported twice; only an older version of a
// conversation may be.
func (c *Copy) Pull(t testing.TB) (ended bool, why any) {
	t.Helper()
	status, body, err := c.get("/export/" + c.Kind + c.next)
	switch {
	case err != nil || status >= 500:
		return false, fmt.Sprint(status, " ", err, " ", string(body))
	case status != 200:
		t.Errorf("export of %s%s: %d %s", c.Kind, c.next, status, body)
		return false, status
	}
	lines := bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	var end struct {
		EndOfStream *bool
		Cursor      string
		Restarted   bool
	}
	if err := json.Unmarshal(lines[len(lines)-1], &end); err != nil || end.EndOfStream == nil || end.Cursor == "" ||
		end.Restarted {
		t.Errorf("the export of %s ends with %s", c.Kind, lines[len(lines)-1])
		return false, "the page has no last line"
	}
	for _, line := range lines[:len(lines)-1] {
		c.take(t, line)
	}
	c.next = "?limit=7&cursor=" + url.QueryEscape(end.Cursor)
	return *end.EndOfStream, "the export has more pages"
}

func (c *Copy) take(t testing.TB, line []byte) {
	t.Helper()
	o, err := decodeObject(t, string(line))
	if err != nil {
		t.Errorf("the export of %s contains %s: %v", c.Kind, line, err)
		return
	}
	row := o.M
	if c.seen[string(line)] && (c.Kind != "conversations" || row["deleted"] != nil) {
		t.Errorf("the export of %s repeats the line %s", c.Kind, line)
	}
	c.seen[string(line)] = true
	id := fmt.Sprint(row["id"])
	switch {
	case row["deleted"] == nil:
		c.Came[id]++
		c.rows[id], c.whole[id] = withoutTransient(row), row
	case row["id"] != nil:
		delete(c.rows, id)
	default: // all messages of a conversation are deleted
		maps.DeleteFunc(c.rows, func(_ string, m map[string]any) bool { return m["conversationId"] == row["conversationId"] })
	}
}

// Row returns the last exported row that has an id, with all its members.
func (c *Copy) Row(id string) map[string]any { return c.whole[id] }

// Agrees reports whether the copy equals the website's lists, and if not, the difference.
func (c *Copy) Agrees(t testing.TB, reader Client) (bool, any) {
	t.Helper()
	there := Rows(t, reader, c.Kind)
	for id, row := range there {
		if have, want := fmt.Sprint(c.rows[id]), fmt.Sprint(row); have != want {
			return false, fmt.Sprintf("%s: the copy has\n%s\nthe lists have\n%s", c.Kind, have, want)
		}
	}
	return len(c.rows) == len(there), fmt.Sprintf("%s: %d rows in the copy, %d in the lists", c.Kind, len(c.rows),
		len(there))
}

// Rows returns all rows of a kind by id, as lists and threads show them.
func Rows(t testing.TB, reader Client, kind string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	if kind == "messages" {
		for _, c := range Rows(t, reader, "conversations") {
			for _, m := range reader.Get(t, fmt.Sprint("/conversations/", c["token"], "/messages")).List("messages") {
				all[fmt.Sprint(m.M["id"])] = withoutTransient(m.M)
			}
		}
		return all
	}
	at := "/" + kind + "?limit=100"
	for range Pages(t) {
		page := reader.Get(t, at)
		for _, row := range page.List("data") {
			all[fmt.Sprint(row.M["id"])] = withoutTransient(row.M)
		}
		if !page.Bool("hasNextPage") {
			break
		}
		at = "/" + kind + "?limit=100&cursor=" + url.QueryEscape(page.Text("nextCursor"))
	}
	return all
}

// membersSincePrevious are the members of rows that services of the previous version don't know. While both versions
// run, a copy may have them and a list not. Empty it when PREVIOUS of the Makefile becomes a version that knows them.
var membersSincePrevious = []string{"blockedAt"}

// withoutTransient returns a row without its transient members, presence and typing, and without those that the lists
// of conversations lack: the comment on a rating and its time. A visitor without an identity has no such member, as
// from a service of the version before.
func withoutTransient(row map[string]any) map[string]any {
	row = maps.Clone(row)
	if row["identity"] == nil {
		delete(row, "identity")
	}
	for _, name := range []string{"online", "visitorTyping", "userTyping", "feedback", "ratedAt", "teamId"} {
		delete(row, name)
	}
	if os.Getenv("FIVECHAT_PREVIOUS") != "" {
		for _, name := range membersSincePrevious {
			delete(row, name)
		}
	}
	return row
}
