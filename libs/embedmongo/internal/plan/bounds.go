package plan

import (
	"bytes"

	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/query"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// span is a range [lower, upper) of ascending encodings of one field.
type span struct{ lower, upper []byte }

// fieldBounds is what a filter says about one index field: a set of points, a
// span, or nothing.
type fieldBounds struct {
	points  [][]byte
	span    *span
	exact   []*query.Filter // the conjuncts these bounds replace completely
	present bool            // the bounds exclude a missing field
	rivals  int             // how many other conditions could be used in place of this one
}

// usableValue reports whether a value has one encoding under which every
// matching document is found in an index.
func usableValue(v bsoncore.Value) bool {
	c := keyenc.ClassOf(v.Type)
	return c != keyenc.Array && c != keyenc.Regex
}

func isNull(v bsoncore.Value) bool { return keyenc.ClassOf(v.Type) == keyenc.Null }

// boundsFor finds the bounds the conjuncts give to a path. On a field that has
// held arrays only one condition may be used, because each condition may be
// met by another element: the nth of those that give points.
func boundsFor(path string, conjuncts []*query.Filter, multikey bool, nth int) fieldBounds {
	var on []*query.Filter
	for _, c := range conjuncts {
		if c.Path == path && c.Op != query.And && c.Op != query.Or && c.Op != query.Not {
			on = append(on, c)
		}
	}
	var taken *fieldBounds
	rivals := 0
	for _, c := range on {
		b, ok := pointBounds(c)
		if !ok {
			continue
		}
		if rivals++; taken == nil || multikey && rivals == nth+1 {
			taken = &b
		}
	}
	if taken != nil {
		if multikey {
			taken.rivals = rivals - 1
		}
		return *taken
	}
	b := rangeBounds(on, multikey)
	if b.span == nil && !multikey {
		b.span = hull(path, conjuncts)
		b.present = b.span != nil
	}
	return b
}

func pointBounds(c *query.Filter) (fieldBounds, bool) {
	values := c.Values
	switch c.Op {
	case query.Eq:
		values = []bsoncore.Value{c.Value}
	case query.In:
		if len(values) > maxRanges {
			return fieldBounds{}, false
		}
	default:
		return fieldBounds{}, false
	}
	b := fieldBounds{present: true, exact: []*query.Filter{c}, points: [][]byte{}}
	for _, v := range values {
		if !usableValue(v) {
			return fieldBounds{}, false
		}
		if isNull(v) {
			b.present, b.exact = false, nil
		}
		p := keyenc.Append(nil, v)
		if !containsBytes(b.points, p) {
			b.points = append(b.points, p)
		}
	}
	return b, true
}

func containsBytes(list [][]byte, x []byte) bool {
	for _, have := range list {
		if bytes.Equal(have, x) {
			return true
		}
	}
	return false
}

// spanOf is the span of one range condition.
func spanOf(c *query.Filter) *span {
	class := keyenc.ClassOf(c.Value.Type)
	if !usableValue(c.Value) || isNull(c.Value) || class == keyenc.MinKey || class == keyenc.MaxKey {
		return nil
	}
	value := keyenc.Append(nil, c.Value)
	s := &span{lower: []byte{byte(class)}, upper: []byte{byte(class) + 1}}
	if class == keyenc.Number {
		s.lower = keyenc.NegativeInfinity() // NaN lies below and matches no range
		if bytes.Compare(value, s.lower) < 0 {
			return nil
		}
	}
	switch c.Op {
	case query.Gt:
		s.lower = keyenc.Successor(value)
	case query.Gte:
		s.lower = value
	case query.Lt:
		s.upper = value
	case query.Lte:
		s.upper = keyenc.Successor(value)
	case query.Eq:
		s.lower, s.upper = value, keyenc.Successor(value)
	default:
		return nil
	}
	return s
}

func rangeBounds(on []*query.Filter, multikey bool) fieldBounds {
	b := fieldBounds{}
	for _, c := range on {
		s := spanOf(c)
		if s == nil || c.Op == query.Eq {
			continue
		}
		if b.span == nil {
			b.span, b.present = s, true
		} else {
			b.span = &span{maxBytes(b.span.lower, s.lower), minBytes(b.span.upper, s.upper)}
		}
		b.exact = append(b.exact, c)
		if multikey {
			break
		}
	}
	return b
}

// hull is the smallest span that holds every branch of an $or, as paging by
// {$or: [{a: {$lt: x}}, {a: x, _id: {$lt: y}}]} needs.
func hull(path string, conjuncts []*query.Filter) *span {
	var out *span
	for _, or := range conjuncts {
		if or.Op != query.Or || len(or.Children) == 0 {
			continue
		}
		var all *span
		for _, branch := range or.Children {
			var s *span
			for _, c := range branch.Conjuncts() {
				if c.Path == path && s == nil {
					s = spanOf(c)
				}
			}
			if s == nil {
				all = nil
				break
			}
			if all == nil {
				all = s
			} else {
				all = &span{minBytes(all.lower, s.lower), maxBytes(all.upper, s.upper)}
			}
		}
		if all != nil && out != nil {
			all = &span{maxBytes(all.lower, out.lower), minBytes(all.upper, out.upper)}
		}
		if all != nil {
			out = all
		}
	}
	return out
}

func minBytes(a, b []byte) []byte {
	if bytes.Compare(a, b) < 0 {
		return a
	}
	return b
}

func maxBytes(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

// implied reports whether every document the conjuncts match satisfies a
// partial index's expression.
func implied(partial *query.Filter, conjuncts []*query.Filter) bool {
	for _, p := range partial.Conjuncts() {
		ok := false
		for _, c := range conjuncts {
			ok = ok || c.Path == p.Path && impliesOne(c, p)
		}
		if !ok {
			return false
		}
	}
	return true
}

func impliesOne(c, p *query.Filter) bool {
	values := c.Values
	switch c.Op {
	case query.Eq:
		values = []bsoncore.Value{c.Value}
	case query.In:
	case query.Gt, query.Gte, query.Lt, query.Lte:
		return rangeImplies(c, p)
	case query.RegexOp, query.Size, query.ElemMatch:
		return p.Op == query.ExistsOp
	case query.TypeOp, query.ExistsOp:
		return p.Op == c.Op && (c.Op == query.ExistsOp || query.Compare(c.Value, p.Value) == 0)
	default:
		return false
	}
	for _, v := range values {
		if isNull(v) || !usableValue(v) || !p.Holds(v) {
			return false
		}
	}
	return true
}

func rangeImplies(c, p *query.Filter) bool {
	s := spanOf(c)
	if s == nil {
		return false
	}
	if p.Op == query.ExistsOp {
		return true
	}
	t := spanOf(p)
	return t != nil && p.Op != query.Eq && bytes.Compare(t.lower, s.lower) <= 0 && bytes.Compare(s.upper, t.upper) <= 0
}
