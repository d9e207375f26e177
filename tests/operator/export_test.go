package operator_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"fivechat.dev/deploy/fivechat/importer"
	"fivechat.dev/tests/harness"
)

// TestExportIsComplete checks that an export has every row of the website in the store, no row of another one, and no
// secret.
func TestExportIsComplete(t *testing.T) {
	t.Parallel()
	db := store(t)
	w, _, _ := twoVisitors(t)
	w.Import(t, 120) // more than a page
	settled(t, w, 122, 244, 123)
	kinds := map[string]string{
		"accounts_websites": "website", "accounts_users": "user", "accounts_teams": "team",
		"accounts_tokens": "token", "widgets_widgets": "widget",
		"visitors_visitors": "visitor", "visitors_notes": "visitor_note",
		"conversations_tags": "tag", "conversations_conversations": "conversation", "conversations_messages": "message",
		"conversations_notes": "note", "workspace_replies": "canned_reply",
		"workspace_views": "view", "workspace_macros": "macro",
		"mail_received": "received_mail", "mail_originals": "mail_original", "mail_sent": "sent_mail",
		"mail_addresses":  "mail_address",
		"tickets_tickets": "ticket", "tickets_messages": "ticket_message", "statistics_counters": "statistics",
		"webhooks_webhooks": "webhook", "webhooks_deliveries": "webhook_delivery", "webhooks_bodies": "webhook_body",
		"files_files":     "file",
		"statistics_days": "statistics day", "statistics_agent_days": "statistics agent day",
	}
	stored := rowsOf(t, db, w.ID)
	all := lines(t, w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/export", w.ID), nil))
	for collection, kind := range kinds {
		if len(all[kind]) != len(stored[collection]) {
			t.Errorf("%d of %s, the store has %d", len(all[kind]), kind, len(stored[collection]))
		}
		for _, row := range all[kind] {
			if kind != "website" && row.Int("websiteId") != w.ID {
				t.Errorf("a row of another website: %s", row)
			}
			if row.M["hash"] != nil || row.M["secret"] != nil {
				t.Errorf("a secret: %s", row)
			}
		}
	}
	// The audit log and the contents of files aren't rows of a collection of the website.
	if len(all["audit"]) < 5 || len(all) != len(kinds)+2-missing(all, kinds) {
		t.Errorf("the export has %d kinds", len(all))
	}
	for _, row := range all["message"] {
		if row.Text("content") == "" {
			t.Errorf("%s", row)
		}
	}
}

// missing counts the kinds without a row.
func missing(all map[string][]harness.Object, kinds map[string]string) (n int) {
	for _, kind := range kinds {
		if len(all[kind]) == 0 {
			n++
		}
	}
	return n
}

// TestExportCanBeImported checks that another website then has the same conversations, with their times and people.
func TestExportCanBeImported(t *testing.T) {
	t.Parallel()
	from, second, conversation := twoVisitors(t)
	to := harness.Running().Website(t, harness.Free)
	una := harness.Map{"name": "Una", "email": harness.Unique("una") + "@shop.example"}
	agent := from.Agent().Send(t, 201, "POST", "/users", una).Int("id")
	to.Agent().Do(t, "POST", "/users", una).Want(t, 201)
	at := "/conversations/" + conversation
	from.Agent().Do(t, "POST", at+"/messages", harness.Map{"content": "by Una", "authorId": agent}).Want(t, 201)
	second.Do(t, "POST", at+"/rate", harness.Map{"rating": 4, "feedback": "quick"}).Want(t, 200)
	from.Agent().Do(t, "PATCH", at,
		harness.Map{"tags": []string{"moved"}, "assigneeId": agent, "summary": "moved", "status": "CLOSED"}).Want(t, 200)
	export := from.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/export", from.ID), nil).Want(t, 200)
	_, token := to.Token(t, harness.Write)
	for _, want := range []importer.Result{{Imported: 2}, {Existing: 2}} {
		got, err := importer.Run(t.Context(), importer.Options{
			URL: to.URL, Token: token, Input: bytes.NewReader(export.Body), Progress: func(int) {},
			BadLine: func(n int, why error) { t.Errorf("line %d: %v", n, why) },
		})
		if err != nil || got != want {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
	}
	if a, b := histories(t, from.Website), histories(t, to); !slices.Equal(a, b) || len(a) != 2 {
		t.Errorf("imported %q, want %q", b, a)
	}
}

// histories are a website's conversations without what numbers and tokens differ in.
func histories(t *testing.T, w *harness.Website) (all []string) {
	t.Helper()
	users, visitors := names(t, w, "/users"), names(t, w, "/visitors")
	for _, c := range w.Reader().Do(t, "GET", "/conversations", nil).Want(t, 200).List() {
		thread := w.Reader().Get(t, "/conversations/"+c.Text("token"))
		text := fmt.Sprint(c.M["tags"], c.M["status"], c.M["createdAt"], c.M["closedAt"], c.M["summary"], c.M["rating"],
			users[c.M["assigneeId"]], visitors[c.M["visitorId"]])
		for _, m := range thread.M["messages"].([]any) {
			m := harness.NewObject(t, m.(map[string]any))
			text += fmt.Sprint(" ", m.M["senderType"], m.M["content"], m.M["createdAt"], users[m.M["userId"]])
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

// names returns the names of a list's rows by their numbers.
func names(t *testing.T, w *harness.Website, list string) map[any]any {
	t.Helper()
	all := map[any]any{}
	for _, row := range w.Reader().Do(t, "GET", list, nil).Want(t, 200).List() {
		all[row.M["id"]] = row.M["name"]
	}
	return all
}
