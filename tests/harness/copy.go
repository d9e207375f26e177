package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"testing"
)

// Copy is what a second system has of one kind of a website's rows by following its export.
type Copy struct {
	Kind string         // conversations, messages, visitors or tickets
	Came map[string]int // how often a row came, by its number
	rows map[string]map[string]any
	seen map[string]bool // lines
	get  func(path string) (status int, body []byte, err error)
	next string // the query to go on with
}

// NewCopy begins a copy with a query like "?limit=3". get asks the edge as somebody who may read.
func NewCopy(kind, query string, get func(path string) (int, []byte, error)) *Copy {
	return &Copy{kind, map[string]int{}, map[string]map[string]any{}, map[string]bool{}, get, query}
}

// Pull takes one answer, all or nothing, and says whether the export ended with it; else why not. An answer that no
// reader should get, and a line that came before, fail the test; a conversation may look as it once did.
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
	if err := json.Unmarshal(lines[len(lines)-1], &end); err != nil || end.EndOfStream == nil || end.Cursor == "" || end.Restarted {
		t.Errorf("the export of %s ends with %s", c.Kind, lines[len(lines)-1])
		return false, "it has no end"
	}
	for _, line := range lines[:len(lines)-1] {
		c.take(t, line)
	}
	c.next = "?limit=7&cursor=" + url.QueryEscape(end.Cursor)
	return *end.EndOfStream, "there is more"
}

func (c *Copy) take(t testing.TB, line []byte) {
	t.Helper()
	o, err := decodeObject(t, string(line))
	if err != nil {
		t.Errorf("the export of %s gives %s: %v", c.Kind, line, err)
		return
	}
	row := o.M
	if c.seen[string(line)] && (c.Kind != "conversations" || row["deleted"] != nil) {
		t.Errorf("the export of %s gives a second time %s", c.Kind, line)
	}
	c.seen[string(line)] = true
	id := fmt.Sprint(row["id"])
	switch {
	case row["deleted"] == nil:
		c.Came[id]++
		c.rows[id] = lasting(row)
	case row["id"] != nil:
		delete(c.rows, id)
	default: // all messages of a conversation
		maps.DeleteFunc(c.rows, func(_ string, m map[string]any) bool { return m["conversationId"] == row["conversationId"] })
	}
}

// Agrees says whether the copy is what the website's lists show, and else what is different.
func (c *Copy) Agrees(t testing.TB, reader Client) (bool, any) {
	t.Helper()
	there := Rows(t, reader, c.Kind)
	for id, row := range there {
		if have, want := fmt.Sprint(c.rows[id]), fmt.Sprint(row); have != want {
			return false, fmt.Sprintf("%s: the copy has\n%s\nbut there is\n%s", c.Kind, have, want)
		}
	}
	return len(c.rows) == len(there), fmt.Sprintf("%s: %d rows in the copy, %d are there", c.Kind, len(c.rows), len(there))
}

// Rows gives all rows of a kind by their numbers, as lists and threads show them.
func Rows(t testing.TB, reader Client, kind string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	if kind == "messages" {
		for _, c := range Rows(t, reader, "conversations") {
			for _, m := range reader.Get(t, fmt.Sprint("/conversations/", c["token"], "/messages")).List("messages") {
				all[fmt.Sprint(m.M["id"])] = lasting(m.M)
			}
		}
		return all
	}
	for at, more := "/"+kind+"?limit=100", true; more; {
		page := reader.Get(t, at)
		for _, row := range page.List("data") {
			all[fmt.Sprint(row.M["id"])] = lasting(row.M)
		}
		if more = page.Bool("hasNextPage"); more {
			at = "/" + kind + "?limit=100&cursor=" + url.QueryEscape(page.Text("nextCursor"))
		}
	}
	return all
}

// lasting gives a row without what passes: who is there, or typing.
func lasting(row map[string]any) map[string]any {
	row = maps.Clone(row)
	for _, name := range []string{"online", "visitorTyping", "userTyping"} {
		delete(row, name)
	}
	return row
}
