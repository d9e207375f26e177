package operator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// TestRotation checks that a token and its successor both work until the old one expires.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	id, old := w.Token(t, harness.Read)
	rotate := fmt.Sprintf("/operator/websites/%d/tokens/%d/rotate", w.ID, id)
	next := w.Operator().Send(t, 201, "POST", rotate, harness.Map{"overlapSeconds": 3600})
	for _, secret := range []string{old, next.Text("token")} {
		w.Bearer(secret).Get(t, "/users")
	}
	w.Bearer(next.Text("token")).Do(t, "POST", "/users", harness.Map{}).Want(t, 403) // the successor has the same level
	w.Operator().Send(t, 201, "POST", rotate, harness.Map{"overlapSeconds": 0})
	harness.Eventually(t, time.Second, "the old token expires", func() (bool, any) {
		a := w.Bearer(old).Do(t, "GET", "/users", nil)
		return a.Status == 401, a.Status
	})
	w.Bearer(next.Text("token")).Get(t, "/users")
	listed := w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/tokens", w.ID), nil).Want(t, 200)
	if strings.Contains(string(listed.Body), next.Text("token")) {
		t.Error("a list of tokens holds a secret")
	}
}

// TestPlanTakesEffect checks that a website's permissions change with its plan.
func TestPlanTakesEffect(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Reader().Do(t, "GET", "/tickets", nil).Want(t, 403)
	w.Operator().Send(t, 200, "PATCH", fmt.Sprintf("/operator/websites/%d", w.ID), harness.Map{"plan": harness.Pro})
	harness.Eventually(t, 2*harness.Patience, "the plan", func() (bool, any) {
		a := w.Reader().Do(t, "GET", "/tickets", nil)
		return a.Status == 200, a.Status
	})
}

// TestAuditLog checks that the audit log has the changes of the operator and of a website's own tokens, with their
// origin.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	id, secret := w.Token(t, harness.ReadWrite)
	agent := w.Bearer(secret).With("X-Request-Id", "audited-1")
	user := agent.Send(t, 201, "POST", "/users", harness.Map{"name": "Una", "email": harness.Unique("una.") +
		"@shop.example"})
	page := w.Operator().Get(t, fmt.Sprintf("/operator/audit?websiteId=%d&limit=1", w.ID))
	entry := harness.NewObject(t, page.M["data"].([]any)[0].(map[string]any))
	if entry.Text("actor") != fmt.Sprintf("token:%d", id) || entry.Text("action") != "user.create" ||
		entry.Text("objectId") != harness.PathID(user.Int("id")) ||
		entry.Text("requestId") != "audited-1" || !strings.HasPrefix(entry.Text("address"), "127.0.0.1") ||
		entry.Object("after").Text("name") != "Una" {
		t.Errorf("%s", entry)
	}
	log := w.Operator().Do(t, "GET", fmt.Sprintf("/operator/audit?websiteId=%d&limit=100", w.ID), nil).Want(t, 200)
	if strings.Contains(string(log.Body), secret) {
		t.Error("the audit log holds a secret")
	}
	w.Reader().Do(t, "GET", "/operator/audit", nil).Want(t, 404) // not available in public
}

// TestAuditLogHasWhatTheTeamShares: the entry comes from another service, with the caller and the request.
func TestAuditLogHasWhatTheTeamShares(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	id, secret := w.Token(t, harness.ReadWrite)
	agent := w.Bearer(secret).With("X-Request-Id", "audited-2")
	reply := agent.Send(t, 201, "POST", "/canned-replies",
		harness.Map{"shortcut": "hello", "title": "Greeting", "text": "Not in the log."})
	log := w.Operator().Do(t, "GET", fmt.Sprintf("/operator/audit?websiteId=%d&limit=1", w.ID), nil).Want(t, 200)
	entry := log.Object().List("data")[0]
	if entry.Text("actor") != fmt.Sprintf("token:%d", id) || entry.Text("action") != "canned_reply.create" ||
		entry.Text("objectId") != harness.PathID(reply.Int("id")) || entry.Text("requestId") != "audited-2" ||
		!strings.HasPrefix(entry.Text("address"), "127.0.0.1") || entry.Object("after").Text("title") != "Greeting" {
		t.Errorf("%s", entry)
	}
	if strings.Contains(string(log.Body), "Not in the log") {
		t.Error("the audit log has the text of a canned reply")
	}
}
