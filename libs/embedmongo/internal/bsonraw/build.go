package bsonraw

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Builder appends elements to one document. Its zero value is not usable.
type Builder struct {
	b     []byte
	start int32
}

// NewBuilder starts an empty document.
func NewBuilder() *Builder { return BuilderIn(make([]byte, 0, 256)) }

// BuilderIn starts an empty document in a buffer, whose content is lost. It grows as it must.
func BuilderIn(buffer []byte) *Builder {
	start, b := bsoncore.AppendDocumentStart(buffer[:0])
	return &Builder{b: b, start: start}
}

// Begin starts an embedded document or array, to which everything is appended until End. It gives what End needs.
func (b *Builder) Begin(t bsoncore.Type, key string) int32 {
	b.b = bsoncore.AppendHeader(b.b, t, key)
	var start int32
	start, b.b = bsoncore.ReserveLength(b.b)
	return start
}

// End ends what Begin started.
func (b *Builder) End(start int32) { b.b, _ = bsoncore.AppendDocumentEnd(b.b, start) }

// Len is how many bytes there are so far.
func (b *Builder) Len() int { return len(b.b) }

// Value appends any value.
func (b *Builder) Value(key string, v bsoncore.Value) *Builder {
	b.b = bsoncore.AppendValueElement(b.b, key, v)
	return b
}

// Int32 appends an int32.
func (b *Builder) Int32(key string, n int32) *Builder {
	b.b = bsoncore.AppendInt32Element(b.b, key, n)
	return b
}

// Int64 appends an int64.
func (b *Builder) Int64(key string, n int64) *Builder {
	b.b = bsoncore.AppendInt64Element(b.b, key, n)
	return b
}

// Double appends a double.
func (b *Builder) Double(key string, n float64) *Builder {
	b.b = bsoncore.AppendDoubleElement(b.b, key, n)
	return b
}

// Bool appends a boolean.
func (b *Builder) Bool(key string, v bool) *Builder {
	b.b = bsoncore.AppendBooleanElement(b.b, key, v)
	return b
}

// String appends a string.
func (b *Builder) String(key, v string) *Builder {
	b.b = bsoncore.AppendStringElement(b.b, key, v)
	return b
}

// Doc appends an embedded document.
func (b *Builder) Doc(key string, v []byte) *Builder {
	b.b = bsoncore.AppendDocumentElement(b.b, key, v)
	return b
}

// Array appends an array made of documents.
func (b *Builder) Array(key string, docs []bsoncore.Document) *Builder {
	start := b.Begin(bsoncore.TypeArray, key)
	for i, d := range docs {
		b.Doc(strconv.Itoa(i), d)
	}
	b.End(start)
	return b
}

// Values appends an array of any values.
func (b *Builder) Values(key string, vs []bsoncore.Value) *Builder {
	b.b = bsoncore.AppendArrayElement(b.b, key, ArrayOf(vs).Data)
	return b
}

// Build ends the document.
func (b *Builder) Build() bsoncore.Document {
	b.b, _ = bsoncore.AppendDocumentEnd(b.b, b.start)
	return b.b
}

// ArrayOf makes an array value.
func ArrayOf(vs []bsoncore.Value) bsoncore.Value {
	start, dst := bsoncore.ReserveLength(nil)
	for i, v := range vs {
		dst = bsoncore.AppendValueElement(dst, strconv.Itoa(i), v)
	}
	dst, _ = bsoncore.AppendArrayEnd(dst, start)
	return bsoncore.Value{Type: bsoncore.TypeArray, Data: dst}
}

// Elements are the values of an array.
func Elements(arr []byte) []bsoncore.Value {
	var out []bsoncore.Value
	it := NewIter(arr)
	for it.Next() {
		out = append(out, it.Value)
	}
	return out
}

// Int32Value makes an int32 value.
func Int32Value(n int32) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeInt32, Data: bsoncore.AppendInt32(nil, n)}
}

// Int64Value makes an int64 value.
func Int64Value(n int64) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeInt64, Data: bsoncore.AppendInt64(nil, n)}
}

// DoubleValue makes a double value.
func DoubleValue(f float64) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeDouble, Data: bsoncore.AppendDouble(nil, f)}
}

// BoolValue makes a boolean value.
func BoolValue(v bool) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeBoolean, Data: bsoncore.AppendBoolean(nil, v)}
}

// DocValue makes a document value.
func DocValue(d []byte) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument, Data: d}
}

// Null is the null value.
func Null() bsoncore.Value { return bsoncore.Value{Type: bsoncore.TypeNull} }

// Clone copies a value out of the bytes it aliases.
func Clone(v bsoncore.Value) bsoncore.Value {
	return bsoncore.Value{Type: v.Type, Data: append([]byte(nil), v.Data...)}
}
