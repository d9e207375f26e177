package journeys

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// Tags: a website's catalogue names its tags per language; lang picks the name, falling back to the stored one.
func Tags(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	agent := w.Agent()
	token := w.Visit(t, nil).Open(t, "Hello")
	path := "/conversations/" + token
	agent.Do(t, "PUT", "/tags/refund", harness.Map{"names": harness.Map{"de": "Erstattung", "fr": "Remboursement", "pt-BR": "Reembolso"}}).Want(t, 200)
	agent.Do(t, "PUT", "/tags/vip", harness.Map{"names": harness.Map{"de": "Stammkunde"}}).Want(t, 200)
	other.Agent().Do(t, "PUT", "/tags/refund", harness.Map{"names": harness.Map{"de": "Fremd"}}).Want(t, 200)
	agent.Send(t, 200, "PATCH", path, harness.Map{"tags": []string{"refund", "vip", "unlisted"}})
	want := func(lang string, names ...string) {
		t.Helper()
		query := ""
		if lang != "" {
			query = "?lang=" + lang
		}
		wantTexts(t, "tags in "+lang, agent.Get(t, path+query).Object("conversation").Texts("tags"), names...)
		wantTexts(t, "messages' tags in "+lang, agent.Get(t, path+"/messages"+query).Object("conversation").Texts("tags"), names...)
		wantTexts(t, "list's tags in "+lang, agent.Get(t, "/conversations"+query).List("data")[0].Texts("tags"), names...)
	}
	want("", "refund", "vip", "unlisted")
	want("de", "Erstattung", "Stammkunde", "unlisted")
	want("fr", "Remboursement", "vip", "unlisted")
	want("xx", "refund", "vip", "unlisted")
	agent.Do(t, "PUT", "/tags/refund", harness.Map{"names": harness.Map{"de": "Rückzahlung"}}).Want(t, 200)
	want("de", "Rückzahlung", "Stammkunde", "unlisted")
	want("fr", "refund", "vip", "unlisted")
	agent.Send(t, 200, "PATCH", path, harness.Map{"tags": []string{"vip"}})
	want("de", "Stammkunde")
}

// Assignment: an agent of the website takes a conversation and gives it back; nobody else can be named.
func Assignment(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	agent, user := w.Agent(), w.NewUser(t).Int("id")
	start := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	token := w.Visit(t, nil).Open(t, "Hello")
	path := "/conversations/" + token
	assign := func(status int, id any) {
		t.Helper()
		agent.Do(t, "PATCH", path, harness.Map{"assigneeId": id, "summary": "assigned"}).Want(t, status)
	}
	unassigned := agent.Get(t, path).Object("conversation")
	for _, id := range []any{harness.UnknownID, other.NewUser(t).Int("id"), 0, -1, 1.5, "1", true} {
		assign(400, id)
		agent.Do(t, "POST", path+"/messages", harness.Map{"content": "x", "authorId": id}).Want(t, 400)
	}
	if now := agent.Get(t, path).Object("conversation"); now.String() != unassigned.String() {
		t.Errorf("a refused assignment left something behind: %s", now)
	}
	assign(200, user)
	thread := agent.Get(t, path)
	if thread.Object("conversation").Int("assigneeId") != user || thread.List("users")[0].Int("id") != user {
		t.Errorf("assigned: %s", thread)
	}
	counts := func(unassigned, opened, closed int64) {
		t.Helper()
		o := agent.Get(t, "/conversations/counts?since="+start)
		if o.Int("unassigned") != unassigned || o.Int("opened") != opened || o.Int("closed") != closed {
			t.Errorf("counts: %s, want %d unassigned, %d opened, %d closed", o, unassigned, opened, closed)
		}
		if o := agent.Get(t, "/conversations?assigneeId=none&status=OPEN"); o.Int("total") != unassigned {
			t.Errorf("unassigned: %s", o)
		}
	}
	if o := agent.Get(t, "/conversations?assigneeId="+harness.PathID(user)); o.Int("total") != 1 {
		t.Errorf("by assignee: %s", o)
	}
	counts(0, 1, 0)
	assign(200, nil)
	counts(1, 1, 0)
	agent.Send(t, 200, "PATCH", path, harness.Map{"status": "CLOSED"})
	counts(0, 1, 1)
	other.Visit(t, nil).Open(t, "Elsewhere")
	counts(0, 1, 1)
	if o := agent.Get(t, "/conversations/counts?since=2999-01-01T00:00:00.000Z"); o.Int("opened") != 0 || o.Int("closed") != 0 {
		t.Errorf("counts of a time to come: %s", o)
	}
	for _, bad := range []string{"/conversations/counts", "/conversations/counts?since=today", "/conversations?assigneeId=nobody"} {
		agent.Do(t, "GET", bad, nil).Want(t, 400)
	}
	if o := agent.Get(t, "/conversations?assigneeId="+harness.PathID(user)); o.Int("total") != 0 {
		t.Errorf("by the former assignee: %s", o)
	}
}

// Revocation: a token that has been used stops working within a second.
func Revocation(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	id, secret := w.Token(t, harness.Read)
	c := w.Bearer(secret)
	c.Get(t, "/conversations")
	w.Revoke(t, id)
	harness.Eventually(t, time.Second, "a revoked token is refused", func() (bool, any) {
		a := c.Do(t, "GET", "/conversations", nil)
		return a.Status == 401, a.Status
	})
	for range 20 {
		c.Do(t, "GET", "/conversations", nil).Want(t, 401)
	}
	w.Reader().Get(t, "/conversations")
}

// Users: agents are made, changed, listed and removed.
func Users(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent := w.Agent()
	email := harness.Unique("una.") + "@shop.example"
	made := agent.Send(t, 201, "POST", "/users", harness.Map{"name": "Una", "email": email, "language": "de", "avatarUrl": "https://shop.example/una.png"})
	path := "/users/" + harness.PathID(made.Int("id"))
	if made.Text("name") != "Una" || made.Text("email") != email || made.Text("language") != "de" || made.Text("avatarUrl") != "https://shop.example/una.png" {
		t.Errorf("made: %s", made)
	}
	if got := agent.Get(t, path); got.String() != made.String() {
		t.Errorf("a user reads otherwise than they were answered:\n%s\n%s", made, got)
	}
	changed := agent.Send(t, 200, "PATCH", path, harness.Map{"name": "Una B."})
	if changed.Text("name") != "Una B." || changed.Text("email") != email {
		t.Errorf("changed: %s", changed)
	}
	for name, bad := range map[string]harness.Map{
		"no name": {"email": "x@shop.example"}, "no email": {"name": "x"}, "bad email": {"name": "x", "email": "x"}, "blank name": {"name": " ", "email": "x@shop.example"},
	} {
		if a := agent.Do(t, "POST", "/users", bad); a.Status != 400 {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	agent.Do(t, "DELETE", path, nil).Want(t, 200)
	agent.Do(t, "DELETE", path, nil).Want(t, 404)
	agent.Do(t, "GET", path, nil).Want(t, 404)
	if rows := agent.Do(t, "GET", "/users", nil).Want(t, 200).List(); len(rows) != 0 {
		t.Errorf("a removed user is listed: %v", rows)
	}
	token := w.Visit(t, nil).Open(t, "Hello")
	agent.Do(t, "PATCH", "/conversations/"+token, harness.Map{"assigneeId": made.Int("id")}).Want(t, 400)
}

// Visitors: sessions go on by their token, on their own website only, and who is there is online.
func Visitors(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	v := w.Visit(t, harness.Map{"name": "Vera", "context": harness.Map{"page": "/"}})
	conversation := v.Open(t, "Hello")
	back := w.Visit(t, harness.Map{"visitorToken": v.Token, "context": harness.Map{"page": "/cart"}})
	if back.Token != v.Token || back.ID != v.ID || back.Made.Object("conversation").Text("token") != conversation {
		t.Errorf("a visitor who comes back: %s", back.Made)
	}
	if name := back.Made.Object("visitor").Text("name"); name != "Vera" {
		t.Errorf("a visitor who comes back is called %q", name)
	}
	if stranger := other.Visit(t, harness.Map{"visitorToken": v.Token}); stranger.Token == v.Token || stranger.ID == v.ID || !stranger.Made.Null("conversation") {
		t.Errorf("a visitor token is taken on another website: %s", stranger.Made)
	}
	v.Send(t, 200, "POST", "/visitor/conversations/"+conversation+"/close", nil)
	if again := w.Visit(t, harness.Map{"visitorToken": v.Token}); !again.Made.Null("conversation") {
		t.Errorf("a closed conversation is given as the open one: %s", again.Made)
	}
	rows := w.Reader().Do(t, "GET", "/visitors?online=true", nil).Want(t, 200).List()
	if !slices.ContainsFunc(rows, func(o harness.Object) bool { return o.Int("id") == v.ID && o.Bool("online") }) {
		t.Errorf("a visitor who is there is not online: %v", rows)
	}
	if rows := w.Reader().Do(t, "GET", "/visitors?online=false", nil).Want(t, 200).List(); len(rows) != 0 {
		t.Errorf("visitors who are there are listed as away: %v", rows)
	}
	w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": "no token"}).Want(t, 400)
	w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{}).Want(t, 400)
	if a := w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": harness.Unique("wgt_")}); a.Status != 404 && a.Status != 400 {
		t.Errorf("a session on an unknown widget: status %d: %s", a.Status, a.Body)
	}
}

// Presence: an agent who is in the console is online, which visitors are told, and nobody of another website.
func Presence(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	user, v := w.NewUser(t), w.Visit(t, nil)
	path := "/users/" + harness.PathID(user.Int("id"))
	there := func() bool { return v.Send(t, 200, "POST", "/visitor/heartbeat", nil).Bool("agentsOnline") }
	if user.Bool("online") || v.Made.Bool("agentsOnline") || there() {
		t.Error("somebody is online before anybody was there")
	}
	other.Writer().Do(t, "POST", path+"/heartbeat", nil).Want(t, 404)
	w.Writer().Do(t, "POST", "/users/"+harness.PathID(harness.UnknownID)+"/heartbeat", nil).Want(t, 404)
	if there() {
		t.Error("another website's agent counts")
	}
	for range 2 {
		w.Writer().Do(t, "POST", path+"/heartbeat", nil).Want(t, 204)
	}
	if !w.Reader().Get(t, path).Bool("online") || !there() || !w.Visit(t, nil).Made.Bool("agentsOnline") {
		t.Error("the agent is not online")
	}
	if other.Visit(t, nil).Made.Bool("agentsOnline") {
		t.Error("the agent is online on another website")
	}
}

// Installed: a website's agents see where it stands, and whether a browser has loaded its widget.
func Installed(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	own := w.Reader().Get(t, "/website")
	if own.Int("id") != w.ID || own.Text("clientToken") != w.ClientToken || own.Text("plan") != "PRO" || !own.Null("widgetLoadedAt") {
		t.Errorf("a new website: %s", own)
	}
	script := "/widget/" + w.ClientToken
	w.Public().With("User-Agent", "WordPress/6.4; plugin 1.0.1").Do(t, "GET", script, nil).Want(t, 200) // the check of a plugin
	if own := w.Reader().Get(t, "/website"); !own.Null("widgetLoadedAt") {
		t.Errorf("a check is taken for a browser: %s", own)
	}
	w.Public().With("Referer", "https://shop.example/").Do(t, "GET", script+"?ver=1.0.1", nil).Want(t, 200)
	first := w.Reader().Get(t, "/website").Text("widgetLoadedAt")
	w.Public().With("Sec-Fetch-Dest", "script").Do(t, "GET", script, nil).Want(t, 200)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"color": "#123456"})
	if again := w.Reader().Get(t, "/website").Text("widgetLoadedAt"); again != first {
		t.Errorf("first loaded at %s, and then at %s", first, again)
	}
}
