package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBundleIsFresh: the committed files match their sources.
func TestBundleIsFresh(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	to := outputs{
		document: filepath.Join(dir, "openapi.json"),
		routes:   filepath.Join(dir, "public.gen.go"),
		contract: filepath.Join(dir, "contract.gen.go"),
		client:   filepath.Join(dir, "client.gen.go"),
		page:     filepath.Join(dir, "events.md"),
		roles:    filepath.Join(dir, "roles.md"),
	}
	const committedPage, committedRoles = "../../../docs/api/events.md", "../../../docs/api/authentication.md"
	for page, committed := range map[string]string{to.page: committedPage, to.roles: committedRoles} {
		text, err := os.ReadFile(committed)
		if err == nil {
			err = os.WriteFile(page, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := run("..", to); err != nil {
		t.Fatal(err)
	}
	for made, committed := range map[string]string{
		to.document: "../openapi.json",
		to.routes:   "../../internal/route/public.gen.go",
		to.contract: "../../../libs/contract/events.gen.go",
		to.client:   "../../../libs/client/events.gen.go",
		to.page:     committedPage,
	} {
		want, err := os.ReadFile(made)
		if err != nil {
			t.Fatal(err)
		}
		if have, err := os.ReadFile(committed); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is stale (%v): make generate", committed, err)
		}
	}
}

const shared = `
openapi: 3.1.0
components:
  parameters:
    thing: {name: thing, in: path}
    idempotencyKey: {name: Idempotency-Key, in: header}
    ifMatch: {name: If-Match, in: header}
    ifNoneMatch: {name: If-None-Match, in: header}
`

// bundled bundles areas with the shared part.
func bundled(t *testing.T, areas ...string) (object, error) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range append([]string{shared}, areas...) {
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return bundle(dir)
}

func TestDerivedResponsesAndHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ op, answers, note string }{
		"nothing":        {`security: [], responses: {"200": {}}`, "200 400 429 500 503 504", ""},
		"the edge's own": {`tags: [Edge], security: [], responses: {"200": {}}`, "200", ""},
		"a level": {
			`security: [{token: [READ]}], responses: {"200": {}}`, "200 400 401 403 429 500 503 504",
			"Needs a token with `READ`, or a person with the role `viewer`.",
		},
		"a plan": {
			`description: Says., security: [{token: [READ, PRO]}], responses: {"200": {}}`,
			"200 400 401 403 429 500 503 504",
			"Says.\n\nNeeds a token with `READ`, or a person with the role `viewer`, and the plan `PRO`.",
		},
		"a person": {`security: [{session: []}], responses: {"200": {}}`, "200 400 401 403 429 500 503 504", ""},
		"an admin": {
			`security: [{session: [admin]}], responses: {"200": {}}`, "200 400 401 403 429 500 503 504",
			"Needs a person with the role `admin`.",
		},
		"a visitor": {`security: [{visitor: []}], responses: {"200": {}}`, "200 400 401 403 429 500 503 504", ""},
		"a body": {
			`security: [], requestBody: {}, responses: {"201": {}}`, "201 400 413 415 429 500 503 504", "",
		},
		"a path": {
			`security: [], parameters: [{$ref: "#/components/parameters/thing"}], responses: {"200": {}}`,
			"200 400 404 429 500 503 504", "",
		},
		"a key": {
			`security: [], parameters: [{$ref: "#/components/parameters/idempotencyKey"}], responses: {"204": {}}`,
			"204 400 409 422 429 500 503 504", "",
		},
		"a tag to change": {
			`security: [], parameters: [{$ref: "#/components/parameters/ifMatch"}], responses: {"200": {}}`,
			"200 400 412 429 500 503 504", "",
		},
		"a tag to read": {
			`security: [], parameters: [{$ref: "#/components/parameters/ifNoneMatch"}], responses: {"200": {}}`,
			"200 304 400 429 500 503 504", "",
		},
		"what it never is": {
			`security: [{visitor: []}], responses: {"200": {}, "401": null}`, "200 400 403 429 500 503 504", "",
		},
		"what it says more": {`security: [], responses: {"200": {}, "409": {}}`, "200 400 409 429 500 503 504", ""},
	} {
		doc, err := bundled(t, "paths: {/things: {get: {operationId: x, "+c.op+"}}}")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		op := doc["paths"].(object)["/things"].(object)["get"].(object)
		answers := op["responses"].(object)
		if have := strings.Join(slices.Sorted(maps.Keys(answers)), " "); have != c.answers {
			t.Errorf("%s: answers %s, want %s", name, have, c.answers)
		}
		if said, _ := op["description"].(string); said != c.note {
			t.Errorf("%s: says %q, want %q", name, said, c.note)
		}
		b, _ := json.Marshal(answers)
		if limited := strings.Contains(c.answers, "429"); strings.Contains(string(b), "headers/RateLimit-Policy") != limited {
			t.Errorf("%s: the headers of its quota: %s", name, b)
		}
		if keyed := strings.Contains(c.answers, "422"); strings.Contains(string(b), "headers/Idempotency-Replayed") != keyed {
			t.Errorf("%s: the header of what is replayed: %s", name, b)
		}
	}
}

// TestRowsOfOperations: the row of an operation is derived from its security, its method and its extension, which isn't
// in the bundle.
func TestRowsOfOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ area, op, want string }{
		"a page of the gateway": {
			"", `security: []`,
			"Upstream: Self, Rule: authz.Public, Visitor: NoVisitor, CORS: Configured, Body: httpkit.DefaultBody, " +
				"Class: ClassRead",
		},
		"public": {
			"tickets", `security: []`,
			"Upstream: Tickets, Rule: authz.Public, Visitor: NoVisitor, CORS: Open, Body: httpkit.DefaultBody, Class: ClassRead",
		},
		"also without a token": {
			"", `security: [{}, {token: []}], x-edge: {class: health}`,
			"Upstream: Self, Rule: authz.Public, Visitor: NoVisitor, CORS: Configured, Body: httpkit.DefaultBody, " +
				"Class: ClassHealth",
		},
		"a token": {
			"tickets", `security: [{token: [READ, PRO]}]`,
			"Upstream: Tickets, Rule: authz.ProRead, Visitor: NoVisitor, CORS: Configured, Body: httpkit.DefaultBody, " +
				"Class: ClassRead",
		},
		"another service": {
			"tickets", `security: [{token: [WRITE]}], x-edge: {service: visitors, body: 9, stores: true}`,
			"Upstream: Visitors, Rule: authz.Write, Visitor: NoVisitor, CORS: Configured, Body: 9, Class: ClassRead, " +
				"Stores: true",
		},
		"a named visitor": {
			"tickets", `security: [{visitor: []}]`,
			"Upstream: Tickets, Rule: authz.Visitor, Visitor: VisitorCredential, CORS: Open, Body: httpkit.DefaultBody, " +
				"Class: ClassVisitor",
		},
		"a visitor as input": {
			"tickets", `security: [{visitor: []}], x-edge: {visitor: input}`,
			"Upstream: Tickets, Rule: authz.Visitor, Visitor: VisitorInput, CORS: Open, Body: httpkit.DefaultBody, " +
				"Class: ClassVisitor",
		},
		"a proven visitor": {
			"tickets", `security: [{visitor: [], visitorSecret: []}]`,
			"Upstream: Tickets, Rule: authz.Visitor, Visitor: VisitorProven, CORS: Open, Body: httpkit.DefaultBody, " +
				"Class: ClassVisitor",
		},
		"a token, for admins": {
			"tickets", `security: [{token: [READ]}], x-edge: {role: admin}`, "Rule: authz.ManageRead, Visitor: NoVisitor,",
		},
		"a person": {"tickets", `security: [{session: []}]`, "Rule: authz.Person, Visitor: NoVisitor, CORS: Configured,"},
		"an admin": {"tickets", `security: [{session: [admin]}]`, "Rule: authz.Admin, Visitor: NoVisitor, CORS: Configured,"},
		"also without a session": {
			"tickets", `security: [{}, {session: []}], x-edge: {class: signIn}`,
			"Upstream: Tickets, Rule: authz.Public, Visitor: NoVisitor, CORS: Configured, Body: httpkit.DefaultBody, " +
				"Class: ClassSignIn, Session: true",
		},
		"an unknown role":       {"tickets", `security: [{token: [READ]}], x-edge: {role: boss}`, ""},
		"an unknown permission": {"tickets", `security: [{token: [ADMIN]}]`, ""},
		"an unknown extension":  {"tickets", `security: [], x-edge: {classs: read}`, ""},
		"a wrong extension":     {"tickets", `security: [], x-edge: {stores: 1}`, ""},
	} {
		area := "paths: {/things: {get: {operationId: x, responses: {\"200\": {}}, " + c.op + "}}}"
		if c.area != "" {
			area += "\nx-edge: {service: " + c.area + "}"
		}
		doc, err := bundled(t, area)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		table, err := routeTable(doc)
		if (err != nil) != (c.want == "") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		row := strings.Join(strings.Fields(string(table)), " ")
		if !strings.Contains(row, c.want) {
			t.Errorf("%s: %s, want %s", name, row, c.want)
		}
		if text, _ := json.Marshal(doc); err == nil && strings.Contains(string(text), edgeExtension) {
			t.Errorf("%s: the document shows %s", name, text)
		}
	}
}

func TestInvalidDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	const fine = `{operationId: x, security: [], responses: {"200": {}}}`
	for name, areas := range map[string][]string{
		"a path twice": {"paths: {/a: {get: " + fine + "}}", "paths: {/a: {put: " + fine + "}}"},
		"a component twice": {
			"components: {schemas: {A: {type: string}}}", "components: {schemas: {A: {type: object}}}",
		},
		"a member twice":      {"openapi: 3.0.0"},
		"no operationId":      {`paths: {/a: {get: {security: [], responses: {"200": {}}}}}`},
		"no security":         {`paths: {/a: {get: {operationId: x, responses: {"200": {}}}}}`},
		"no responses":        {"paths: {/a: {get: {operationId: x, security: []}}}"},
		"what is no YAML":     {"paths: {"},
		"what is no document": {"- a"},
	} {
		if doc, err := bundled(t, areas...); err == nil {
			t.Errorf("%s: %v", name, doc)
		}
	}
}
