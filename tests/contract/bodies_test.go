package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// tooLarge exceeds the size limit of every operation except the import.
const tooLarge = 2 << 20

// TestBodies sends every operation with a body every kind of bad one, and checks that nothing is stored.
func TestBodies(t *testing.T) {
	t.Parallel()
	for _, op := range harness.Operations() {
		if op.Body == nil {
			continue
		}
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			before := w.State(t)
			badBodies(t, w, op)
			if after := w.State(t); after != before {
				t.Errorf("refused bodies changed the state:\nbefore %s\nafter  %s", before, after)
			}
			unknownMembers(t, w, op)
			goodBodies(t, w, op)
		})
	}
}

func badBodies(t *testing.T, w *harness.World, op harness.Operation) {
	c, path := op.Allowed(w), harness.Fill(op.Path, w.Objects())
	send := func(raw harness.Raw) harness.Answer { return c.Do(t, op.Method, path, raw) }
	good, _ := json.Marshal(op.Good(w.Objects()))

	position := regexp.MustCompile(`\b\d+\b`)
	for _, text := range []string{
		`{"title": }`, `{"title":"x"`, `{`, `{"a":1,}`, `{'a':1}`, string(good) + `{}`,
		`{"a":01}`, "\ufeff{}", "nonsense", `{"a":"` + "\n" + `"}`,
	} {
		p := send(harness.JSON(text)).Want(t, 400).Object()
		if !position.MatchString(p.Text("detail")) {
			t.Errorf("%q is refused without the position: %s", text, p)
		}
	}
	for _, text := range []string{`[]`, `"text"`, `5`, `true`, strings.Repeat("[", 20_000)} {
		send(harness.JSON(text)).Want(t, 400)
	}
	for field := range op.Mistyped {
		body := op.Good(w.Objects())
		maps.Copy(body, op.Mistyped)
		wantCode(t, c.Do(t, op.Method, path, body), 400, invalid, field)
	}
	if op.Text != "" {
		for name, text := range map[string]string{
			"NUL": `a\u0000b`, "control character": `a\u0001b`, "C1": `a\u0085b`,
			"broken UTF-8": "a\xffb", "cut UTF-8": "a\xe2\x82", "lone surrogate": `a\ud800b`,
		} {
			a := send(harness.JSON(withText(op.Good(w.Objects()), op.Text, text)))
			if a.Status != 400 {
				t.Errorf("%s in %s: status %d, want 400: %s", name, op.Text, a.Status, a.Body)
				continue
			}
			wantCode(t, a, 400, "", op.Text)
		}
	}
	send(harness.JSON(`{"a`+`\u0000`+`":1}`)).Want(t, 400)
	for _, media := range []string{
		"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
		"application/xml", ";", "application/jsonx",
	} {
		wantCode(t, send(harness.Raw{ContentType: media, Body: good}), 415, "", "")
	}
	refusedInOrder(t, w, op, path)
}

// withText renders a body in which one member's JSON string is raw text, which may be invalid JSON.
func withText(body harness.Map, member, text string) string {
	const mark = "MARK"
	body[member] = mark
	b, _ := json.Marshal(body)
	return string(bytes.Replace(b, []byte(mark), []byte(text), 1))
}

// refusedInOrder checks the order of refusals: size before token, token before level, level before body.
func refusedInOrder(t *testing.T, w *harness.World, op harness.Operation, path string) {
	size := tooLarge
	if strings.HasSuffix(path, "/import") {
		size = 17 << 20
	}
	huge := harness.Raw{ContentType: "application/json", Body: fmt.Appendf(nil, `{"bogus":%q}`, strings.Repeat("a", size))}
	broken := harness.JSON(`{`)
	op.Allowed(w).Do(t, op.Method, path, huge).Want(t, 413)
	huge.Chunked = true
	op.Allowed(w).Do(t, op.Method, path, huge).Want(t, 413)
	huge.Chunked = false
	switch op.Caller {
	case harness.ByVisitor:
		w.Public().Do(t, op.Method, path, huge).Want(t, 413)
	case harness.ByWrite, harness.ByReadWrite:
		w.Bearer("garbage").Do(t, op.Method, path, huge).Want(t, 413)
		w.Reader().Do(t, op.Method, path, huge).Want(t, 413)
		wantCode(t, w.Bearer("garbage").Do(t, op.Method, path, broken), 401, "token_invalid", "")
		wantCode(t, w.Reader().Do(t, op.Method, path, broken), 403, "permission_missing", "")
		wantCode(t, w.Reader().Do(t, op.Method, harness.Fill(op.Path, harness.Malformed()), broken), 403,
			"permission_missing", "")
	}
	if op.Malformed != 0 && op.Caller != harness.ByPublic {
		op.Allowed(w).Do(t, op.Method, harness.Fill(op.Path, w.Unknown()), broken).Want(t, 400)
	}
}

// unknownMembers checks that documented operations ignore unknown members, and that our own ones refuse them.
func unknownMembers(t *testing.T, w *harness.World, op harness.Operation) {
	for _, name := range []string{"bogus", "id", "websiteId", "createdAt"} {
		body := op.Good(w.Objects())
		body[name] = 424242
		a := op.Allowed(w).Do(t, op.Method, harness.Fill(op.Path, w.Objects()), body)
		if op.Row == 0 {
			wantCode(t, a, 400, "", name)
			continue
		}
		made := a.Want(t, op.Status).Object()
		if v, ok := made.M[name]; ok && fmt.Sprint(v) == "424242" {
			t.Errorf("%s took effect: %s", name, made)
		}
	}
}

func goodBodies(t *testing.T, w *harness.World, op harness.Operation) {
	for _, media := range []string{"application/json; charset=utf-8", "APPLICATION/JSON", ""} {
		names := w.Objects()
		if op.Ends { // it ends its object, so it gets a new one
			names = w.Another(t, op.Path)
		}
		b, _ := json.Marshal(op.Good(names))
		op.Allowed(w).Do(t, op.Method, harness.Fill(op.Path, names),
			harness.Raw{ContentType: media, Body: b}).Want(t, op.Status)
	}
}

// TestInvalidTextInQueriesAndPaths checks that no such request causes a 5xx or is taken for another one.
func TestInvalidTextInQueriesAndPaths(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	for _, odd := range []string{
		"%00", "%ff", "a%00b", "%c3%28", "%ed%a0%80", "%F0%9F%98%80", "%25", "..%2f..", "%5c",
		strings.Repeat("a", 4000),
	} {
		for _, op := range harness.Operations() {
			if op.Malformed == 0 || op.Caller == harness.ByVisitor {
				continue
			}
			names := map[string]string{}
			for kind := range w.Objects() {
				names[kind] = odd
			}
			if a := op.Ask(t, op.Allowed(w), names); a.Status != 400 && a.Status != 404 {
				t.Errorf("%s about %.20s: status %d, want 400 or 404: %.200s", op.Name(), odd, a.Status, a.Body)
			}
		}
	}
	for _, path := range []string{
		"/tickets?search=", "/conversations?search=", "/conversations?lang=", "/tickets?status=",
		"/conversations?cursor=",
	} {
		for _, odd := range []string{"%00", "%ff", "a%00b", "%c3%28"} {
			w.Agent().Do(t, "GET", path+odd, nil).Want(t, 400)
		}
	}
	for _, query := range []string{
		"?page=%00", "?%00=1", "?a;b", "?=&&", "?page=1&page=2", "?search=%25_.*%5B",
		"?search=" + strings.Repeat("a+", 3000),
	} {
		if a := w.Agent().Do(t, "GET", "/conversations"+query, nil); a.Status != 200 && a.Status != 400 {
			t.Errorf("/conversations%.40s: status %d", query, a.Status)
		}
	}
}
