package query

import (
	"slices"
	"strings"
)

var opTexts = map[Op]string{
	Eq: "=", Gt: ">", Gte: ">=", Lt: "<", Lte: "<=", In: "in", ExistsOp: "exists", RegexOp: "regex", TypeOp: "type",
	Size: "size", ElemMatch: "elemMatch",
}

// String returns the fields and operators of a filter without its values, so that queries of one shape have one text.
// Conditions that are equal without their values occur once.
func (f *Filter) String() string {
	switch f.Op {
	case And:
		return texts(f.Conjuncts(), ", ")
	case Or:
		return "(" + texts(f.Children, " or ") + ")"
	case Not:
		return "not (" + f.Children[0].String() + ")"
	}
	return f.Path + " " + opTexts[f.Op]
}

func texts(filters []*Filter, separator string) string {
	var parts []string
	for _, f := range filters {
		if text := f.String(); !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, separator)
}
