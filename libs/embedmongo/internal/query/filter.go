package query

import (
	"regexp"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Op is what one node of a filter tests.
type Op int

// The operators of a filter tree.
const (
	And Op = iota
	Or
	Not
	Eq
	Gt
	Gte
	Lt
	Lte
	In
	ExistsOp
	RegexOp
	TypeOp
	Size
	ElemMatch
)

// Filter is one node of a compiled filter. The planner reads its fields.
type Filter struct {
	Op       Op
	Children []*Filter        // And, Or, Not (one), ElemMatch (one)
	Path     string           // leaves; "" tests the value itself
	Value    bsoncore.Value   // Eq, Gt, Gte, Lt, Lte
	Values   []bsoncore.Value // In

	parts   []string
	re      *regexp.Regexp
	types   map[bsoncore.Type]bool
	size    int64
	keys    map[string]bool // In with many values: their encodings
	element bool            // ElemMatch on values instead of documents
}

// Match reports whether a document satisfies the filter.
func (f *Filter) Match(doc []byte) bool {
	switch f.Op {
	case And:
		for _, c := range f.Children {
			if !c.Match(doc) {
				return false
			}
		}
		return true
	case Or:
		for _, c := range f.Children {
			if c.Match(doc) {
				return true
			}
		}
		return false
	case Not:
		return !f.Children[0].Match(doc)
	}
	return visit(doc, f.parts, f.test)
}

// matchValue is Match for an array element under $elemMatch.
func (f *Filter) matchValue(v bsoncore.Value) bool {
	switch f.Op {
	case And:
		for _, c := range f.Children {
			if !c.matchValue(v) {
				return false
			}
		}
		return true
	case Or:
		for _, c := range f.Children {
			if c.matchValue(v) {
				return true
			}
		}
		return false
	case Not:
		return !f.Children[0].matchValue(v)
	}
	return f.testOne(v)
}

// test applies a leaf to a value and, if the operator looks into arrays, to each of its elements.
func (f *Filter) test(v bsoncore.Value, exact bool) bool {
	if f.testOne(v) {
		return true
	}
	if exact || v.Type != bsoncore.TypeArray || f.Op == ExistsOp || f.Op == Size || f.Op == ElemMatch {
		return false
	}
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		if f.testOne(it.Value) {
			return true
		}
	}
	return false
}

// Holds applies a leaf to one value without looking into arrays.
func (f *Filter) Holds(v bsoncore.Value) bool { return f.testOne(v) }

func (f *Filter) testOne(v bsoncore.Value) bool {
	switch f.Op {
	case Eq:
		return Compare(v, f.Value) == 0
	case Gt, Gte, Lt, Lte:
		return f.testRange(v)
	case In:
		return f.testIn(v)
	case ExistsOp:
		return v.Type != 0
	case RegexOp:
		switch v.Type {
		case bsoncore.TypeString, bsoncore.TypeSymbol:
			return f.re.Match(bsonraw.String(v))
		case bsoncore.TypeRegex:
			return Compare(v, f.Value) == 0
		}
	case TypeOp:
		return f.types[v.Type]
	case Size:
		return v.Type == bsoncore.TypeArray && int64(len(bsonraw.Elements(v.Data))) == f.size
	case ElemMatch:
		return f.testElements(v)
	}
	return false
}

func (f *Filter) testRange(v bsoncore.Value) bool {
	c := keyenc.ClassOf(f.Value.Type)
	if c != keyenc.ClassOf(v.Type) {
		switch c { // the ends of the order are compared with values of all types, and with missing ones
		case keyenc.MinKey:
			return f.Op == Gt || f.Op == Gte
		case keyenc.MaxKey:
			return f.Op == Lt || f.Op == Lte
		}
		return false
	}
	order := Compare(v, f.Value)
	if isNaN(v) || isNaN(f.Value) {
		return order == 0 && (f.Op == Gte || f.Op == Lte)
	}
	switch f.Op {
	case Gt:
		return order > 0
	case Gte:
		return order >= 0
	case Lt:
		return order < 0
	}
	return order <= 0
}

func (f *Filter) testIn(v bsoncore.Value) bool {
	if f.keys != nil {
		return f.keys[string(keyenc.Append(nil, v))]
	}
	for _, x := range f.Values {
		if Compare(v, x) == 0 {
			return true
		}
	}
	return false
}

func (f *Filter) testElements(v bsoncore.Value) bool {
	if v.Type != bsoncore.TypeArray {
		return false
	}
	sub := f.Children[0]
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		if f.element {
			if sub.matchValue(it.Value) {
				return true
			}
			continue
		}
		switch it.Value.Type {
		case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray:
			if sub.Match(it.Value.Data) {
				return true
			}
		}
	}
	return false
}

// Conjuncts are the leaves and sub-trees that must all hold.
func (f *Filter) Conjuncts() []*Filter {
	if f.Op == And {
		var out []*Filter
		for _, c := range f.Children {
			out = append(out, c.Conjuncts()...)
		}
		return out
	}
	return []*Filter{f}
}

// Equalities are the plain equality conditions a filter demands, which an
// upsert copies into the new document. A filter that can't match demands none.
func (f *Filter) Equalities() []*Filter {
	var out []*Filter
	for _, c := range f.Conjuncts() {
		if c.Op == Or && len(c.Children) == 0 {
			return nil
		} else if c.Op == Eq {
			out = append(out, c)
		} else if c.Op == In && len(c.Values) == 1 {
			out = append(out, &Filter{Op: Eq, Path: c.Path, parts: c.parts, Value: c.Values[0]})
		} else if c.Op == Or && len(c.Children) == 1 {
			out = append(out, c.Children[0].Equalities()...)
		}
	}
	return out
}
