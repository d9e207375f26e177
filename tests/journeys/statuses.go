package journeys

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// Statuses checks that agents of a website see at once which of them are online or away, and that others don't. A
// person decides that for themselves, an admin for others.
func Statuses(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	agent, admin, viewer := w.Person(t, harness.Agent), w.Person(t, harness.Admin), w.Person(t, harness.Viewer)
	visitor := w.Visit(t, nil)
	streams := []*harness.Stream{
		viewer.Events(t, "/events", ""), other.Reader().Events(t, "/events", ""), visitor.Events(t, "/visitor/events", ""),
	}
	for _, stream := range streams {
		stream.Want(t, "ready")
	}
	at := "/users/" + harness.PathID(agent.User)
	becomes := func(want string) {
		t.Helper()
		said := streams[0].Want(t, "user.presence")[0]
		if said.ID != "" || said.Happened().Int("userId") != agent.User || said.Happened().Text("status") != want {
			t.Errorf("agents receive %s, and not %s", said.Data, want)
		}
		if got := viewer.Get(t, at).Text("status"); got != want {
			t.Errorf("the status is %s, and not %s", got, want)
		}
	}
	agent.Do(t, "POST", at+"/heartbeat", nil).Want(t, 204)
	becomes("online")
	agent.Send(t, 200, "PUT", at+"/status", harness.Map{"status": "away"})
	becomes("away")
	admin.Send(t, 200, "PUT", at+"/status", harness.Map{"status": "online"})
	becomes("online")

	agent.Do(t, "PUT", at+"/status", harness.Map{"status": "offline"}).Want(t, 400)
	agent.Do(t, "PUT", "/users/"+harness.PathID(admin.User)+"/status", harness.Map{"status": "away"}).Want(t, 403)
	viewer.Do(t, "PUT", "/users/"+harness.PathID(viewer.User)+"/status", harness.Map{"status": "away"}).Want(t, 403)
	other.Writer().Do(t, "PUT", at+"/status", harness.Map{"status": "away"}).Want(t, 404)

	// Neither the other website nor the visitor received any of that: the next event of each is another one.
	other.Visit(t, nil).Open(t, "Hello?")
	streams[1].Want(t, "conversation.opened")
	visitor.Open(t, "Hello?")
	streams[2].Want(t, "conversation.opened")
}
