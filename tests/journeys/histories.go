package journeys

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// Histories checks that every history contains what happened: by hour, by agent and by stars, as JSON and as CSV. A
// conversation that is rated again counts once, for its assignee at that time. Imported conversations are counted
// separately.
func Histories(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent := w.Person(t, harness.Agent)
	una, max := agent.User, w.NewUser(t).Int("id")
	v := w.Visit(t, nil)
	c := v.Open(t, "Is it open?")
	give := func(user int64) {
		w.Agent().Do(t, "PATCH", "/conversations/"+c, harness.Map{"assigneeId": user}).Want(t, 200)
	}
	rate := func(stars int) {
		v.Do(t, "POST", "/conversations/"+c+"/rate", harness.Map{"rating": stars}).Want(t, 200)
	}
	give(una)
	agent.Do(t, "POST", "/conversations/"+c+"/messages", harness.Map{"content": "It is."}).Want(t, 201)
	w.Reply(t, c, "Until six.") // by a program, without an author: it counts for the assignee
	w.Agent().Do(t, "POST", "/conversations/"+c+"/messages", harness.Map{
		"content":  "Until six.",
		"authorId": max,
	}).Want(t, 201)
	rate(2)
	give(max)
	rate(5)
	w.Agent().Do(t, "PATCH", "/conversations/"+c, harness.Map{"status": "CLOSED"}).Want(t, 200)
	w.Import(t, 3)

	reader := w.Reader()
	want := map[string]int64{
		"conversationsOpened": 1, "conversationsImported": 3, "conversationsClosed": 1, "visitorMessages": 1,
		"agentMessages": 3, "messagesByPrograms": 2, "newVisitors": 1,
	}
	harness.Eventually(t, harness.Patience, "the history", func() (bool, any) {
		sums, totals := map[string]int64{}, map[string]int64{}
		history := reader.Get(t, "/statistics/history?interval=hour&tz=Asia/Kathmandu")
		for member := range want {
			totals[member] = history.Object("total").Int(member)
		}
		for _, hour := range history.List("data") {
			for member := range want {
				sums[member] += hour.Int(member)
			}
			if !strings.HasSuffix(hour.Text("from"), ":15:00.000Z") {
				t.Errorf("an hour of Kathmandu's begins at %s", hour.Text("from"))
			}
		}
		return maps.Equal(sums, want) && maps.Equal(totals, want), []any{sums, totals}
	})
	have := reader.Do(t, "GET", "/statistics/ratings", nil).Want(t, 200)
	if text := string(have.Body); !strings.Contains(text,
		`"count":1,"average":5,"stars":{"1":0,"2":0,"3":0,"4":0,"5":1}`) {
		t.Errorf("ratings: %s", text)
	}
	table := reader.With("Accept", "text/csv").Do(t, "GET", "/statistics/agents", nil).Want(t, 200)
	lines := strings.Split(string(table.Body), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], fmt.Sprintf("%d,1,1,", una)) ||
		!strings.HasSuffix(lines[1], ",0,,0,0,0,0,0,1") ||
		lines[2] != fmt.Sprintf("%d,0,0,,,1,5,0,0,0,0,1,1", max) || lines[3] != "" {
		t.Errorf("agents: %s", table.Body)
	}
	media, file := table.Header.Get("Content-Type"), table.Header.Get("Content-Disposition")
	if !strings.HasPrefix(media, "text/csv") || file != "attachment; filename=agents.csv" {
		t.Errorf("the table is %s, %s", media, file)
	}
	historiesRefused(t, s, w)
}

func historiesRefused(t *testing.T, s harness.System, w *harness.Website) {
	t.Helper()
	for query, field := range map[string]string{
		"history?tz=Mars/Base": "tz", "history?from=2026-01-02&to=2026-01-01": "to", "history?interval=week": "interval",
		"history?from=2020-01-01&to=2026-01-01": "to", "history?interval=hour&from=2026-01-01&to=2026-03-01": "to",
		"agents?from=soon": "from", "ratings?to=2026-02-30": "to",
	} {
		p := w.Reader().Do(t, "GET", "/statistics/"+query, nil).Want(t, 400).Object()
		if named := p.List("errors"); len(named) != 1 || named[0].Text("field") != field {
			t.Errorf("%s: %s", query, p)
		}
	}
	other := s.Website(t, harness.Free)
	text := string(other.Reader().Do(t, "GET", "/statistics/agents", nil).Want(t, 200).Body)
	if !strings.Contains(text, `"data":[]`) {
		t.Errorf("another website's agents: %s", text)
	}
}
