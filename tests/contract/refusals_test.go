package contract_test

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestUnauthenticated asks every operation that needs a bearer token without a good one: 401, whatever the rest of the
// request is like.
func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	public, good := w.Public(), "Bearer "+secretOf(t, w)
	bad := map[string]harness.Client{
		"no token":          public,
		"garbage":           w.Bearer("garbage"),
		"revoked":           w.Bearer(w.Revoked(t)),
		"broken checksum":   public.With("Authorization", flipLast(good)),
		"never made":        public.With("Authorization", "Bearer 5c_"+strings.Repeat("a", 40)),
		"no secret":         public.With("Authorization", "Bearer "),
		"another scheme":    public.With("Authorization", "Basic dTpw"),
		"a visitor's":       w.Bearer(w.Caller.Token),
		"in x-visitor-id":   w.System.Visitor(strings.TrimPrefix(good, "Bearer ")),
		"operator's":        w.Bearer(w.OperatorKey),
		"very long":         w.Bearer(strings.Repeat("a", 8<<10)),
		"odd bytes":         public.With("Authorization", "Bearer 5c_\xff\xfe"),
		"identity asserted": public.With("X-Fivechat-Assertion", "eyJhbGciOiJub25lIn0.eyJraW5kIjoidG9rZW4ifQ."),
	}
	for _, op := range harness.Operations() {
		if !op.ByToken() {
			continue
		}
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			for name, c := range bad {
				a := op.Ask(t, c, w.Objects()).Want(t, 401)
				if code := a.Object().Text("code"); !strings.HasPrefix(code, "token_") {
					t.Errorf("%s: code is %q", name, code)
				}
			}
		})
	}
}

func secretOf(t *testing.T, w *harness.World) string {
	_, secret := w.Token(t, harness.ReadWrite)
	return secret
}

func flipLast(s string) string {
	last := byte('a')
	if s[len(s)-1] == last {
		last = 'b'
	}
	return s[:len(s)-1] + string(last)
}

// TestSchemeIsCaseInsensitive: RFC 9110 says so of the word Bearer.
func TestSchemeIsCaseInsensitive(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Token(t, harness.Read)
	w.Public().With("Authorization", "bearer "+secret).Get(t, "/conversations")
}

// TestForbidden asks every operation with a level that does not include it, and those of PRO on FREE.
func TestForbidden(t *testing.T) {
	t.Parallel()
	free, pro := harness.Running().World(t, harness.Free), harness.Running().World(t, harness.Pro)
	other := map[harness.Caller][]string{harness.ByRead: {harness.Write}, harness.ByWrite: {harness.Read}, harness.ByReadWrite: {harness.Read, harness.Write}}
	for _, op := range harness.Operations() {
		if !op.ByToken() {
			continue
		}
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			for _, level := range other[op.Caller] {
				wantCode(t, op.Ask(t, pro.As(level), pro.Objects()), 403, "permission_missing", "")
			}
			if op.Pro {
				wantCode(t, op.Ask(t, free.Agent(), free.Objects()), 403, "plan_required", "")
			}
		})
	}
}

// TestHealth: 200 for monitors without a token and for every good one, 401 for a bad one.
func TestHealth(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	for _, c := range []harness.Client{w.Public(), w.Reader(), w.Writer(), w.Agent()} {
		harness.Check(t, "health", c.Get(t, "/health"), harness.Health)
	}
	wantCode(t, w.Bearer("garbage").Do(t, "GET", "/health", nil), 401, "token_invalid", "")
	wantCode(t, w.Bearer(w.Revoked(t)).Do(t, "GET", "/health", nil), 401, "token_invalid", "")
}

// refusal is a request that a documented operation refuses.
type refusal struct {
	row          int
	name         string
	as           harness.Client
	method, path string
	body         any
	status       int
	code, field  string
}

// TestRefusals is every listed 400 and 404, and the order in which a request with two faults is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w, other := harness.Running().World(t, harness.Pro), harness.Running().World(t, harness.Pro)
	before := w.State(t)
	for _, group := range [][]refusal{conversationRefusals(w, other), visitorRefusals(w), widgetRefusals(w, other), ticketRefusals(w, other)} {
		for _, r := range group {
			t.Run(r.name, func(t *testing.T) {
				wantCode(t, r.as.Do(t, r.method, r.path, r.body), r.status, r.code, r.field)
			})
		}
	}
	if after := w.State(t); after != before {
		t.Errorf("refused requests left something behind:\nbefore %s\nafter  %s", before, after)
	}
}

func wantCode(t *testing.T, a harness.Answer, status int, code, field string) {
	t.Helper()
	p := a.Want(t, status).Object()
	if code != "" && p.Text("code") != code {
		t.Errorf("%s %s: code is %q, want %q: %s", a.Method, a.Path, p.Text("code"), code, a.Body)
	}
	if field == "" {
		return
	}
	for _, e := range p.List("errors") {
		if e.Text("field") == field {
			return
		}
	}
	t.Errorf("%s %s: no error names %q: %s", a.Method, a.Path, field, a.Body)
}

const invalid, missing = "validation_failed", "not_found"

func conversationRefusals(w, other *harness.World) []refusal {
	own, unknown := "/conversations/"+w.Conversation, "/conversations/"+harness.Lookalike(w.Conversation)
	five := harness.Map{"rating": 5}
	rows := []refusal{
		{3, "unknown conversation", w.Reader(), "GET", unknown, nil, 404, missing, ""},
		{3, "malformed conversation", w.Reader(), "GET", "/conversations/nonsense", nil, 404, missing, ""},
		{4, "unknown conversation's messages", w.Reader(), "GET", unknown + "/messages", nil, 404, missing, ""},
		{5, "no visitor rates", w.Public(), "POST", own + "/rate", five, 400, "", "x-visitor-id"},
		{5, "an agent rates", w.Agent(), "POST", own + "/rate", five, 400, "", "x-visitor-id"},
		{5, "an unknown visitor rates", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST", own + "/rate", five, 400, "", "x-visitor-id"},
		{5, "a malformed visitor rates", w.System.Visitor("no visitor"), "POST", own + "/rate", five, 400, "", "x-visitor-id"},
		{5, "an unknown conversation is rated", w.Caller.Client, "POST", unknown + "/rate", five, 404, missing, ""},
		{5, "another website's visitor rates", other.Caller.Client, "POST", own + "/rate", five, 404, missing, ""},
		{5, "a bad rating of an unknown conversation", w.Caller.Client, "POST", unknown + "/rate", harness.Map{"rating": 6}, 400, invalid, "rating"},
		{5, "feedback is no text", w.Caller.Client, "POST", own + "/rate", harness.Map{"rating": 5, "feedback": 5}, 400, invalid, "feedback"},
	}
	for name, body := range map[string]string{
		"0": `{"rating":0}`, "6": `{"rating":6}`, "-1": `{"rating":-1}`, "3.5": `{"rating":3.5}`, "text": `{"rating":"5"}`, "null": `{"rating":null}`,
		"absent": `{}`, "true": `{"rating":true}`, "huge": `{"rating":1e400}`, "list": `{"rating":[5]}`, "over int64": `{"rating":92233720368547758080}`,
	} {
		rows = append(rows, refusal{5, "rating " + name, w.Caller.Client, "POST", own + "/rate", harness.JSON(body), 400, "", "rating"})
	}
	return append(rows, refusal{5, "no body", w.Caller.Client, "POST", own + "/rate", nil, 400, "", "rating"})
}

func visitorRefusals(w *harness.World) []refusal {
	own, unknown := "/visitors/"+w.Caller.Token, "/visitors/"+harness.Lookalike(w.Caller.Token)
	named := harness.Map{"name": "Vera", "context": harness.Map{}}
	rows := []refusal{
		{6, "unknown visitor", w.Reader(), "GET", unknown, nil, 404, missing, ""},
		{6, "malformed visitor", w.Reader(), "GET", "/visitors/no.token", nil, 400, invalid, ""},
		{7, "unknown visitor's context", w.Writer(), "PATCH", unknown + "/context", named, 404, missing, ""},
		{7, "malformed visitor's context", w.Writer(), "PATCH", "/visitors/no.token/context", named, 400, invalid, ""},
		{7, "bad context of an unknown visitor", w.Writer(), "PATCH", unknown + "/context", harness.Map{"context": 5}, 400, invalid, "context"},
		{7, "name is no text", w.Writer(), "PATCH", own + "/context", harness.Map{"name": 5, "context": harness.Map{"a": 1}}, 400, invalid, "name"},
	}
	for name, v := range map[string]any{"text": `{"a":1}`, "list": []int{1}, "number": 5, "true": true} {
		rows = append(rows, refusal{7, "context is a " + name, w.Writer(), "PATCH", own + "/context",
			harness.Map{"name": "Half written", "context": v}, 400, invalid, "context"})
	}
	return rows
}

func widgetRefusals(w, other *harness.World) []refusal {
	own, unknown := "/widgets/"+w.ClientToken, "/widgets/"+harness.Unique("wgt_")
	rows := []refusal{
		{8, "unknown widget", w.Public(), "GET", unknown, nil, 404, missing, ""},
		{8, "malformed widget", w.Public(), "GET", "/widgets/no.token", nil, 400, invalid, ""},
		{8, "widget with a space", w.Public(), "GET", "/widgets/no%20token", nil, 400, invalid, ""},
		{8, "widget in letters beyond ASCII", w.Public(), "GET", "/widgets/t%C3%B6ken", nil, 400, invalid, ""},
		{8, "widget of 128 characters", w.Public(), "GET", "/widgets/" + strings.Repeat("a", 128), nil, 404, missing, ""},
		{8, "widget of 129 characters", w.Public(), "GET", "/widgets/" + strings.Repeat("a", 129), nil, 400, invalid, ""},
		{9, "unknown widget changed", w.Writer(), "PATCH", unknown, harness.Map{"color": "#fff"}, 404, missing, ""},
		{9, "malformed widget changed", w.Writer(), "PATCH", "/widgets/no.token", harness.Map{"color": "#fff"}, 400, invalid, ""},
		{9, "another website's widget changed", w.Writer(), "PATCH", "/widgets/" + other.ClientToken, harness.Map{"color": "#fff"}, 404, missing, ""},
		{9, "bad colour of an unknown widget", w.Writer(), "PATCH", unknown, harness.Map{"color": 5}, 400, invalid, "color"},
		{9, "another client token", w.Writer(), "PATCH", own, harness.Map{"color": "#000", "websiteClientToken": "other"}, 400, invalid, "websiteClientToken"},
		{9, "one good and one bad colour", w.Writer(), "PATCH", own, harness.Map{"color": "#000", "bubbleColor": "red"}, 400, invalid, "bubbleColor"},
		{9, "a position is no number", w.Writer(), "PATCH", own, harness.Map{"buttonXPos": "5"}, 400, invalid, "buttonXPos"},
		{9, "a switch is no switch", w.Writer(), "PATCH", own, harness.Map{"ratingEnabled": 1}, 400, invalid, "ratingEnabled"},
	}
	for _, color := range []string{"", "fff", "#ff", "#fffff", "#fffffff", "#ggg", "red", "#fff ", "#fff\n", "rgb(0,0,0)", "#fffffffff"} {
		rows = append(rows, refusal{9, "colour " + color, w.Writer(), "PATCH", own, harness.Map{"color": color}, 400, invalid, "color"})
	}
	return rows
}

func ticketRefusals(w, other *harness.World) []refusal {
	own, unknown := "/tickets/"+w.Ticket, "/tickets/"+harness.PathID(harness.UnknownID)
	titled := func(name string, v any) harness.Map { return harness.Map{"title": "Half written", name: v} }
	rows := []refusal{
		{12, "no body", w.Writer(), "POST", "/tickets", nil, 400, "", "title"},
		{12, "no title", w.Writer(), "POST", "/tickets", harness.Map{"description": "x"}, 400, invalid, "title"},
		{12, "blank title", w.Writer(), "POST", "/tickets", harness.Map{"title": " \t\n"}, 400, invalid, "title"},
		{12, "title too long", w.Writer(), "POST", "/tickets", harness.Map{"title": strings.Repeat("a", 256)}, 400, invalid, "title"},
		{12, "title is null", w.Writer(), "POST", "/tickets", harness.Map{"title": nil}, 400, invalid, "title"},
		{12, "description too long", w.Writer(), "POST", "/tickets", titled("description", strings.Repeat("a", 64<<10+1)), 400, invalid, "description"},
		{12, "priority unknown", w.Writer(), "POST", "/tickets", titled("priority", "SOON"), 400, invalid, "priority"},
		{12, "visitor unknown", w.Writer(), "POST", "/tickets", titled("visitorToken", harness.Lookalike(w.Caller.Token)), 400, invalid, "visitorToken"},
		{12, "visitor malformed", w.Writer(), "POST", "/tickets", titled("visitorToken", "no token"), 400, invalid, "visitorToken"},
		{12, "another website's visitor", w.Writer(), "POST", "/tickets", titled("visitorToken", other.Caller.Token), 400, invalid, "visitorToken"},
		{12, "conversation unknown", w.Writer(), "POST", "/tickets", titled("conversationToken", harness.Lookalike(w.Conversation)), 400, invalid, "conversationToken"},
		{12, "another website's conversation", w.Writer(), "POST", "/tickets", titled("conversationToken", other.Conversation), 400, invalid, "conversationToken"},
		{13, "unknown ticket", w.Reader(), "GET", unknown, nil, 404, missing, ""},
		{14, "unknown ticket changed", w.Writer(), "PATCH", unknown, harness.Map{"title": "x"}, 404, missing, ""},
		{14, "bad change of an unknown ticket", w.Writer(), "PATCH", unknown, harness.Map{"title": 5}, 400, invalid, "title"},
		{14, "title blanked", w.Writer(), "PATCH", own, harness.Map{"description": "half", "title": " "}, 400, invalid, "title"},
		{14, "assignee unknown", w.Writer(), "PATCH", own, titled("assigneeId", harness.UnknownID), 400, invalid, "assigneeId"},
		{14, "another website's assignee", w.Writer(), "PATCH", own, titled("assigneeId", other.User.Int("id")), 400, invalid, "assigneeId"},
		{14, "assignee is text", w.Writer(), "PATCH", own, titled("assigneeId", "7"), 400, invalid, "assigneeId"},
		{14, "status unknown", w.Writer(), "PATCH", own, titled("status", "DONE"), 400, invalid, "status"},
		{14, "visitor unknown", w.Writer(), "PATCH", own, titled("visitorToken", harness.Lookalike(w.Caller.Token)), 400, invalid, "visitorToken"},
		{15, "unknown ticket deleted", w.Writer(), "DELETE", unknown, nil, 404, missing, ""},
		{16, "unknown ticket's status", w.Writer(), "PATCH", unknown + "/status", harness.Map{"status": "OPEN"}, 404, missing, ""},
		{16, "status unknown", w.Writer(), "PATCH", own + "/status", harness.Map{"status": "DONE"}, 400, invalid, "status"},
		{16, "status in small letters", w.Writer(), "PATCH", own + "/status", harness.Map{"status": "open"}, 400, invalid, "status"},
		{16, "status absent", w.Writer(), "PATCH", own + "/status", harness.Map{}, 400, invalid, "status"},
		{17, "unknown ticket's message", w.Writer(), "POST", unknown + "/messages", harness.Map{"content": "x"}, 404, missing, ""},
		{17, "no content", w.Writer(), "POST", own + "/messages", harness.Map{"subject": "x"}, 400, invalid, "content"},
		{17, "blank content", w.Writer(), "POST", own + "/messages", harness.Map{"content": "  "}, 400, invalid, "content"},
		{17, "message type unknown", w.Writer(), "POST", own + "/messages", harness.Map{"content": "x", "messageType": "FAX"}, 400, invalid, "messageType"},
		{18, "no header", w.Public(), "POST", "/internal/visitors/tickets", harness.Map{"title": "x"}, 400, "", "x-visitor-id"},
		{18, "unknown visitor", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST", "/internal/visitors/tickets", harness.Map{"title": "x"}, 401, "", ""},
		{18, "unknown visitor and no title", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST", "/internal/visitors/tickets", harness.Map{}, 401, "", ""},
		{18, "no title", w.Caller.Client, "POST", "/internal/visitors/tickets", harness.Map{}, 400, invalid, "title"},
	}
	for _, email := range []string{"", "vera", "vera@", "@example.org", "vera example@example.org", "a@b@c", "vera@example.org\n"} {
		rows = append(rows, refusal{12, "email " + email, w.Writer(), "POST", "/tickets", titled("email", email), 400, invalid, "email"},
			refusal{14, "email " + email, w.Writer(), "PATCH", own, titled("email", email), 400, invalid, "email"})
	}
	for _, id := range []string{"abc", "0", "-1", "1.5", "1e3", "9007199254740993", "99999999999999999999", "0x1", "%20", w.Caller.Token} {
		path := "/tickets/" + id
		rows = append(rows,
			refusal{13, "id " + id, w.Reader(), "GET", path, nil, 400, invalid, ""},
			refusal{14, "id " + id, w.Writer(), "PATCH", path, harness.Map{"title": "x"}, 400, invalid, ""},
			refusal{15, "id " + id, w.Writer(), "DELETE", path, nil, 400, invalid, ""},
			refusal{16, "id " + id, w.Writer(), "PATCH", path + "/status", harness.Map{"status": "OPEN"}, 400, invalid, ""},
			refusal{17, "id " + id, w.Writer(), "POST", path + "/messages", harness.Map{"content": "x"}, 400, invalid, ""})
	}
	return rows
}
