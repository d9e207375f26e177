package query

import (
	"strconv"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Projection is a compiled projection; nil keeps documents as they are.
type Projection struct {
	exclusion bool
	dropID    bool
	root      *projected
	computed  []computedField
}

type projected struct{ children map[string]*projected }

type computedField struct {
	name string
	expr expression
}

// ParseProjection compiles the projection of find: fields to keep or to drop.
func ParseProjection(doc []byte) (*Projection, error) { return parseProjection(doc, false) }

// parseProjection also takes computed fields when expressions are allowed.
func parseProjection(doc []byte, expressions bool) (*Projection, error) {
	if len(doc) <= 5 {
		return nil, nil
	}
	p := &Projection{root: &projected{}}
	included, excluded, idKept := 0, 0, false
	it := bsonraw.NewIter(doc)
	for it.Next() {
		path := string(it.Key)
		isFlag := it.Value.IsNumber() || it.Value.Type == bsoncore.TypeBoolean
		switch {
		case path == "" || strings.Contains(path, "$"):
			return nil, mongoerr.New(mongoerr.NotImplemented, "projection of '%s' is not supported", path)
		case !isFlag && (!expressions || strings.Contains(path, ".")):
			return nil, mongoerr.New(
				mongoerr.NotImplemented,
				"projection of '%s' by %s is not supported",
				path,
				it.Value.Type,
			)
		case !isFlag:
			e, err := parseExpression(it.Value)
			if err != nil {
				return nil, err
			}
			p.computed = append(p.computed, computedField{path, e})
			included++
			p.dropID = p.dropID || path == "_id"
			continue
		case path == "_id":
			p.dropID = !bsonraw.Truthy(it.Value)
			idKept = !p.dropID
			continue
		case bsonraw.Truthy(it.Value):
			included++
		default:
			excluded++
		}
		if err := p.root.add(SplitPath(path), path); err != nil {
			return nil, err
		}
	}
	if included > 0 && excluded > 0 {
		return nil, mongoerr.New(31254, "Cannot do exclusion and inclusion in the same projection")
	}
	p.exclusion = excluded > 0 || included == 0 && !idKept
	return p, nil
}

func (n *projected) add(parts []string, path string) error {
	if n.children == nil {
		n.children = map[string]*projected{}
	}
	child, exists := n.children[parts[0]]
	leaf := len(parts) == 1
	if exists && (leaf || child.children == nil) {
		return mongoerr.New(31249, "Path collision at %s", path)
	}
	if !exists {
		child = &projected{}
		n.children[parts[0]] = child
	}
	if leaf {
		return nil
	}
	return child.add(parts[1:], path)
}

// Apply makes the projected document.
func (p *Projection) Apply(doc bsoncore.Document) bsoncore.Document {
	if p == nil {
		return doc
	}
	start, out := bsoncore.ReserveLength(make([]byte, 0, len(doc)))
	it := bsonraw.NewIter(doc)
	for it.Next() {
		if string(it.Key) == "_id" {
			if !p.dropID {
				out = bsoncore.AppendValueElement(out, "_id", it.Value)
			}
			continue
		}
		out = p.element(out, p.root, it)
	}
	for _, c := range p.computed {
		if v := c.expr(doc); v.Type != 0 {
			out = bsoncore.AppendValueElement(out, c.name, v)
		}
	}
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return out
}

func (p *Projection) element(out []byte, n *projected, it bsonraw.Iter) []byte {
	child, named := n.children[string(it.Key)]
	if !named || child.children == nil {
		if named != p.exclusion {
			out = bsoncore.AppendValueElement(out, string(it.Key), it.Value)
		}
		return out
	}
	if v, keep := p.below(child, it.Value); keep {
		out = bsoncore.AppendValueElement(out, string(it.Key), v)
	}
	return out
}

// below projects a value whose sub-fields are named.
func (p *Projection) below(n *projected, v bsoncore.Value) (bsoncore.Value, bool) {
	start, out := bsoncore.ReserveLength(nil)
	it := bsonraw.NewIter(v.Data)
	switch v.Type {
	case bsoncore.TypeEmbeddedDocument:
		for it.Next() {
			out = p.element(out, n, it)
		}
	case bsoncore.TypeArray:
		for i := 0; it.Next(); {
			if e, keep := p.below(n, it.Value); keep {
				out = bsoncore.AppendValueElement(out, strconv.Itoa(i), e)
				i++
			}
		}
	default:
		return v, p.exclusion
	}
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return bsoncore.Value{Type: v.Type, Data: out}, true
}
