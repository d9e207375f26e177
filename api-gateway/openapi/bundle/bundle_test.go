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

	"fivechat.dev/api-gateway/openapi"
)

// TestTheDocumentIsFresh: what is committed is what its parts make.
func TestTheDocumentIsFresh(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "openapi.json")
	if err := run("..", output); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, openapi.JSON) {
		t.Error("openapi.json is not what its parts make: make generate")
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

// bundled bundles areas beside what is shared.
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

func TestWhatFollows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ op, answers, note string }{
		"nothing":           {`security: [], responses: {"200": {}}`, "200 429 500 503 504", ""},
		"the edge's own":    {`tags: [Edge], security: [], responses: {"200": {}}`, "200", ""},
		"a level":           {`security: [{token: [READ]}], responses: {"200": {}}`, "200 401 403 429 500 503 504", "Needs a token with `READ`."},
		"a plan":            {`description: Says., security: [{token: [READ, PRO]}], responses: {"200": {}}`, "200 401 403 429 500 503 504", "Says.\n\nNeeds a token with `READ` and the plan `PRO`."},
		"a visitor":         {`security: [{visitor: []}], responses: {"200": {}}`, "200 400 401 429 500 503 504", ""},
		"a body":            {`security: [], requestBody: {}, responses: {"201": {}}`, "201 400 413 415 429 500 503 504", ""},
		"a path":            {`security: [], parameters: [{$ref: "#/components/parameters/thing"}], responses: {"200": {}}`, "200 400 404 429 500 503 504", ""},
		"a key":             {`security: [], parameters: [{$ref: "#/components/parameters/idempotencyKey"}], responses: {"204": {}}`, "204 400 409 422 429 500 503 504", ""},
		"a tag to change":   {`security: [], parameters: [{$ref: "#/components/parameters/ifMatch"}], responses: {"200": {}}`, "200 400 412 429 500 503 504", ""},
		"a tag to read":     {`security: [], parameters: [{$ref: "#/components/parameters/ifNoneMatch"}], responses: {"200": {}}`, "200 304 400 429 500 503 504", ""},
		"what it never is":  {`security: [{visitor: []}], responses: {"200": {}, "401": null}`, "200 400 429 500 503 504", ""},
		"what it says more": {`security: [], responses: {"200": {}, "409": {}}`, "200 409 429 500 503 504", ""},
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

func TestWhatCannotBeBundled(t *testing.T) {
	t.Parallel()
	const fine = `{operationId: x, security: [], responses: {"200": {}}}`
	for name, areas := range map[string][]string{
		"a path twice":        {"paths: {/a: {get: " + fine + "}}", "paths: {/a: {put: " + fine + "}}"},
		"a component twice":   {"components: {schemas: {A: {type: string}}}", "components: {schemas: {A: {type: object}}}"},
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
