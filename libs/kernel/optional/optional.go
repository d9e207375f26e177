// Package optional distinguishes an absent member from null and from a value, as a partial update must: absent leaves
// the member unchanged, null clears it, a value sets it.
package optional

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Value is a member of a partial update. Its zero value is "absent"; a field of this type is tagged omitzero.
type Value[T any] struct {
	Set  bool // the member stands in the body
	Null bool // and is null
	V    T    // its value, where it is neither absent nor null
}

// Of is a present value.
func Of[T any](v T) Value[T] { return Value[T]{Set: true, V: v} }

// Ptr is nil for absent and null, else a pointer to the value.
func (o Value[T]) Ptr() *T {
	if !o.Set || o.Null {
		return nil
	}
	return &o.V
}

// UnmarshalJSONFrom is called for present members only, null included.
func (o *Value[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	o.Set = true
	if d.PeekKind() == 'n' {
		o.Null = true
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &o.V)
}

// MarshalJSONTo writes the value, or null.
func (o Value[T]) MarshalJSONTo(e *jsontext.Encoder) error {
	if o.Null || !o.Set {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, o.V)
}
