package journeys

import (
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// Targets follows what is due in two conversations: a new one, in which an answer is, and an imported one, which should
// have been closed long ago. Agents receive events of that.
func Targets(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent, visitor := w.Agent(), w.Visit(t, nil)
	w.Person(t, harness.Admin).Send(t, 200, "PUT", "/targets", harness.Map{
		"firstResponseMinutes": 30, "nextResponseMinutes": nil, "resolutionMinutes": 60, "businessHours": true,
	})
	token := visitor.Open(t, "Is the atlas in stock?")
	is := func(situation string, holds func(row harness.Object) bool) {
		t.Helper()
		harness.Eventually(t, harness.Patience, situation, func() (bool, any) {
			row := w.Reader().Get(t, "/inbox/"+token)
			return holds(row), row
		})
	}
	isDue := func(row harness.Object, member string, minutes int) bool {
		began, err := time.Parse(time.RFC3339, row.Object("conversation").Text("createdAt"))
		at, _ := row.M[member].(string)
		due, dueErr := time.Parse(time.RFC3339, at)
		return err == nil && dueErr == nil && due.Equal(began.Add(time.Duration(minutes)*time.Minute))
	}
	is("both are due", func(row harness.Object) bool {
		return isDue(row, "responseDueAt", 30) && isDue(row, "resolutionDueAt", 60)
	})
	events := w.Reader().Events(t, "/events", "")
	events.Next(t) // ready
	w.Reply(t, token, "It is.")
	is("no answer is due after the answer", func(row harness.Object) bool {
		return row.M["responseDueAt"] == nil && isDue(row, "resolutionDueAt", 60)
	})
	for events.Next(t).Event != "inbox.updated" {
		continue
	}
	agent.Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
	is("nothing is due when it is closed", func(row harness.Object) bool {
		return row.M["responseDueAt"] == nil && row.M["resolutionDueAt"] == nil
	})

	agent.Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": []harness.Map{{
		"key": harness.Unique("old"), "status": "OPEN",
		"turns": []harness.Map{{"from": "visitor", "text": "Hello?", "at": "2024-01-15T10:30:00Z"}},
	}}})
	if rows := w.Reader().Get(t, "/inbox?overdue=true").List("data"); len(rows) != 0 {
		t.Errorf("%d imported conversations are overdue", len(rows))
	}
	old := w.Reader().Get(t, "/inbox?waiting=true").List("data")[0].Object("conversation").Text("token")
	agent.Send(t, 200, "PATCH", "/conversations/"+old, harness.Map{"tags": []string{"old"}})
	harness.Eventually(t, harness.Patience, "a change makes it overdue", func() (bool, any) {
		rows := w.Reader().Get(t, "/inbox?overdue=true").List("data")
		return len(rows) == 1 && rows[0].Object("conversation").Text("token") == old, rows
	})
	if counts := w.Reader().Get(t, "/inbox/counts"); counts.Int("overdue") != 1 {
		t.Errorf("the counts are %v", counts.M)
	}
}
