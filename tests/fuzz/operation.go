package fuzz

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// Values are texts that a schema cannot express: ids of existing objects, addresses of receivers. The key is the name
// of a body's member or of a parameter (for a shared parameter, its own name in the document). One of the texts is
// drawn.
type Values map[string][]string

// Operation is an operation for which requests are drawn.
type Operation struct {
	ID, Method, Path string
	params           []parameter
	body             *openapi3.Schema // nil without one
	needsBody        bool
	statuses         []int
}

// parameter is a part of a request other than its body.
type parameter struct {
	*openapi3.Parameter
	known string // its name in Values
}

// Operations returns the operations of an OpenAPI document by id.
func Operations(document []byte) ([]*Operation, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("fuzz: %w", err)
	}
	var all []*Operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			made := &Operation{ID: op.OperationID, Method: method, Path: path}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				made.params = append(made.params, parameter{p.Value, cmp.Or(last(p.Ref), p.Value.Name)})
			}
			if op.RequestBody != nil {
				made.needsBody = op.RequestBody.Value.Required
				if media := op.RequestBody.Value.Content["application/json"]; media != nil {
					made.body = media.Schema.Value
				}
			}
			for status := range op.Responses.Map() {
				var n int
				if _, err := fmt.Sscan(status, &n); err == nil {
					made.statuses = append(made.statuses, n)
				}
			}
			all = append(all, made)
		}
	}
	slices.SortFunc(all, func(a, b *Operation) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// last returns the part of a reference after its last slash.
func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// Location is a place in a request.
type Location struct {
	In   string // path, query, header or body
	Name string // of the parameter, or of the body's member at any depth
}

// Locations returns all places in requests of the operation.
func (o *Operation) Locations() []Location {
	var all []Location
	for _, p := range o.params {
		all = append(all, Location{p.In, p.Name})
	}
	var walk func(s *openapi3.Schema)
	walk = func(s *openapi3.Schema) {
		for name, member := range s.Properties {
			all = append(all, Location{"body", name})
			walk(member.Value)
		}
		if s.Items != nil {
			walk(s.Items.Value)
		}
	}
	if o.body != nil {
		walk(o.body)
	}
	slices.SortFunc(all, func(a, b Location) int { return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Name, b.Name)) })
	return slices.Compact(all)
}

// Draw draws a request. About half of the requests have a fault.
func (o *Operation) Draw(t *rapid.T, known Values) Request {
	r := Request{Operation: o.ID, Method: o.Method, Header: http.Header{}}
	for _, status := range []int{http.StatusNotFound, http.StatusConflict} {
		if slices.Contains(o.statuses, status) {
			r.Allowed = append(r.Allowed, status) // the object may be gone, or in another state
		}
	}
	d := &drawer{t: t, known: known, request: &r}
	var faults []fault
	path := d.path(o, &faults)
	query := d.query(o, &faults)
	d.headers(o, &faults)
	root := d.body(o, &faults)
	if len(faults) > 0 && rapid.Bool().Draw(t, "with a fault") {
		f := rapid.SampledFrom(faults).Draw(t, "fault")
		f.make()
		r.Fault, r.Allowed = f.what, f.refused
		// the condition may be checked first
		if r.Header.Get("If-Match") != "" && slices.Contains(o.statuses, http.StatusPreconditionFailed) {
			r.Allowed = append(slices.Clone(r.Allowed), http.StatusPreconditionFailed)
		}
	} else if r.Null = d.null(root); r.Null != "" && o.Method == http.MethodPatch {
		r.Allowed = append(r.Allowed, http.StatusBadRequest)
	}
	r.Path = path.text()
	if q := query.text(); q != "" {
		r.Path += "?" + q
	}
	if root != nil {
		r.Body = root.bytes()
	}
	return r
}

// drawer holds the state while the parts of a request are drawn.
type drawer struct {
	t       *rapid.T
	known   Values
	request *Request
}

// fault is a fault that can be put into a request while it is drawn.
type fault struct {
	what    string
	refused []int // the statuses of a refusal
	make    func()
}

// one draws one of several values.
func one[T any](d *drawer, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(d.t, label)
}
