package hostile_test

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestControlCharactersAreRefused: input text must not contain control characters except tab and line breaks, because
// JSON escapes them with six bytes each. The refusal names the member.
func TestControlCharactersAreRefused(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	const text = "a\u0001b"
	rows := []harness.Map{{"key": "1", "turns": []harness.Map{
		{"from": "visitor", "text": "Hello"},
		{"from": "agent", "text": text},
	}}}
	for name, c := range map[string]struct {
		by           harness.Client
		method, path string
		body         harness.Map
		field        string
	}{
		"first message": {w.Caller.Client, "POST", "/visitor/conversations", harness.Map{"content": text}, "content"},
		"visitor's message": {
			w.Caller.Client, "POST", "/visitor/conversations/" + w.Conversation + "/messages",
			harness.Map{"content": text},
			"content",
		},
		"agent's message": {
			w.Agent(), "POST", "/conversations/" + w.Conversation + "/messages",
			harness.Map{"content": text},
			"content",
		},
		"summary": {
			w.Agent(), "PATCH", "/conversations/" + w.Conversation,
			harness.Map{"summary": text},
			"summary",
		},
		"tags": {
			w.Agent(), "PATCH", "/conversations/" + w.Conversation,
			harness.Map{"tags": []string{"a", text}},
			"tags.1",
		},
		"feedback": {
			w.Caller.Client, "POST", "/conversations/" + w.Conversation + "/rate",
			harness.Map{"rating": 5, "feedback": text},
			"feedback",
		},
		"context value": {
			w.Agent(), "PATCH", "/visitors/" + w.Caller.Token + "/context",
			harness.Map{"context": harness.Map{"plan": text}},
			"context.plan",
		},
		"context key": {
			w.Agent(), "PATCH", "/visitors/" + w.Caller.Token + "/context",
			harness.Map{"context": harness.Map{text: 1}},
			"context." + text,
		},
		"visitor's name": {
			w.Agent(), "PATCH", "/visitors/" + w.Caller.Token + "/context",
			harness.Map{"name": text},
			"name",
		},
		"ticket": {
			w.Agent(), "POST", "/tickets",
			harness.Map{"title": "x", "description": "\u0085"},
			"description",
		},
		"ticket's title": {w.Agent(), "PATCH", "/tickets/" + w.Ticket, harness.Map{"title": "a\u007f"}, "title"},
		"ticket message": {
			w.Agent(), "POST", "/tickets/" + w.Ticket + "/messages",
			harness.Map{"content": "x", "subject": text},
			"subject",
		},
		"imported row": {w.Agent(), "POST", "/conversations/import", harness.Map{"rows": rows}, "rows.0.turns.1.text"},
		"user": {
			w.Agent(), "PATCH", "/users/" + harness.PathID(w.User.Int("id")),
			harness.Map{"name": text},
			"name",
		},
		"display name":    {w.Agent(), "PUT", "/tags/" + w.Tag, harness.Map{"names": harness.Map{"de": text}}, "names.de"},
		"tag in the path": {w.Agent(), "PUT", "/tags/a%07b", harness.Map{"names": harness.Map{}}, "name"},
		"webhook":         {w.Agent(), "PATCH", "/webhooks/" + w.Webhook, harness.Map{"description": text}, "description"},
	} {
		p := c.by.Do(t, c.method, c.path, c.body).Want(t, 400).Object()
		if fields := p.List("errors"); len(fields) == 0 || fields[0].Text("field") != c.field {
			t.Errorf("%s: the refusal doesn't name %q: %s", name, c.field, p)
		}
	}
	w.Caller.Send(t, 201, "POST", "/visitor/conversations", harness.Map{"content": "tab\tline\r\n\u200d\u202b \U0001F600"})
}
