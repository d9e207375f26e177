package journeys

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/oapi-codegen/nullable"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// Tags checks that a website's catalogue names its tags per language. lang selects the name and falls back to the
// stored one.
func Tags(t *testing.T, s harness.System) {
	ctx, w, other := t.Context(), s.Website(t, harness.Free), s.Website(t, harness.Free)
	agent := w.Agent().API(t)
	token := w.Visit(t, nil).Open(t, "Hello")
	put := func(w *harness.Website, tag string, names map[string]string) {
		t.Helper()
		harness.Of(w.Agent().API(t).PutTag(ctx, tag, api.TagNames{Names: &names})).OK(t)
	}
	put(w, "refund", map[string]string{"de": "Erstattung", "fr": "Remboursement", "pt-BR": "Reembolso"})
	put(w, "vip", map[string]string{"de": "Stammkunde"})
	put(other, "refund", map[string]string{"de": "Fremd"})
	harness.Of(agent.UpdateConversation(ctx, token, nil,
		api.ConversationPatch{Tags: &[]string{"refund", "vip", "unlisted"}})).OK(t)
	want := func(lang string, names ...string) {
		t.Helper()
		in := &lang
		if lang == "" {
			in = nil
		}
		wantTexts(t, "tags in "+lang,
			harness.Of(agent.GetConversation(ctx, token, &api.GetConversationParams{Lang: in})).OK(t).Conversation.Tags,
			names...)
		wantTexts(t, "messages' tags in "+lang,
			harness.Of(agent.ListMessages(ctx, token, &api.ListMessagesParams{Lang: in})).OK(t).Conversation.Tags, names...)
		wantTexts(t, "list's tags in "+lang,
			harness.Of(agent.ListConversations(ctx, &api.ListConversationsParams{Lang: in})).OK(t).Data[0].Tags, names...)
	}
	want("", "refund", "vip", "unlisted")
	want("de", "Erstattung", "Stammkunde", "unlisted")
	want("fr", "Remboursement", "vip", "unlisted")
	want("xx", "refund", "vip", "unlisted")
	put(w, "refund", map[string]string{"de": "Rückzahlung"})
	want("de", "Rückzahlung", "Stammkunde", "unlisted")
	want("fr", "refund", "vip", "unlisted")
	harness.Of(agent.UpdateConversation(ctx, token, nil, api.ConversationPatch{Tags: &[]string{"vip"}})).OK(t)
	want("de", "Stammkunde")
}

// Assignment checks that a conversation can be assigned to an agent of the website and unassigned, and that no other
// user can be named.
func Assignment(t *testing.T, s harness.System) {
	ctx, w, other := t.Context(), s.Website(t, harness.Free), s.Website(t, harness.Free)
	raw, agent, user := w.Agent(), w.Agent().API(t), w.NewUser(t).Int("id")
	start := time.Now().Add(-time.Minute).UTC()
	token := w.Visit(t, nil).Open(t, "Hello")
	unassigned := raw.Get(t, "/conversations/"+token)
	for _, id := range []any{harness.UnknownID, other.NewUser(t).Int("id"), 0, -1, 1.5, "1", true} {
		raw.Do(t, "PATCH", "/conversations/"+token, harness.Map{"assigneeId": id, "summary": "assigned"}).Want(t, 400)
		raw.Do(t, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "x", "authorId": id}).Want(t, 400)
	}
	now := raw.Get(t, "/conversations/"+token)
	if now.Object("conversation").String() != unassigned.Object("conversation").String() {
		t.Errorf("a refused assignment changed the conversation: %s", now)
	}
	patch := func(p api.ConversationPatch) {
		t.Helper()
		harness.Of(agent.UpdateConversation(ctx, token, nil, p)).OK(t)
	}
	patch(api.ConversationPatch{
		AssigneeID: nullable.NewNullableWithValue(user),
		Summary:    nullable.NewNullableWithValue("assigned"),
	})
	thread := harness.Of(agent.GetConversation(ctx, token, nil)).OK(t)
	if thread.Conversation.AssigneeID.MustGet() != user || thread.Users[0].ID != user {
		t.Errorf("assigned: %+v", thread)
	}
	of := func(assignee string) int64 {
		t.Helper()
		by := api.ListConversationsParams{AssigneeID: &assignee}
		if assignee == "none" {
			by.Status = new(string(api.ConversationStatusOPEN))
		}
		return harness.Of(agent.ListConversations(ctx, &by)).OK(t).Total.MustGet()
	}
	counts := func(unassigned, opened, closed int64) {
		t.Helper()
		have := harness.Of(agent.CountConversations(ctx, &api.CountConversationsParams{Since: start})).OK(t)
		if have != (api.ConversationCounts{Unassigned: unassigned, Opened: opened, Closed: closed}) ||
			of("none") != unassigned {
			t.Errorf("counts: %+v, want %d unassigned, %d opened, %d closed", have, unassigned, opened, closed)
		}
	}
	if n := of(harness.PathID(user)); n != 1 {
		t.Errorf("%d conversations by assignee", n)
	}
	counts(0, 1, 0)
	patch(api.ConversationPatch{AssigneeID: nullable.NewNullNullable[int64]()})
	counts(1, 1, 0)
	patch(api.ConversationPatch{Status: new(api.ConversationStatusCLOSED)})
	counts(0, 1, 1)
	other.Visit(t, nil).Open(t, "Elsewhere")
	counts(0, 1, 1)
	later := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
	if have := harness.Of(agent.CountConversations(ctx, &api.CountConversationsParams{Since: later})).OK(t); have.Opened !=
		0 || have.Closed != 0 {
		t.Errorf("counts since a future time: %+v", have)
	}
	for _, bad := range []string{
		"/conversations/counts", "/conversations/counts?since=today",
		"/conversations?assigneeId=nobody",
	} {
		raw.Do(t, "GET", bad, nil).Want(t, 400)
	}
	if n := of(harness.PathID(user)); n != 0 {
		t.Errorf("%d conversations by the former assignee", n)
	}
}

// Revocation checks that a used token stops working within a second after it is revoked.
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

// Users checks that agents are created, changed, listed and removed.
func Users(t *testing.T, s harness.System) {
	ctx, w := t.Context(), s.Website(t, harness.Free)
	raw, agent := w.Agent(), w.Agent().API(t)
	email := harness.Unique("una.") + "@shop.example"
	const picture = "https://shop.example/una.png"
	made := harness.Of(agent.CreateUser(ctx, nil, api.NewUser{
		Name: "Una", Email: email, Language: new("de"), AvatarURL: nullable.NewNullableWithValue(picture),
	})).OK(t)
	if made.Name != "Una" || made.Email != email || made.Language != "de" || made.AvatarURL.MustGet() != picture {
		t.Errorf("made: %+v", made)
	}
	if got := harness.Of(agent.GetUser(ctx, made.ID, nil)).OK(t); !reflect.DeepEqual(got, made) {
		t.Errorf("a user differs from the response that created it:\n%+v\n%+v", made, got)
	}
	changed := harness.Of(agent.UpdateUser(ctx, made.ID, nil, api.UserPatch{Name: new("Una B.")})).OK(t)
	if changed.Name != "Una B." || changed.Email != email {
		t.Errorf("changed: %+v", changed)
	}
	for name, bad := range map[string]harness.Map{
		"no name": {"email": "x@shop.example"}, "no email": {"name": "x"}, "bad email": {"name": "x", "email": "x"},
		"blank name": {"name": " ", "email": "x@shop.example"},
	} {
		if a := raw.Do(t, "POST", "/users", bad); a.Status != 400 {
			t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
		}
	}
	harness.Of(agent.CreateUser(ctx, nil, api.NewUser{Name: "Una again", Email: email})).Refused(t, 409)
	harness.Of(agent.DeleteUser(ctx, made.ID, nil)).OK(t)
	harness.Of(agent.DeleteUser(ctx, made.ID, nil)).Refused(t, 404)
	harness.Of(agent.GetUser(ctx, made.ID, nil)).Refused(t, 404)
	if rows := harness.Of(agent.ListUsers(ctx, nil)).OK(t).Data; len(rows) != 0 {
		t.Errorf("a removed user is listed: %+v", rows)
	}
	token := w.Visit(t, nil).Open(t, "Hello")
	harness.Of(agent.UpdateConversation(ctx, token, nil,
		api.ConversationPatch{AssigneeID: nullable.NewNullableWithValue(made.ID)})).Refused(t, 400)
}

// Visitors checks that sessions resume by their token, on their own website only, and that present visitors are online.
func Visitors(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	v := w.Visit(t, harness.Map{"name": "Vera", "context": harness.Map{"page": "/"}})
	conversation := v.Open(t, "Hello")
	returns := v.Back()
	returns["context"] = harness.Map{"page": "/cart"}
	back := w.Visit(t, returns)
	if back.Token != v.Token || back.ID != v.ID || back.Made.Object("conversation").Text("token") != conversation {
		t.Errorf("a returning visitor: %s", back.Made)
	}
	if name := back.Made.Object("visitor").Text("name"); name != "Vera" {
		t.Errorf("a returning visitor's name is %q", name)
	}
	stranger := other.Visit(t, v.Back())
	if stranger.Token == v.Token || stranger.ID == v.ID || !stranger.Made.Null("conversation") {
		t.Errorf("a visitor token is accepted on another website: %s", stranger.Made)
	}
	harness.Of(v.API(t).CloseOwnConversation(t.Context(), conversation, nil)).OK(t)
	if again := w.Visit(t, v.Back()); !again.Made.Null("conversation") {
		t.Errorf("a closed conversation is returned as the open one: %s", again.Made)
	}
	list := func(online bool) []api.Visitor {
		t.Helper()
		return harness.Of(w.Reader().API(t).ListVisitors(t.Context(), &api.ListVisitorsParams{Online: &online})).OK(t).Data
	}
	if rows := list(true); !slices.ContainsFunc(rows, func(o api.Visitor) bool { return o.ID == v.ID && o.Online }) {
		t.Errorf("a present visitor is not online: %+v", rows)
	}
	if rows := list(false); len(rows) != 0 {
		t.Errorf("present visitors are listed as offline: %+v", rows)
	}
	w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": "no token"}).Want(t, 400)
	w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{}).Want(t, 400)
	if a := w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": harness.Unique("wgt_")}); a.Status !=
		404 && a.Status != 400 {
		t.Errorf("a session on an unknown widget: status %d: %s", a.Status, a.Body)
	}
}

// Presence checks that visitors see an agent online if one of their own website uses the console.
func Presence(t *testing.T, s harness.System) {
	ctx, w, other := t.Context(), s.Website(t, harness.Free), s.Website(t, harness.Free)
	user, v := w.NewUser(t), w.Visit(t, nil)
	id, agent := user.Int("id"), w.Agent().API(t)
	there := func() bool { return harness.Of(v.API(t).VisitorHeartbeat(ctx, nil)).OK(t).AgentsOnline }
	if user.Bool("online") || v.Made.Bool("agentsOnline") || there() {
		t.Error("an agent is online before any heartbeat")
	}
	harness.Refused(t, other.Writer().API(t).UserHeartbeat(ctx, id, nil, api.Heartbeat{}), 404)
	harness.Refused(t, agent.UserHeartbeat(ctx, harness.UnknownID, nil, api.Heartbeat{}), 404)
	if there() {
		t.Error("another website's agent counts")
	}
	for range 2 {
		harness.Done(t, agent.UserHeartbeat(ctx, id, nil, api.Heartbeat{}))
	}
	if !harness.Of(agent.GetUser(ctx, id, nil)).OK(t).Online || !there() || !w.Visit(t, nil).Made.Bool("agentsOnline") {
		t.Error("the agent is not online")
	}
	if other.Visit(t, nil).Made.Bool("agentsOnline") {
		t.Error("the agent is online on another website")
	}
}

// Installed checks that a website's agents see its state, and whether a browser has loaded its widget.
func Installed(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	own := func() api.Website { return harness.Of(w.Reader().API(t).GetWebsite(t.Context())).OK(t) }
	if o := own(); o.ID != w.ID || o.ClientToken != w.ClientToken || o.Plan != api.PlanPRO || o.Level != api.LevelREAD ||
		!o.WidgetLoadedAt.IsNull() {
		t.Errorf("a new website: %+v", o)
	}
	script := "/widget/" + w.ClientToken
	w.Public().With("User-Agent", "WordPress/6.4; plugin 1.0.1").Do(t, "GET", script, nil).Want(t, 200) // a plugin's check
	if o := own(); !o.WidgetLoadedAt.IsNull() {
		t.Errorf("a plugin's check counts as a browser: %+v", o)
	}
	w.Public().With("Referer", "https://shop.example/").Do(t, "GET", script+"?ver=1.0.1", nil).Want(t, 200)
	first := own().WidgetLoadedAt.MustGet()
	w.Public().With("Sec-Fetch-Dest", "script").Do(t, "GET", script, nil).Want(t, 200)
	harness.Of(w.Writer().API(t).UpdateWidget(t.Context(), w.ClientToken, nil,
		api.WidgetPatch{Color: new("#123456")})).OK(t)
	if again := own().WidgetLoadedAt.MustGet(); !again.Equal(first) {
		t.Errorf("first loaded at %s, and then at %s", first, again)
	}
}
