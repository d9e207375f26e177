package harness

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Object is a JSON object of a response. If a member is missing or of another type, the test fails and its value reads
// as zero.
type Object struct {
	t testing.TB
	M map[string]any
}

// NewObject returns an Object of a decoded map.
func NewObject(t testing.TB, m map[string]any) Object { return Object{t, m} }

// Text returns a string member.
func (o Object) Text(name string) string {
	o.t.Helper()
	s, ok := o.M[name].(string)
	if !ok {
		o.t.Errorf("%q is %#v, not a string, in %s", name, o.M[name], o)
	}
	return s
}

// Int returns a whole number member.
func (o Object) Int(name string) int64 {
	o.t.Helper()
	n, _ := o.M[name].(json.Number)
	i, err := n.Int64()
	if err != nil {
		o.t.Errorf("%q is %#v, not a whole number, in %s", name, o.M[name], o)
	}
	return i
}

// Float returns a number member.
func (o Object) Float(name string) float64 {
	o.t.Helper()
	n, _ := o.M[name].(json.Number)
	f, err := n.Float64()
	if err != nil {
		o.t.Errorf("%q is %#v, not a number, in %s", name, o.M[name], o)
	}
	return f
}

// Bool returns a boolean member.
func (o Object) Bool(name string) bool {
	o.t.Helper()
	b, ok := o.M[name].(bool)
	if !ok {
		o.t.Errorf("%q is %#v, not a boolean, in %s", name, o.M[name], o)
	}
	return b
}

// Null reports whether a member is present and null.
func (o Object) Null(name string) bool {
	v, ok := o.M[name]
	return ok && v == nil
}

// Object returns a member that is an object.
func (o Object) Object(name string) Object {
	o.t.Helper()
	m, ok := o.M[name].(map[string]any)
	if !ok {
		o.t.Errorf("%q is %#v, not an object, in %s", name, o.M[name], o)
	}
	return Object{o.t, m}
}

// List returns a member that is a list of objects.
func (o Object) List(name string) []Object {
	o.t.Helper()
	return objects(o.t, name, o.M[name])
}

// Texts returns a member that is a list of strings.
func (o Object) Texts(name string) []string {
	o.t.Helper()
	l, ok := o.M[name].([]any)
	if !ok {
		o.t.Errorf("%q is %#v, not a list, in %s", name, o.M[name], o)
	}
	texts := make([]string, len(l))
	for i, v := range l {
		texts[i] = fmt.Sprint(v)
	}
	return texts
}

// String returns the object as JSON.
func (o Object) String() string {
	b, _ := json.Marshal(o.M)
	return string(b)
}

func objects(t testing.TB, where string, v any) []Object {
	t.Helper()
	l, ok := v.([]any)
	if !ok {
		t.Errorf("%s: %#v is not a list", where, v)
		return nil
	}
	out := make([]Object, len(l))
	for i, row := range l {
		m, ok := row.(map[string]any)
		if !ok {
			t.Errorf("%s: row %d is %#v, not an object", where, i, row)
		}
		out[i] = Object{t, m}
	}
	return out
}
