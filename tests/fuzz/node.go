package fuzz

import (
	"encoding/json"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// node is a JSON value with its schema, so that a fault can be put into it.
type node struct {
	schema  *openapi3.Schema
	at      string // its path, with dots between; "" for the body
	kind    byte   // 'o' an object, 'a' a list, 's' anything else
	text    string // the JSON text of other values, and of a node with a fault
	members []member
	items   []*node

	nullable bool // null is another alternative
}

// permitsNull reports whether null is permitted in place of the value.
func (n *node) permitsNull() bool { return n.nullable || n.schema.Type.IncludesNull() }

type member struct {
	name string
	*node
}

// scalar returns a node of JSON text.
func scalar(s *openapi3.Schema, at, text string) *node {
	return &node{schema: s, at: at, kind: 's', text: text}
}

// replace replaces a node by text.
func (n *node) replace(text string) { n.kind, n.text = 's', text }

// bytes returns the node as JSON.
func (n *node) bytes() []byte {
	var b strings.Builder
	n.write(&b)
	return []byte(b.String())
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case 'o':
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quoted(m.name) + ":")
			m.write(b)
		}
		b.WriteByte('}')
	case 'a':
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.text)
	}
}

// quoted returns text as a JSON string.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string can always be encoded
	return string(b)
}

// unquoted returns the text of a JSON string.
func unquoted(text string) string {
	var s string
	_ = json.Unmarshal([]byte(text), &s) // it was made by quote
	return s
}
