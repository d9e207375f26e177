package fuzz

import (
	"encoding/json"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// node is a JSON value that keeps of which schema it is, so that it can be made wrong.
type node struct {
	schema  *openapi3.Schema
	at      string // where it stands, with dots between; "" for the body
	kind    byte   // 'o' an object, 'a' a list, 's' anything else
	text    string // of anything else, and of a node that was made wrong: as it is sent
	members []member
	items   []*node
}

type member struct {
	name string
	*node
}

// scalar is a node of JSON text.
func scalar(s *openapi3.Schema, at, text string) *node {
	return &node{schema: s, at: at, kind: 's', text: text}
}

// replace makes a node of text.
func (n *node) replace(text string) { n.kind, n.text = 's', text }

// bytes is the node as JSON.
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

// quoted is text as a JSON string.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string can be encoded
	return string(b)
}

// unquoted is the text of a JSON string.
func unquoted(text string) string {
	var s string
	_ = json.Unmarshal([]byte(text), &s) // it was made by quote
	return s
}
