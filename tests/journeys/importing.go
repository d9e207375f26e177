package journeys

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

const bulk = "/conversations/import"

// Import checks that rows become conversations with their messages and visitors, once per key, and that totals include
// them.
func Import(t *testing.T, s harness.System) {
	ctx, w := t.Context(), s.Website(t, harness.Free)
	raw, agent := w.Agent(), w.Agent().API(t)
	rows := []api.ImportRow{
		harness.Dialogue("train/1", "Hello", "Hi, how can I help?", "A table for two, please"),
		harness.Dialogue("train/2", "Is it open?", "It is."),
		harness.Dialogue("train/2", "Is it open?", "It is."), // twice in one request
		{
			Key: "train/3", Topics: &[]string{"Hotels_1", "Events"},
			Turns: []api.ImportTurn{{From: api.ImportTurnFromAgent, Text: "Welcome 🐸"}},
		},
	}
	want := func(rows []api.ImportRow, imported, existing int) {
		t.Helper()
		have := harness.Of(agent.ImportConversations(ctx, nil, api.Import{Rows: rows})).OK(t)
		if have != (api.Imported{Imported: imported, Existing: existing}) {
			t.Errorf("an import answers %+v, want %d and %d", have, imported, existing)
		}
	}
	want(rows, 3, 1)
	want(rows, 0, 4)
	want(append(rows, harness.Dialogue("train/4", "New")), 1, 4)
	for name, bad := range map[string]struct {
		rows  any
		field string
	}{
		"201 rows": {many(201), "rows"},
		"no key": {
			[]harness.Map{harness.Row("half", "x"), {"turns": []harness.Map{{"from": "agent", "text": "x"}}}},
			"rows.1.key",
		},
		"no turns": {[]harness.Map{harness.Row("half", "x"), {"key": "k", "turns": []harness.Map{}}}, "rows.1.turns"},
		"a robot": {[]harness.Map{
			harness.Row("half", "x"),
			{"key": "k", "turns": []harness.Map{{"from": "robot", "text": "x"}}},
		}, "rows.1.turns.0.from"},
		"an odd text": {[]harness.Map{
			harness.Row("half", "x"),
			{"key": "k", "turns": []harness.Map{{"from": "agent", "text": 5}}},
		}, "rows.1.turns.0.text"},
		"no list": {"rows", "rows"},
	} {
		a := raw.Do(t, "POST", bulk, harness.Map{"rows": bad.rows}).Want(t, 400)
		if !strings.Contains(string(a.Body), `"field":"`+bad.field) {
			t.Errorf("%s: no error names %s: %s", name, bad.field, a.Body)
		}
	}
	want(many(200), 200, 0)
	if total := harness.Of(agent.ListConversations(ctx, nil)).OK(t).Total.MustGet(); total != 204 {
		t.Errorf("%d conversations, want 204", total)
	}
	found := harness.Of(agent.ListConversations(ctx, &api.ListConversationsParams{Search: new("table two")})).OK(t).Data
	if len(found) != 1 {
		t.Fatalf("%d conversations are found, want 1", len(found))
	}
	thread := harness.Of(agent.GetConversation(ctx, found[0].Token, nil)).OK(t)
	wantTexts(t, "imported messages", contents(thread.Messages), "Hello", "Hi, how can I help?", "A table for two, please")
	wantTexts(t, "imported tags", thread.Conversation.Tags, "Test_1")
	wantStatistics(t, w, api.Statistics{TotalConversations: 204, TotalMessages: 3 + 2 + 1 + 1 + 200, TotalVisitors: 204})
}

func many(n int) []api.ImportRow {
	rows := make([]api.ImportRow, n)
	for i := range rows {
		rows[i] = harness.Dialogue(fmt.Sprintf("many/%d", i), "Hello")
	}
	return rows
}

// ImportsAtOnce checks that the same rows from several concurrent importers are imported once.
func ImportsAtOnce(t *testing.T, s harness.System) {
	const importers, rows = 6, 50
	w := s.Website(t, harness.Free)
	imported := make([]int, importers)
	side(importers, func(i int) {
		a, err := w.Agent().API(t).ImportConversations(t.Context(), nil, api.Import{Rows: many(rows)})
		if no := new(client.Refusal); errors.As(err, &no) && no.Status == 409 {
			return // asked to retry: none of its rows is stored
		}
		if err != nil || a.Body.Imported+a.Body.Existing != rows {
			t.Errorf("an import of %d rows answers %+v %v", rows, a.Body, err)
		}
		imported[i] = a.Body.Imported
	})
	sum := 0
	for _, n := range imported {
		sum += n
	}
	total := harness.Of(w.Reader().API(t).ListConversations(t.Context(), nil)).OK(t).Total.MustGet()
	if total != rows || sum != rows {
		t.Errorf("%d conversations, %d imported, want %d", total, sum, rows)
	}
	wantStatistics(t, w, api.Statistics{TotalConversations: rows, TotalMessages: rows, TotalVisitors: rows})
}

// importBound bounds the import of the whole data set.
const importBound = 90 * time.Second

// Dialogues imports every dialogue of a file (JSON lines, gzipped or not) twice and checks the totals.
func Dialogues(t *testing.T, s harness.System, file string) {
	w := s.Website(t, harness.Free)
	batches, messages, total := readDialogues(t, file)
	start := time.Now()
	for run, want := range []int{total, 0} {
		imported := 0
		for _, rows := range batches {
			imported += harness.Of(w.Agent().API(t).ImportConversations(t.Context(), nil, api.Import{Rows: rows})).OK(t).Imported
		}
		if imported != want {
			t.Errorf("run %d imported %d, want %d", run+1, imported, want)
		}
		took := time.Since(start)
		t.Logf("run %d: %d dialogues in %v", run+1, imported, took.Round(time.Millisecond))
		if run == 0 && took > importBound {
			t.Errorf("the import took %v, more than %v", took, importBound)
		}
	}
	have := harness.Of(w.Reader().API(t).ListConversations(t.Context(), nil)).OK(t).Total.MustGet()
	if have != int64(total) {
		t.Errorf("%d conversations, want %d", have, total)
	}
	wantStatisticsWithin(t, w, api.Statistics{
		TotalConversations: int64(total), TotalMessages: int64(messages),
		TotalVisitors: int64(total),
	}, time.Minute)
}

func readDialogues(t *testing.T, file string) (batches [][]api.ImportRow, messages, total int) {
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
			Turns  []api.ImportTurn `json:"turns"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("line %d: %v", total+1, err)
		}
		if total%200 == 0 {
			batches = append(batches, nil)
		}
		last := &batches[len(batches)-1]
		*last = append(*last, api.ImportRow{Key: row.ID, Topics: &row.Topics, Turns: row.Turns})
		messages += len(row.Turns)
		total++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return batches, messages, total
}
