package journeys

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

const bulk = "/conversations/import"

// Import: rows become conversations with their messages and visitors, once per key, and the totals say so.
func Import(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent := w.Agent()
	rows := []harness.Map{
		harness.Row("train/1", "Hello", "Hi, how can I help?", "A table for two, please"),
		harness.Row("train/2", "Is it open?", "It is."),
		harness.Row("train/2", "Is it open?", "It is."), // twice in one request
		{"key": "train/3", "topics": []string{"Hotels_1", "Events"}, "turns": []harness.Map{{"from": "agent", "text": "Welcome 🐸"}}},
	}
	want := func(o harness.Object, imported, existing int64) {
		t.Helper()
		harness.Check(t, "import", o, harness.Shape{"imported": harness.Exactly(imported), "existing": harness.Exactly(existing)}.Type())
	}
	want(agent.Send(t, 200, "POST", bulk, harness.Map{"rows": rows}), 3, 1)
	want(agent.Send(t, 200, "POST", bulk, harness.Map{"rows": rows}), 0, 4)
	want(agent.Send(t, 200, "POST", bulk, harness.Map{"rows": append(rows, harness.Row("train/4", "New"))}), 1, 4)
	for name, bad := range map[string]struct {
		rows  any
		field string
	}{
		"201 rows":    {manyRows(201), "rows"},
		"no key":      {[]harness.Map{harness.Row("half", "x"), {"turns": []harness.Map{{"from": "agent", "text": "x"}}}}, "rows.1.key"},
		"no turns":    {[]harness.Map{harness.Row("half", "x"), {"key": "k", "turns": []harness.Map{}}}, "rows.1.turns"},
		"a robot":     {[]harness.Map{harness.Row("half", "x"), {"key": "k", "turns": []harness.Map{{"from": "robot", "text": "x"}}}}, "rows.1.turns.0.from"},
		"an odd text": {[]harness.Map{harness.Row("half", "x"), {"key": "k", "turns": []harness.Map{{"from": "agent", "text": 5}}}}, "rows.1.turns.0.text"},
		"no list":     {"rows", "rows"},
	} {
		a := agent.Do(t, "POST", bulk, harness.Map{"rows": bad.rows}).Want(t, 400)
		if !strings.Contains(string(a.Body), `"field":"`+bad.field) {
			t.Errorf("%s: no error names %s: %s", name, bad.field, a.Body)
		}
	}
	want(agent.Send(t, 200, "POST", bulk, harness.Map{"rows": manyRows(200)}), 200, 0)
	if total := agent.Get(t, "/conversations").Int("total"); total != 204 {
		t.Errorf("%d conversations, want 204", total)
	}
	found := agent.Get(t, "/conversations?search=table+two").List("data")
	if len(found) != 1 {
		t.Fatalf("%d conversations are found, want 1", len(found))
	}
	thread := agent.Get(t, "/conversations/"+found[0].Text("token"))
	harness.Check(t, "imported thread", thread, harness.Thread)
	wantTexts(t, "imported messages", contents(thread.List("messages")), "Hello", "Hi, how can I help?", "A table for two, please")
	wantTexts(t, "imported tags", thread.Object("conversation").Texts("tags"), "Test_1")
	wantStatistics(t, w, harness.Map{"totalConversations": 204, "totalMessages": 3 + 2 + 1 + 1 + 200, "totalVisitors": 204, "onlineVisitors": 0})
}

func manyRows(n int) []harness.Map {
	rows := make([]harness.Map, n)
	for i := range rows {
		rows[i] = harness.Row(fmt.Sprintf("many/%d", i), "Hello")
	}
	return rows
}

// ImportsAtOnce: the same rows from several importers at once count once.
func ImportsAtOnce(t *testing.T, s harness.System) {
	const importers, rows = 6, 50
	w := s.Website(t, harness.Free)
	answers := make([]harness.Answer, importers)
	side(importers, func(i int) { answers[i] = w.Agent().Do(t, "POST", bulk, harness.Map{"rows": manyRows(rows)}) })
	imported := int64(0)
	for _, a := range answers {
		if a.Status == 409 {
			continue // told to try again: nothing of it is stored
		}
		o := a.Want(t, 200).Object()
		imported += o.Int("imported")
		if o.Int("imported")+o.Int("existing") != rows {
			t.Errorf("an import of %d rows answers %s", rows, o)
		}
	}
	if total := w.Reader().Get(t, "/conversations").Int("total"); total != rows || imported != rows {
		t.Errorf("%d conversations, %d imported, want %d", total, imported, rows)
	}
	wantStatistics(t, w, harness.Map{"totalConversations": rows, "totalMessages": rows, "totalVisitors": rows})
}

// importBound is how long the whole data set may take.
const importBound = 90 * time.Second

// Dialogues imports every dialogue of a file (JSON lines, gzipped or not) twice and checks the totals.
func Dialogues(t *testing.T, s harness.System, file string) {
	w := s.Website(t, harness.Free)
	batches, messages, total := readDialogues(t, file)
	start := time.Now()
	for run, want := range []int{total, 0} {
		imported := int64(0)
		for _, rows := range batches {
			imported += w.Agent().Send(t, 200, "POST", bulk, harness.Map{"rows": rows}).Int("imported")
		}
		if imported != int64(want) {
			t.Errorf("run %d imported %d, want %d", run+1, imported, want)
		}
		took := time.Since(start)
		t.Logf("run %d: %d dialogues in %v", run+1, imported, took.Round(time.Millisecond))
		if run == 0 && took > importBound {
			t.Errorf("the import took %v, more than %v", took, importBound)
		}
	}
	if have := w.Reader().Get(t, "/conversations?limit=1").Int("total"); have != int64(total) {
		t.Errorf("%d conversations, want %d", have, total)
	}
	wantStatisticsWithin(t, w, harness.Map{"totalConversations": total, "totalMessages": messages, "totalVisitors": total}, time.Minute)
}

func readDialogues(t *testing.T, file string) (batches [][]harness.Map, messages, total int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row struct {
			ID     string           `json:"id"`
			Topics []string         `json:"topics"`
			Turns  []map[string]any `json:"turns"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("line %d: %v", total+1, err)
		}
		if total%200 == 0 {
			batches = append(batches, nil)
		}
		last := &batches[len(batches)-1]
		*last = append(*last, harness.Map{"key": row.ID, "topics": row.Topics, "turns": row.Turns})
		messages += len(row.Turns)
		total++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return batches, messages, total
}
