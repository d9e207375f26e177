package query

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxGroupBytes is MongoDB's memory limit for one $group.
const maxGroupBytes = 100 << 20

func parseUnwind(v bsoncore.Value) (stage, error) {
	path, keep := v, false
	if v.Type == bsoncore.TypeEmbeddedDocument {
		it := bsonraw.NewIter(v.Data)
		for it.Next() {
			switch string(it.Key) {
			case "path":
				path = it.Value
			case "preserveNullAndEmptyArrays":
				keep = bsonraw.Truthy(it.Value)
			default:
				return stage{}, mongoerr.New(28811, "unrecognized or unsupported option to $unwind stage: %s", it.Key)
			}
		}
	}
	s, ok := path.StringValueOK()
	if !ok || len(s) < 2 || s[0] != '$' {
		return stage{}, mongoerr.New(28818, "path option to $unwind stage should be prefixed with a '$'")
	}
	parts := SplitPath(s[1:])
	return stage{wrap: func(in Source) Source {
		var doc bsoncore.Document
		var rest []bsoncore.Value
		return &step{in, func(ctx context.Context) (bsoncore.Document, error) {
			for len(rest) == 0 {
				next, err := in.Next(ctx)
				if next == nil || err != nil {
					return nil, err
				}
				v, _ := Get(next, parts)
				isArray := v.Type == bsoncore.TypeArray
				if isArray && len(v.Data) > 5 {
					doc = bytes.Clone(next)
					v, _ = Get(doc, parts)
					rest = bsonraw.Elements(v.Data)
				} else if !isArray && !(v.Type == 0 || v.Type == bsoncore.TypeNull) {
					return next, nil
				} else if keep {
					if !isArray {
						return next, nil
					}
					drop := modification{
						parts: parts, op: "$unset",
						change: func(bsoncore.Value, bool) (bsoncore.Value, error) { return bsoncore.Value{}, nil },
					}
					return drop.apply(next)
				}
			}
			element := rest[0]
			rest = rest[1:]
			set := modification{
				parts:  parts,
				change: func(bsoncore.Value, bool) (bsoncore.Value, error) { return element, nil },
			}
			return set.apply(doc)
		}}
	}}, nil
}

// accumulator folds the values of one group.
type accumulator struct {
	op    string
	value bsoncore.Value
	list  []bsoncore.Value
	total sum
	n     int64
	seen  bool
}

var accumulators = map[string]bool{
	"$sum": true, "$avg": true, "$min": true, "$max": true,
	"$first": true, "$last": true, "$push": true,
}

// add folds one more value in and returns how many bytes it retains.
func (a *accumulator) add(v bsoncore.Value) int {
	missing := v.Type == 0 || v.Type == bsoncore.TypeNull
	switch a.op {
	case "$sum", "$avg":
		if v.IsNumber() {
			a.n++
			a.total.add(v)
		}
		return 0
	case "$min", "$max":
		sign := 1
		if a.op == "$min" {
			sign = -1
		}
		if missing || a.seen && Compare(v, a.value)*sign <= 0 {
			return 0
		}
	case "$first":
		if a.seen {
			return 0
		}
	case "$push":
		if v.Type != 0 {
			a.list = append(a.list, bsonraw.Clone(v))
		}
		return len(v.Data) + 16
	}
	a.value, a.seen = bsonraw.Clone(v), true
	return 0
}

func (a *accumulator) result() bsoncore.Value {
	switch {
	case a.op == "$push":
		return bsonraw.ArrayOf(a.list)
	case a.op == "$sum":
		return a.total.result()
	case a.op == "$avg" && a.n > 0:
		return bsonraw.DoubleValue(a.total.float() / float64(a.n))
	case a.value.Type == 0:
		return bsonraw.Null()
	}
	return a.value
}

type groupField struct {
	name, op string
	expr     expression
}

type group struct {
	id     bsoncore.Value
	fields []accumulator
}

func parseGroup(v bsoncore.Value) (stage, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return stage{}, mongoerr.New(15947, "a group's fields must be specified in an object")
	}
	var id expression
	var fields []groupField
	blind := true
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		name := string(it.Key)
		if name == "_id" {
			e, err := parseGroupID(it.Value)
			if err != nil {
				return stage{}, err
			}
			id, blind = e, blind && isConstant(it.Value)
			continue
		}
		arg := bsonraw.NewIter(it.Value.Data)
		if strings.Contains(name, ".") || it.Value.Type != bsoncore.TypeEmbeddedDocument || !arg.Next() {
			return stage{}, mongoerr.New(40234, "The field '%s' must be an accumulator object", name)
		}
		if slices.ContainsFunc(fields, func(f groupField) bool { return f.name == name }) {
			return stage{}, mongoerr.New(16406, "duplicate field name specified in $group: %s", name)
		}
		f := groupField{name: name, op: string(arg.Key)}
		if !accumulators[f.op] {
			return stage{}, mongoerr.New(15952, "unknown group operator '%s'", f.op)
		}
		e, err := parseExpression(arg.Value)
		if err != nil {
			return stage{}, err
		}
		f.expr, blind = e, blind && isConstant(arg.Value)
		if arg.Next() {
			return stage{}, mongoerr.New(40238, "The field '%s' must specify one accumulator", name)
		}
		fields = append(fields, f)
	}
	if id == nil {
		return stage{}, mongoerr.New(15955, "a group specification must include an _id")
	}
	return stage{blind: blind, wrap: func(in Source) Source {
		return collected(in, func(ctx context.Context, in Source) ([]bsoncore.Document, error) {
			return runGroup(ctx, in, id, fields)
		})
	}}, nil
}

// parseGroupID compiles a group's _id. The fields of a document that are missing are null.
func parseGroupID(v bsoncore.Value) (expression, error) {
	if v.Type == bsoncore.TypeEmbeddedDocument && !hasOperators(v) {
		return parseDocumentExpression(v.Data, true)
	}
	return parseExpression(v)
}

// isConstant reports whether an expression reads no field.
func isConstant(v bsoncore.Value) bool {
	if s, ok := v.StringValueOK(); ok {
		return !strings.HasPrefix(s, "$")
	}
	return v.Type != bsoncore.TypeEmbeddedDocument && v.Type != bsoncore.TypeArray
}

func runGroup(ctx context.Context, in Source, id expression, fields []groupField) ([]bsoncore.Document, error) {
	groups := map[string]*group{}
	var order []*group
	size := 0
	for {
		doc, err := in.Next(ctx)
		if err != nil {
			return nil, err
		}
		if doc == nil {
			break
		}
		key, err := id(doc)
		if err != nil {
			return nil, err
		}
		k := keyenc.Append(nil, key)
		g := groups[string(k)]
		if g == nil {
			g = &group{id: bsonraw.Clone(key), fields: make([]accumulator, len(fields))}
			if key.Type == 0 {
				g.id = bsonraw.Null()
			}
			for i, f := range fields {
				g.fields[i].op = f.op
			}
			groups[string(k)] = g
			order = append(order, g)
			size += 2*len(k) + 64*(len(fields)+1)
		}
		for i, f := range fields {
			v, err := f.expr(doc)
			if err != nil {
				return nil, err
			}
			size += g.fields[i].add(v)
		}
		if size > maxGroupBytes {
			return nil, mongoerr.New(
				mongoerr.SortMemoryExceeded,
				"Exceeded memory limit for $group, but didn't allow external sort.",
			)
		}
	}
	out := make([]bsoncore.Document, len(order))
	for i, g := range order {
		b := bsonraw.NewBuilder().Value("_id", g.id)
		for j, f := range fields {
			b.Value(f.name, g.fields[j].result())
		}
		out[i] = b.Build()
	}
	return out, nil
}
