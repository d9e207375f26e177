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

type projected struct {
	children map[string]*projected
	computed bool // a leaf whose value is computed, and not the document's own
}

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
	included, excluded, ids := 0, 0, 0
	it := bsonraw.NewIter(doc)
	for it.Next() {
		path := string(it.Key)
		isFlag := it.Value.IsNumber() || it.Value.Type == bsoncore.TypeBoolean
		if path == "_id" {
			if ids++; ids > 1 {
				return nil, mongoerr.New(31250, "Path collision at %s", path)
			}
		}
		switch {
		case path == "" || strings.Contains(path, "$"):
			return nil, mongoerr.New(mongoerr.NotImplemented, "projection of '%s' is not supported", path)
		case !isFlag && !expressions:
			return nil, errProjection(path, it.Value)
		case !isFlag && excluded > 0:
			return nil, mongoerr.New(31252, "Cannot use an expression in an exclusion projection")
		case !isFlag:
			if err := p.addComputed(path, it.Value); err != nil {
				return nil, err
			}
			included++
			continue
		case path == "_id":
			p.dropID = !bsonraw.Truthy(it.Value)
			continue
		case bsonraw.Truthy(it.Value):
			included++
		default:
			excluded++
		}
		if included > 0 && excluded > 0 {
			return nil, errMixed(path, bsonraw.Truthy(it.Value))
		}
		if err := p.root.add(SplitPath(path), path); err != nil {
			return nil, err
		}
	}
	p.exclusion = excluded > 0 || included == 0 && (ids == 0 || p.dropID)
	return p, nil
}

func errProjection(path string, v bsoncore.Value) error {
	return mongoerr.New(mongoerr.NotImplemented, "projection of '%s' by %s is not supported", path, v.Type)
}

func errMixed(path string, include bool) error {
	if include {
		return mongoerr.New(31253, "Cannot do inclusion on field %s in exclusion projection", path)
	}
	return mongoerr.New(31254, "Cannot do exclusion on field %s in inclusion projection", path)
}

// addComputed adds a field with a computed value: at the top, and by an operator or a field path. MongoDB has another
// meaning for a plain document, a projection of its fields.
func (p *Projection) addComputed(path string, v bsoncore.Value) error {
	if strings.Contains(path, ".") || v.Type == bsoncore.TypeEmbeddedDocument && !hasOperators(v) {
		return errProjection(path, v)
	}
	e, err := parseExpression(v)
	if err != nil {
		return err
	}
	if path == "_id" {
		p.dropID = true
	} else if err := p.root.add([]string{path}, path); err != nil {
		return err
	} else {
		p.root.children[path].computed = true
	}
	p.computed = append(p.computed, computedField{path, e})
	return nil
}

func (n *projected) add(parts []string, path string) error {
	if n.children == nil {
		n.children = map[string]*projected{}
	}
	child, exists := n.children[parts[0]]
	leaf := len(parts) == 1
	if exists && leaf {
		return mongoerr.New(31250, "Path collision at %s", path)
	}
	if exists && child.children == nil {
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
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return out
}

// compute makes the projected document with the computed fields at its end.
func (p *Projection) compute(doc bsoncore.Document) (bsoncore.Document, error) {
	out := p.Apply(doc)
	if len(p.computed) == 0 {
		return out, nil
	}
	out = out[:len(out)-1]
	for _, c := range p.computed {
		v, err := c.expr(doc)
		if err != nil {
			return nil, err
		}
		if v.Type != 0 {
			out = bsoncore.AppendValueElement(out, c.name, v)
		}
	}
	out, err := bsoncore.AppendDocumentEnd(out, 0)
	return out, err
}

func (p *Projection) element(out []byte, n *projected, it bsonraw.Iter) []byte {
	child, named := n.children[string(it.Key)]
	if !named || child.children == nil {
		if named != p.exclusion && !(named && child.computed) {
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
