package contract_test

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestUnauthenticated calls every operation that needs a bearer token without a valid one: 401, whatever the rest of
// the request is.
func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	public, good := w.Public(), "Bearer "+secretOf(t, w)
	bad := map[string]harness.Client{
		"no token":          public,
		"garbage":           w.Bearer("garbage"),
		"revoked":           w.Bearer(w.Revoked(t)),
		"broken checksum":   public.With("Authorization", flipLast(good)),
		"never issued":      public.With("Authorization", "Bearer 5c_"+strings.Repeat("a", 40)),
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

// TestSchemeIsCaseInsensitive: RFC 9110 defines the scheme Bearer as case-insensitive.
func TestSchemeIsCaseInsensitive(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Token(t, harness.Read)
	w.Public().With("Authorization", "bearer "+secret).Get(t, "/conversations")
}

// TestForbidden calls every operation with a level that does not include it, and those of PRO on FREE.
func TestForbidden(t *testing.T) {
	t.Parallel()
	free, pro := harness.Running().World(t, harness.Free), harness.Running().World(t, harness.Pro)
	other := map[harness.Caller][]string{
		harness.ByRead: {harness.Write}, harness.ByWrite: {harness.Read},
		harness.ByReadWrite: {harness.Read, harness.Write},
	}
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

// TestHealth: 200 for monitors without a token and for every valid one, 401 for an invalid one.
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

// TestRefusals checks every listed 400 and 404, and the order in which a request with two faults is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w, other := harness.Running().World(t, harness.Pro), harness.Running().World(t, harness.Pro)
	before := w.State(t)
	for _, group := range [][]refusal{
		conversationRefusals(w, other), visitorRefusals(w), widgetRefusals(w, other),
		ticketRefusals(w, other),
	} {
		for _, r := range group {
			t.Run(r.name, func(t *testing.T) {
				wantCode(t, r.as.Do(t, r.method, r.path, r.body), r.status, r.code, r.field)
			})
		}
	}
	if after := w.State(t); after != before {
		t.Errorf("refused requests changed the state:\nbefore %s\nafter  %s", before, after)
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
		{
			5, "an unknown visitor rates", w.System.Visitor(harness.Lookalike(w.Caller.Token)), "POST", own + "/rate", five, 400,
			"", "x-visitor-id",
		},
		{
			5, "a malformed visitor rates", w.System.Visitor("no visitor"), "POST", own + "/rate", five, 400, "",
			"x-visitor-id",
		},
		{5, "an unknown conversation is rated", w.Caller.Client, "POST", unknown + "/rate", five, 404, missing, ""},
		{5, "another website's visitor rates", other.Caller.Client, "POST", own + "/rate", five, 404, missing, ""},
		{
			5, "a bad rating of an unknown conversation", w.Caller.Client, "POST", unknown + "/rate",
			harness.Map{"rating": 6},
			400, invalid, "rating",
		},
		{
			5, "feedback is no text", w.Caller.Client, "POST", own + "/rate",
			harness.Map{"rating": 5, "feedback": 5},
			400,
			invalid, "feedback",
		},
	}
	for name, body := range map[string]string{
		"0": `{"rating":0}`, "6": `{"rating":6}`, "-1": `{"rating":-1}`, "3.5": `{"rating":3.5}`, "text": `{"rating":"5"}`,
		"null":   `{"rating":null}`,
		"absent": `{}`, "true": `{"rating":true}`, "huge": `{"rating":1e400}`, "list": `{"rating":[5]}`,
		"over int64": `{"rating":92233720368547758080}`,
	} {
		rows = append(rows, refusal{
			5, "rating " + name, w.Caller.Client, "POST", own + "/rate", harness.JSON(body), 400,
			"", "rating",
		})
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
		{
			7, "bad context of an unknown visitor", w.Writer(), "PATCH", unknown + "/context",
			harness.Map{"context": 5},
			400,
			invalid, "context",
		},
		{
			7, "name is no text", w.Writer(), "PATCH", own + "/context",
			harness.Map{"name": 5, "context": harness.Map{"a": 1}},
			400, invalid, "name",
		},
	}
	for name, v := range map[string]any{"text": `{"a":1}`, "list": []int{1}, "number": 5, "true": true} {
		rows = append(rows, refusal{
			7, "context is a " + name, w.Writer(), "PATCH", own + "/context",
			harness.Map{"name": "Half written", "context": v},
			400, invalid, "context",
		})
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
		{
			9, "malformed widget changed", w.Writer(), "PATCH", "/widgets/no.token",
			harness.Map{"color": "#fff"},
			400,
			invalid, "",
		},
		{
			9, "another website's widget changed", w.Writer(), "PATCH", "/widgets/" + other.ClientToken,
			harness.Map{"color": "#fff"},
			404, missing, "",
		},
		{9, "bad colour of an unknown widget", w.Writer(), "PATCH", unknown, harness.Map{"color": 5}, 400, invalid, "color"},
		{
			9, "another client token", w.Writer(), "PATCH", own,
			harness.Map{"color": "#000", "websiteClientToken": "other"},
			400, invalid, "websiteClientToken",
		},
		{
			9, "one good and one bad colour", w.Writer(), "PATCH", own,
			harness.Map{"color": "#000", "bubbleColor": "red"},
			400,
			invalid, "bubbleColor",
		},
		{9, "a position is no number", w.Writer(), "PATCH", own, harness.Map{"buttonXPos": "5"}, 400, invalid, "buttonXPos"},
		{
			9, "a switch is no switch", w.Writer(), "PATCH", own,
			harness.Map{"ratingEnabled": 1},
			400, invalid,
			"ratingEnabled",
		},
	}
	for _, color := range []string{
		"", "fff", "#ff", "#fffff", "#fffffff", "#ggg", "red", "#fff ", "#fff\n", "rgb(0,0,0)",
		"#fffffffff",
	} {
		rows = append(rows, refusal{
			9, "colour " + color, w.Writer(), "PATCH", own,
			harness.Map{"color": color},
			400,
			invalid, "color",
		})
	}
	return rows
}
