package fuzz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"fivechat.dev/tests/fuzz"
	"fivechat.dev/tests/harness"
)

// small is a document with one operation.
const small = `{"openapi": "3.1.0", "info": {"title": "Small", "version": "1"}, "paths": {"/things/{id}": {"post": {
	"operationId": "make",
	"parameters": [
		{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}},
		{"name": "loud", "in": "query", "schema": {"type": "boolean"}}],
	"requestBody": {"required": true, "content": {"application/json": {"schema": {
		"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
			"name": {"type": "string", "minLength": 1, "maxLength": 20},
			"size": {"type": "integer", "minimum": 1, "maximum": 9},
			"tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}}}}}}},
	"responses": {
		"200": {"description": "Made.", "content": {"application/json": {"schema": {
			"type": "object", "additionalProperties": false, "required": ["ok"],
			"properties": {"ok": {"const": true}}}}}},
		"400": {"description": "Wrong."}, "404": {"description": "Not there."}, "415": {"description": "Not JSON."}}}}}}`

// thing is the body of small's operation.
type thing struct {
	Name *string   `json:"name"`
	Size *int      `json:"size"`
	Tags *[]string `json:"tags"`
}

// smallOperation returns small's operation, as the generator and as the check see it.
func smallOperation(t *testing.T) (*fuzz.Operation, *harness.Documented, *jsonschema.Schema) {
	t.Helper()
	ops, err := fuzz.Operations([]byte(small))
	if err != nil || len(ops) != 1 {
		t.Fatal(ops, err)
	}
	d, err := harness.ReadDocument([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return ops[0], d.Operations[0], d.Operations[0].Body
}

// TestGoodAndBad checks that a body drawn as valid matches its schema, and that one with a fault that the schema
// expresses doesn't.
func TestGoodAndBad(t *testing.T) {
	t.Parallel()
	all, d := theDocument(t)
	schemas := map[string]*jsonschema.Schema{}
	for _, op := range d.Operations {
		schemas[op.ID] = op.Body
	}
	good, bad, nulls := 0, 0, 0
	for _, op := range all {
		schema := schemas[op.ID]
		if schema == nil {
			continue
		}
		t.Run(op.ID, rapid.MakeCheck(func(t *rapid.T) {
			r := op.Draw(t, nil)
			fits := r.Body == nil || harness.Fits(schema, r.Body) == nil
			switch {
			case r.Null != "":
				if nulls++; fits {
					t.Fatalf("%s may be null by the schema: %s", r.Null, r.Body)
				}
			case r.Fault == "" && !fits:
				t.Fatalf("a body without a fault doesn't match the schema: %s", r.Body)
			case r.Fault == "":
				good++
			case !fits:
				bad++
			}
		}))
	}
	if good < 100 || bad < 100 || nulls < 20 {
		t.Errorf("%d good bodies, %d bad ones and %d with a null were drawn", good, bad, nulls)
	}
}

// TestPlantedBugs checks that each way in which a server can deviate from its document is found, and that the same
// server without the bug passes.
func TestPlantedBugs(t *testing.T) {
	op, documented, schema := smallOperation(t)
	for name, bug := range map[string]func(r *http.Request, body []byte, good bool) (status int, answer string){
		"":               nil,
		"a server error": func(_ *http.Request, b []byte, _ bool) (int, string) { return 500, string(b) },
		"another success": func(_ *http.Request, _ []byte, good bool) (int, string) {
			return pick(good, 201, 0), ""
		},
		"a refusal of a valid request": func(_ *http.Request, _ []byte, good bool) (int, string) {
			return pick(good, 400, 0), ""
		},
		"another refusal": func(_ *http.Request, _ []byte, good bool) (int, string) {
			return pick(!good, 409, 0), ""
		},
		"an additional member": func(_ *http.Request, _ []byte, good bool) (int, string) {
			return pick(good, 200, 0), `{"ok":true,"more":1}`
		},
		"a member of another value": func(_ *http.Request, _ []byte, good bool) (int, string) {
			return pick(good, 200, 0), `{"ok":false}`
		},
		"a server error for long names": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(good && longName(b), 500, 0), ""
		},
		"a server error for rare characters": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(good && strings.ContainsRune(string(b), '😀'), 500, 0), ""
		},
		"unknown members are accepted": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(!good && strings.Contains(string(b), `"bogus":1}`), 200, 0), `{"ok":true}`
		},
		"a size of 10 is accepted": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(!good && strings.Contains(string(b), `"size":10`), 200, 0), `{"ok":true}`
		},
		"null for an optional member is refused": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(good && strings.Contains(string(b), `"size":null`), 400, 0), ""
		},
		"a server error for null": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(good && strings.Contains(string(b), `"tags":null`), 500, 0), ""
		},
		"duplicate names are accepted": func(_ *http.Request, b []byte, good bool) (int, string) {
			return pick(strings.Count(string(b), `"name":`) > 1, 200, 0), `{"ok":true}`
		},
		"an invalid number is accepted": func(r *http.Request, _ []byte, _ bool) (int, string) {
			return pick(strings.HasSuffix(r.URL.Path, "/x"), 200, 0), `{"ok":true}`
		},
		"any boolean is accepted": func(r *http.Request, _ []byte, _ bool) (int, string) {
			return pick(r.URL.Query().Get("loud") == "yes", 200, 0), `{"ok":true}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, rounds := &recording{name: t.Name()}, 20
			if bug != nil {
				rounds = 500 // the first that finds the bug ends the test; the rarest fault is drawn a few times in a thousand
			}
			func() {
				defer func() {
					r := recover()
					if err, is := r.(error); r != nil && !(is && errors.Is(err, errStop)) {
						panic(r)
					}
				}()
				for range rounds {
					rapid.Check(recorder, func(t *rapid.T) {
						r := op.Draw(t, nil)
						if err := fuzz.Judge(documented, r, serve(schema, bug, r)); err != nil {
							t.Fatalf("%v\n%s", err, r.Curl())
						}
					})
				}
			}()
			if found := recorder.failed; found != (bug != nil) {
				t.Errorf("found: %t\n%s", found, recorder.said.String())
			}
			if said := recorder.said.String(); bug != nil && (!strings.Contains(said, "curl -sS -X POST") ||
				!strings.Contains(said, "rapid.seed")) {
				t.Errorf("the message does not say how to reproduce it: %s", said)
			}
		})
	}
}

func pick(really bool, status, otherwise int) int {
	if really {
		return status
	}
	return otherwise
}

func longName(body []byte) bool {
	var v thing
	return json.Unmarshal(body, &v) == nil && v.Name != nil && len([]rune(*v.Name)) == 20
}

// serve responds to a request as small says, or as a bug does if that returns a status.
func serve(schema *jsonschema.Schema, bug func(*http.Request, []byte, bool) (int, string),
	r fuzz.Request,
) harness.Answer {
	w := httptest.NewRecorder()
	req := httptest.NewRequest(r.Method, r.Path, strings.NewReader(string(r.Body)))
	req.Header = r.Header
	body, _ := io.ReadAll(req.Body)
	status := 200
	var id int64
	_, notID := fmt.Sscanf(req.URL.Path+"\n", "/things/%d\n", &id)
	switch media := strings.ToLower(req.Header.Get("Content-Type")); {
	case media != "application/json" && media != "application/json; charset=utf-8" &&
		media != "application/merge-patch+json":
		status = 415
	// not every fault is one of the schema
	case r.Fault != "" || notID != nil || id < 1 || r.Null == "" && harness.Fits(schema, body) != nil:
		status = 400
	}
	answer := pick(status == 200, 1, 0)
	text := []string{"", `{"ok":true}`}[answer]
	if bug != nil {
		if s, t := bug(req, body, status == 200); s != 0 {
			status, text = s, t
		}
	}
	if text != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	return harness.Answer{Method: r.Method, Path: r.Path, Status: status, Header: w.Header(), Body: []byte(text)}
}

// errStop is the panic value of a recording where a test would end.
var errStop = fmt.Errorf("the test ended")

// recording is a test that records its messages.
type recording struct {
	name   string
	failed bool
	said   strings.Builder
}

func (r *recording) Helper()                   {}
func (r *recording) Name() string              { return r.name }
func (r *recording) Log(a ...any)              { fmt.Fprintln(&r.said, a...) }
func (r *recording) Logf(f string, a ...any)   { fmt.Fprintf(&r.said, f+"\n", a...) }
func (r *recording) Error(a ...any)            { r.Log(a...); r.Fail() }
func (r *recording) Errorf(f string, a ...any) { r.Logf(f, a...); r.Fail() }
func (r *recording) Fatal(a ...any)            { r.Error(a...); panic(errStop) }
func (r *recording) Fatalf(f string, a ...any) { r.Errorf(f, a...); panic(errStop) }
func (r *recording) Skip(...any)               { panic(errStop) }
func (r *recording) Skipf(string, ...any)      { panic(errStop) }
func (r *recording) SkipNow()                  { panic(errStop) }
func (r *recording) FailNow()                  { r.failed = true; panic(errStop) }
func (r *recording) Fail()                     { r.failed = true }
func (r *recording) Failed() bool              { return r.failed }

// TestCurl checks that the command contains every byte of a request unchanged.
func TestCurl(t *testing.T) {
	t.Parallel()
	r := fuzz.Request{
		Method: "PUT", Path: "/a'b%20c?d=e", Header: http.Header{"X": {"\xff'"}},
		Body: []byte("{\"é\\\":\n\x00}"),
	}
	want := `curl -sS -X PUT -H $'X: \xff\'' --data-binary $'{"\xc3\xa9\\":\x0a\x00}' "$URL"$'/a\'b%20c?d=e'`
	if have := r.Curl(); have != want {
		t.Errorf("have %s\nwant %s", have, want)
	}
}
