package contract_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"fivechat.dev/api-gateway/openapi"
	"fivechat.dev/tests/harness"
)

// document is the document as an OpenAPI library reads it.
func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDocument checks that the document is OpenAPI 3.1, that its examples match their schemas, and that the edge serves
// it.
func TestDocument(t *testing.T) {
	t.Parallel()
	doc := document(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, s := range doc.Components.Schemas {
		schema, err := d.Schema(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range s.Value.Examples {
			found++
			b, _ := json.Marshal(example)
			if err := harness.Fits(schema, b); err != nil {
				t.Errorf("the example of %s: %v", name, err)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d examples are found", found)
	}
	a := harness.Running().Public().Do(t, "GET", "/openapi.json", nil).Want(t, 200)
	if string(a.Body) != string(openapi.JSON) || a.Header.Get("ETag") == "" {
		t.Error("the edge serves another document, or one without caching headers")
	}
}

// TestEveryDocumentedOperationIsTried checks that the tests' table of operations has every documented operation.
func TestEveryDocumentedOperationIsTried(t *testing.T) {
	t.Parallel()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, op := range harness.Operations() {
		if found := d.Find(op.Method, harness.Fill(op.Path, harness.Malformed())); found != nil {
			tried[found.ID] = true
		}
	}
	for _, op := range harness.PersonOperations() {
		if found := d.Find(op.Method, harness.Fill(op.Path, harness.MalformedTeam())); found != nil {
			tried[found.ID] = true
		}
	}
	for _, op := range d.Operations {
		if !tried[op.ID] && !harness.IsPage(op.Path) {
			t.Errorf("%s (%s %s) is documented, but not in the tests' table of operations", op.ID, op.Method, op.Path)
		}
	}
}

// TestEveryOperationRespondsAsDocumented calls each operation in the usual ways. The harness checks each response
// against the document, as in every other test.
func TestEveryOperationRespondsAsDocumented(t *testing.T) {
	t.Parallel()
	for _, op := range harness.Operations() {
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			free, w := harness.Running().World(t, harness.Free), harness.Running().World(t, harness.Pro)
			if op.Row != 19 && !strings.HasPrefix(op.Path, "/visitor/conversations/") { // these need an open conversation
				setNullable(t, w)
			}
			ask := func(status int, c harness.Client, names map[string]string) {
				t.Helper()
				op.Ask(t, c, names).Want(t, status)
			}
			if op.Malformed != 0 && op.Caller != harness.ByVisitor {
				ask(op.Malformed, op.Allowed(w), harness.Malformed())
			}
			if op.Malformed != 0 {
				ask(404, op.Allowed(w), w.Unknown())
			}
			if op.ByToken() {
				ask(401, w.Public(), w.Objects())
			}
			switch op.Caller {
			case harness.ByRead:
				ask(403, w.Writer(), w.Objects())
			case harness.ByWrite, harness.ByReadWrite:
				ask(403, w.Reader(), w.Objects())
			case harness.ByVisitor:
				ask(400, w.Public(), w.Objects())
			}
			if op.Pro {
				ask(403, op.Allowed(free), free.Objects())
			}
			ask(op.Status, op.Allowed(w), w.Objects())
		})
	}
}

// TestDocumentedBodies checks that a body that an operation accepts matches its schema, and that one with a member of a
// wrong type doesn't.
func TestDocumentedBodies(t *testing.T) {
	t.Parallel()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range harness.Operations() {
		if op.Body == nil {
			continue
		}
		found := d.Find(op.Method, harness.Fill(op.Path, harness.Malformed()))
		if found == nil || found.Body == nil {
			t.Errorf("%s is documented without a body", op.Name())
			continue
		}
		good := op.Good(map[string]string{"client": "demo-shop"})
		b, _ := json.Marshal(good)
		if err := harness.Fits(found.Body, b); err != nil {
			t.Errorf("%s: a good body: %v", op.Name(), err)
		}
		bad := maps.Clone(good)
		maps.Copy(bad, op.Mistyped)
		if b, _ = json.Marshal(bad); harness.Fits(found.Body, b) == nil {
			t.Errorf("%s: a body with a wrong type matches the schema: %s", op.Name(), b)
		}
		bad = maps.Clone(good)
		bad["bogus"] = 1
		b, _ = json.Marshal(bad)
		if refused := harness.Fits(found.Body, b) != nil; refused != (op.Row == 0) {
			t.Errorf("%s: the document refuses an unknown member: %v", op.Name(), refused)
		}
	}
}

// TestUndocumentedResponsesAreFound checks that the check of every test's responses can fail.
func TestUndocumentedResponsesAreFound(t *testing.T) {
	t.Parallel()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"name":"stock","names":{"de":"Lager"}}`
	op := d.Find("PUT", "/tags/stock")
	for name, c := range map[string]struct {
		status      int
		media, body string
		fits        bool
	}{
		"as documented":            {200, "application/json; charset=utf-8", good, true},
		"another status":           {202, "application/json", good, false},
		"another media type":       {200, "text/plain", good, false},
		"no media type":            {200, "", good, false},
		"one member too many":      {200, "application/json", `{"name":"stock","names":{},"more":1}`, false},
		"one member too few":       {200, "application/json", `{"name":"stock"}`, false},
		"a member of a wrong type": {200, "application/json", `{"name":null,"names":{}}`, false},
		"a list":                   {200, "application/json", `[` + good + `]`, false},
		"half of the body":         {200, "application/json", good[:10], false},
		"a refusal as success":     {400, "application/problem+json", good, false},
	} {
		err := op.Check(harness.Answer{
			Method: "PUT", Status: c.status, Header: http.Header{"Content-Type": {c.media}},
			Body: []byte(c.body),
		})
		if (err == nil) != c.fits {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := d.Find("POST", "/conversations/conv_1/read")
	if gone.Check(harness.Answer{Status: 204}) != nil ||
		gone.Check(harness.Answer{Status: 204, Body: []byte("x")}) == nil {
		t.Error("only a body that isn't documented must be found")
	}
}
