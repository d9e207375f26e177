package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"fivechat.dev/api-gateway/openapi"
)

// Documented is an operation of the OpenAPI document.
type Documented struct {
	ID, Method, Path string
	Description      string
	Security         []map[string][]string // alternatives
	Body             *jsonschema.Schema    // schema of the request body; nil if it has none
	answers          map[string]answer     // by status
}

// answer is the documented response of a status: its schemas by media type, if it has a body.
type answer map[string]*jsonschema.Schema

// Document is an OpenAPI document that responses are checked against.
type Document struct {
	Operations []*Documented
	mux        *http.ServeMux
	mu         sync.Mutex // the compiler caches schemas and isn't safe for concurrent use
	schemas    *jsonschema.Compiler
}

// documentAt is the URL by which the document's schemas refer to each other.
const documentAt = "mem:///openapi.json"

// TheDocument returns the document of the edge, which it reads once.
var TheDocument = sync.OnceValues(func() (*Document, error) { return ReadDocument(openapi.JSON) })

// ReadDocument parses an OpenAPI document.
func ReadDocument(text []byte) (*Document, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d := &Document{schemas: jsonschema.NewCompiler(), mux: http.NewServeMux()}
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource(documentAt, root); err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	for path, item := range doc.Paths {
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			if err := d.add(strings.ToUpper(method), path, raw, root); err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
		}
	}
	return d, nil
}

// add adds an operation.
func (d *Document) add(method, path string, raw json.RawMessage, root any) error {
	var op struct {
		OperationID string
		Description string
		Security    []map[string][]string
		RequestBody any
		Responses   map[string]any
	}
	if err := json.Unmarshal(raw, &op); err != nil {
		return err
	}
	at := []string{"paths", path, strings.ToLower(method)}
	made := &Documented{op.OperationID, method, path, op.Description, op.Security, nil, map[string]answer{}}
	if op.RequestBody != nil {
		bodies, err := d.contents(root, append(at, "requestBody"))
		if err != nil {
			return err
		}
		made.Body = bodies["application/json"]
	}
	for status := range op.Responses {
		a, err := d.contents(root, append(at, "responses", status))
		if err != nil {
			return err
		}
		made.answers[status] = a
	}
	d.Operations = append(d.Operations, made)
	d.mux.Handle(method+" "+path, made)
	return nil
}

// contents compiles the schemas of the body at a place in the document. It follows a $ref.
func (d *Document) contents(root any, at []string) (answer, error) {
	v := root
	for _, step := range at {
		v = v.(map[string]any)[step]
	}
	if ref, is := v.(map[string]any)["$ref"].(string); is {
		return d.contents(root, strings.Split(strings.TrimPrefix(ref, "#/"), "/"))
	}
	content, _ := v.(map[string]any)["content"].(map[string]any)
	a := answer{}
	for media := range content {
		s, err := d.schema(append(at, "content", media, "schema")...)
		if err != nil {
			return nil, err
		}
		a[media] = s
	}
	return a, nil
}

// schema compiles the schema at a place in the document.
func (d *Document) schema(at ...string) (*jsonschema.Schema, error) {
	var pointer strings.Builder
	for _, step := range at {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.schemas.Compile(documentAt + "#" + (&url.URL{Path: pointer.String()}).EscapedPath())
}

// Schema returns the schema of a name, or an error if the document has none.
func (d *Document) Schema(name string) (*jsonschema.Schema, error) {
	return d.schema("components", "schemas", name)
}

// ServeHTTP makes Documented an http.Handler. The ServeMux is used only to match paths.
func (*Documented) ServeHTTP(http.ResponseWriter, *http.Request) {}

// Find returns the operation of a request, or nil if there is none.
func (d *Document) Find(method, path string) *Documented {
	h, _ := d.mux.Handler(httptest.NewRequest(method, path, nil))
	op, _ := h.(*Documented)
	return op
}

// Fits returns an error if text isn't JSON or doesn't match a schema.
func Fits(s *jsonschema.Schema, text []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// Undocumented returns an error if the edge's response has an undocumented status, media type or member. It ignores
// unknown paths and methods, which belong to no operation.
func (a Answer) Undocumented() error {
	if a.Method == http.MethodOptions || a.Status == http.StatusMethodNotAllowed ||
		bytes.Contains(a.Body, []byte(`"path not found"`)) {
		return nil
	}
	d, err := TheDocument()
	if err != nil {
		return fmt.Errorf("the document: %w", err)
	}
	op := d.Find(a.Method, a.Path)
	if op == nil {
		return errors.New("the operation is not documented")
	}
	return op.Check(a)
}

// Answers reports whether a status is documented.
func (o *Documented) Answers(status int) bool {
	_, does := o.answers[fmt.Sprint(status)]
	return does
}

// Check returns an error if a response doesn't match the document.
func (o *Documented) Check(a Answer) error {
	media := o.answers[fmt.Sprint(a.Status)]
	if !o.Answers(a.Status) {
		return fmt.Errorf("the status is not documented for %s", o.ID)
	}
	if a.Method == http.MethodHead {
		return nil
	}
	if len(media) == 0 {
		if len(a.Body) > 0 {
			return fmt.Errorf("%s is documented without a body", o.ID)
		}
		return nil
	}
	have, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	s := media[have]
	switch {
	case s == nil && media["*/*"] == nil:
		return fmt.Errorf("%s is not documented for %s", have, o.ID)
	case s == nil || !strings.HasSuffix(have, "json"):
		return nil
	case have == "application/x-ndjson":
		for line := range bytes.Lines(a.Body) {
			if err := Fits(s, line); err != nil {
				return fmt.Errorf("%w: %s", err, line)
			}
		}
		return nil
	default:
		return Fits(s, a.Body)
	}
}
