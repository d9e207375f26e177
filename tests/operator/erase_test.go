package operator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// twoVisitors creates a PRO website with the World's visitor and one more, each with a conversation of two messages and
// a ticket.
func twoVisitors(t *testing.T) (w *harness.World, second harness.Session, conversation string) {
	t.Helper()
	w = harness.Running().World(t, harness.Pro)
	second = w.Visit(t, harness.Map{
		"name":    harness.Unique("Walter "),
		"context": harness.Map{"mail": harness.Unique("walter") + "@home.example"},
	})
	conversation = second.Open(t, harness.Unique("secret-"))
	w.Agent().With("Idempotency-Key", harness.Unique("a")).Send(t, 201, "POST", "/conversations/"+conversation+"/messages",
		harness.Map{"content": harness.Unique("answer-")})
	second.With("Idempotency-Key", harness.Unique("v")).Send(t, 201, "POST", "/internal/visitors/tickets",
		harness.Map{"title": harness.Unique("ticket-"), "email": harness.Unique("w") + "@mail.example"})
	return w, second, conversation
}

// words returns all texts of rows that can identify a person, except those that another website has too.
func words(rows, others map[string][]harness.Object) []string {
	common := texts(others)
	return slices.DeleteFunc(texts(rows), func(s string) bool { return slices.Contains(common, s) })
}

func texts(rows map[string][]harness.Object) []string {
	var all []string
	for kind, fields := range map[string][]string{
		"visitor": {"name", "token", "context"}, "conversation": {"token"}, "message": {"content"},
		"ticket":         {"title", "email", "uniqueEmailAddress"},
		"ticket_message": {"content"},
	} {
		for _, row := range rows[kind] {
			for _, f := range fields {
				if s, _ := row.M[f].(string); s != "" {
					all = append(all, s)
				}
			}
		}
	}
	return all
}

func TestEraseVisitor(t *testing.T) {
	t.Parallel()
	db := store(t)
	w, gone, conversation := twoVisitors(t)
	other, _, _ := twoVisitors(t)
	ticket := w.Agent().Get(t, fmt.Sprintf("/tickets?visitorId=%d",
		gone.ID)).M["data"].([]any)[0].(map[string]any)["id"].(string)
	w.Agent().Send(t, 201, "POST", "/tickets/"+ticket+"/messages", harness.Map{"content": harness.Unique("by mail ")})
	note := harness.Unique("note-")
	w.Agent().Send(t, 201, "POST", "/visitors/"+gone.Token+"/notes", harness.Map{"content": note})
	settled(t, w, 2, 4, 3)
	settled(t, other, 2, 4, 3)
	path := fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, gone.Token)
	theirs := lines(t, w.Operator().Do(t, "GET", path+"/export", nil))
	for kind, n := range map[string]int{"visitor": 1, "conversation": 1, "message": 2, "ticket": 1, "ticket_message": 1} {
		if len(theirs[kind]) != n {
			t.Errorf("the export has %d of %s, want %d", len(theirs[kind]), kind, n)
		}
	}
	before, kept := rowsOf(t, db, other.ID), w.Reader().Get(t, "/conversations/"+w.Conversation)

	e := w.Operator().Send(t, 202, "DELETE", path, nil)
	if e.Int("websiteId") != w.ID || e.Int("visitorId") != gone.ID || e.Text("status") != "RUNNING" {
		t.Errorf("%s", e)
	}
	if e = w.Swept(t, e.Int("id")); e.Text("status") != "SETTLING" || !e.Null("failure") {
		t.Errorf("%s", e)
	}
	secrets := append(words(theirs, nil), gone.Token, conversation, note)
	if len(secrets) < 10 {
		t.Fatalf("the test searches only for %v", secrets)
	}
	noTrace(t, db, secrets...)
	unchanged(t, before, rowsOf(t, db, other.ID))

	w.Reader().Do(t, "GET", "/visitors/"+gone.Token, nil).Want(t, 404)
	w.Reader().Do(t, "GET", "/conversations/"+conversation, nil).Want(t, 404)
	w.Reader().Do(t, "GET", "/tickets/"+ticket, nil).Want(t, 404)
	w.Operator().Do(t, "DELETE", path, nil).Want(t, 404)
	now := w.Reader().Get(t, "/conversations/"+w.Conversation)
	if harness.Render(now.M, "online") != harness.Render(kept.M, "online") {
		t.Errorf("another visitor's conversation is %s, was %s", now, kept)
	}
	// The counts stay, except for the conversation that is no longer open.
	harness.Eventually(t, harness.Patience, "the open conversations", func() (bool, any) {
		o := w.Reader().Get(t, "/statistics/current")
		return o.Int("activeConversations") == 1 && o.Int("totalConversations") == 2 && o.Int("totalMessages") == 4 &&
			o.Int("totalVisitors") == 3, o
	})
	// The logs continue after the erased records.
	w.Visit(t, nil).Open(t, "Are you still there?")
	settled(t, w, 3, 5, 4)
}

func TestEraseWebsite(t *testing.T) {
	t.Parallel()
	db := store(t)
	w, _, _ := twoVisitors(t)
	other, _, _ := twoVisitors(t)
	team(t, w)
	settled(t, w, 2, 4, 3)
	settled(t, other, 2, 4, 3)
	path := fmt.Sprintf("/operator/websites/%d", w.ID)
	all := lines(t, w.Operator().Do(t, "GET", path+"/export", nil))
	theirs := lines(t, w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/export", other.ID), nil))
	before := rowsOf(t, db, other.ID)
	w.Reader().Get(t, "/conversations")
	// A visitor without a name has one that was drawn from a list: another website's visitor can have the same.
	drawn := w.Reader().Get(t, "/visitors/"+w.Quiet.Token).Text("name")
	secrets := append(words(all, theirs), w.Name, w.ClientToken, w.User.Text("email"), w.Tag)
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return s == drawn })

	start := time.Now()
	e := w.Operator().Send(t, 202, "DELETE", path, nil)
	harness.Eventually(t, time.Second, "its tokens are refused", func() (bool, any) {
		a := w.Reader().Do(t, "GET", "/conversations", nil)
		return a.Status == 401, a.Status
	})
	t.Logf("its tokens were refused after %v", time.Since(start))
	again := w.Operator().Send(t, 202, "DELETE", path, nil)
	if again.Int("id") != e.Int("id") || !e.Null("visitorId") {
		t.Errorf("deleted again: %s, before %s", again, e)
	}
	w.Swept(t, e.Int("id"))
	noTrace(t, db, secrets...)
	for collection, rows := range rowsOf(t, db, w.ID) {
		for _, row := range rows {
			action, _ := row.Lookup("action").StringValueOK()
			if collection != "accounts_erasures" && (collection != "accounts_audit" || action != "website.erase") {
				t.Errorf("%s still has %s", collection, row)
			}
		}
	}
	unchanged(t, before, rowsOf(t, db, other.ID))

	w.Operator().Do(t, "GET", path, nil).Want(t, 404)
	w.Operator().Do(t, "GET", path+"/export", nil).Want(t, 404)
	w.Operator().Do(t, "POST", path+"/tokens", harness.Map{"name": "x", "level": "READ"}).Want(t, 404)
	w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 404)
	w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": w.ClientToken}).Want(t, 404)
	entries := w.Operator().Get(t, fmt.Sprintf("/operator/audit?websiteId=%d", w.ID))
	if n := len(entries.M["data"].([]any)); n != 1 || !strings.Contains(entries.String(), "website.erase") {
		t.Errorf("the rest of the audit log: %s", entries)
	}
	// The logs continue after the erased records.
	other.Visit(t, nil).Open(t, "Are you still there?")
	settled(t, other, 3, 5, 4)
}

func TestEraseUnknownIsRefused(t *testing.T) {
	t.Parallel()
	w, other := harness.Running().World(t, harness.Free), harness.Running().World(t, harness.Free)
	for path, status := range map[string]int{
		"/operator/websites/987654321": 404,
		"/operator/websites/x":         400,
		fmt.Sprintf("/operator/websites/%d/visitors/%s", other.ID, w.Caller.Token):  404,
		fmt.Sprintf("/operator/websites/%d/visitors/vis_nobody", w.ID):              404,
		fmt.Sprintf("/operator/websites/%d/visitors/%s", 987654321, w.Caller.Token): 404,
	} {
		w.Operator().Do(t, "DELETE", path, nil).Want(t, status)
		if path != "/operator/websites/x" {
			w.Operator().Do(t, "GET", path+"/export", nil).Want(t, status)
		}
	}
	w.Operator().Do(t, "GET", "/operator/erasures/987654321", nil).Want(t, 404)
	w.Reader().Get(t, "/visitors/"+w.Caller.Token)
}

// team gives the website a member, an open invitation, an identity secret and a user who has left.
func team(t *testing.T, w *harness.World) {
	t.Helper()
	owner := w.Person(t, harness.Owner)
	owner.Send(t, 201, "POST", "/invitations",
		harness.Map{"email": harness.Unique("ben.") + "@shop.example", "role": harness.Agent})
	owner.Send(t, 201, "POST", "/identity-secrets", nil)
	u := owner.Send(t, 201, "POST", "/users",
		harness.Map{"name": "Cleo", "email": harness.Unique("cleo.") + "@shop.example"})
	owner.Do(t, "DELETE", "/users/"+harness.PathID(u.Int("id")), nil).Want(t, 200)
}
