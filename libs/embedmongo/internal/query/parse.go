package query

import (
	"regexp"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// ParseFilter compiles a filter document; an empty one matches everything.
func ParseFilter(doc []byte) (*Filter, error) {
	f := &Filter{Op: And}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		name := string(it.Key)
		var c *Filter
		var err error
		switch {
		case name == "$and" || name == "$or" || name == "$nor":
			c, err = parseLogical(name, it.Value)
		case name == "$comment":
			continue
		case strings.HasPrefix(name, "$"):
			err = mongoerr.New(mongoerr.BadValue, "unknown top level operator: %s", name)
		default:
			c, err = parsePredicate(name, it.Value)
		}
		if err != nil {
			return nil, err
		}
		f.Children = append(f.Children, c)
	}
	return f, nil
}

func parseLogical(name string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeArray || len(v.Data) <= 5 {
		return nil, mongoerr.New(mongoerr.BadValue, "%s argument must be a non-empty array", name)
	}
	f := &Filter{Op: And}
	if name != "$and" {
		f.Op = Or
	}
	for _, e := range bsonraw.Elements(v.Data) {
		if e.Type != bsoncore.TypeEmbeddedDocument {
			return nil, mongoerr.New(mongoerr.BadValue, "$or/$and/$nor entries need to be full objects")
		}
		c, err := ParseFilter(e.Data)
		if err != nil {
			return nil, err
		}
		f.Children = append(f.Children, c)
	}
	if name == "$nor" {
		f = &Filter{Op: Not, Children: []*Filter{f}}
	}
	return f, nil
}

// hasOperators reports whether a value is a document of $operators.
func hasOperators(v bsoncore.Value) bool {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return false
	}
	it := bsonraw.NewIter(v.Data)
	return it.Next() && len(it.Key) > 0 && it.Key[0] == '$'
}

func parsePredicate(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type == bsoncore.TypeRegex {
		pattern, options := v.Regex()
		return newRegex(path, pattern, options)
	}
	if !hasOperators(v) {
		return leaf(Eq, path, v), nil
	}
	return parseOperators(path, v.Data)
}

func leaf(op Op, path string, v bsoncore.Value) *Filter {
	return &Filter{Op: op, Path: path, parts: SplitPath(path), Value: v}
}

func not(f *Filter) *Filter { return &Filter{Op: Not, Children: []*Filter{f}} }

func parseOperators(path string, doc []byte) (*Filter, error) {
	all := &Filter{Op: And}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		name := string(it.Key)
		if name == "$options" {
			if _, ok := bsonraw.Lookup(doc, "$regex"); !ok {
				return nil, mongoerr.New(mongoerr.BadValue, "$options needs a $regex")
			}
			continue
		}
		c, err := parseOperator(path, name, it.Value, doc)
		if err != nil {
			return nil, err
		}
		all.Children = append(all.Children, c)
	}
	if len(all.Children) == 1 {
		return all.Children[0], nil
	}
	return all, nil
}

var comparisons = map[string]Op{"$eq": Eq, "$gt": Gt, "$gte": Gte, "$lt": Lt, "$lte": Lte}

func parseOperator(path, name string, v bsoncore.Value, doc []byte) (*Filter, error) {
	if op, ok := comparisons[name]; ok {
		if v.Type == bsoncore.TypeRegex && op != Eq {
			return nil, mongoerr.New(mongoerr.BadValue, "Can't have RegEx as arg to predicate over field '%s'.", path)
		}
		return leaf(op, path, v), nil
	}
	switch name {
	case "$ne":
		if v.Type == bsoncore.TypeRegex {
			return nil, mongoerr.New(mongoerr.BadValue, "Can't have regex as arg to $ne.")
		}
		return not(leaf(Eq, path, v)), nil
	case "$in", "$nin":
		f, err := newIn(path, name, v)
		if err == nil && name == "$nin" {
			f = not(f)
		}
		return f, err
	case "$exists":
		f := leaf(ExistsOp, path, v)
		if !bsonraw.Truthy(v) {
			return not(f), nil
		}
		return f, nil
	case "$not":
		return parseNot(path, v)
	case "$all":
		return parseAll(path, v)
	case "$elemMatch":
		return parseElemMatch(path, v)
	case "$size":
		n, ok := bsonraw.Int64(v)
		if !ok || n < 0 {
			return nil, mongoerr.New(mongoerr.FailedToParse, "Failed to parse $size. Expected a non-negative number")
		}
		f := leaf(Size, path, v)
		f.size = n
		return f, nil
	case "$regex":
		return parseRegex(path, v, doc)
	case "$type":
		return newType(path, v)
	}
	return nil, mongoerr.New(mongoerr.BadValue, "unknown operator: %s", name)
}

func newIn(path, name string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.BadValue, "%s needs an array", name)
	}
	f := leaf(In, path, bsoncore.Value{})
	f.Values = bsonraw.Elements(v.Data)
	for _, x := range f.Values {
		if x.Type == bsoncore.TypeRegex {
			return nil, mongoerr.New(mongoerr.NotImplemented, "regular expressions under %s are not supported", name)
		}
		if hasOperators(x) {
			return nil, mongoerr.New(mongoerr.BadValue, "cannot nest $ under %s", name)
		}
	}
	if len(f.Values) > 8 {
		f.keys = make(map[string]bool, len(f.Values))
		for _, x := range f.Values {
			f.keys[string(keyenc.Append(nil, x))] = true
		}
	}
	return f, nil
}

func parseNot(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeRegex && !hasOperators(v) {
		return nil, mongoerr.New(mongoerr.BadValue, "$not needs a regex or a document")
	}
	f, err := parsePredicate(path, v)
	if err != nil {
		return nil, err
	}
	return not(f), nil
}

func parseAll(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.BadValue, "$all needs an array")
	}
	values := bsonraw.Elements(v.Data)
	if len(values) == 0 {
		return &Filter{Op: Or}, nil // $all: [] matches nothing
	}
	all := &Filter{Op: And}
	for _, x := range values {
		c, err := parsePredicate(path, x)
		if err != nil {
			return nil, err
		}
		if hasOperators(x) && c.Op != ElemMatch {
			return nil, mongoerr.New(mongoerr.BadValue, "no $ expressions in $all")
		}
		all.Children = append(all.Children, c)
	}
	return all, nil
}

func parseElemMatch(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(mongoerr.BadValue, "$elemMatch needs an Object")
	}
	f := leaf(ElemMatch, path, bsoncore.Value{})
	it := bsonraw.NewIter(v.Data)
	first := it.Next()
	name := string(it.Key)
	f.element = first && strings.HasPrefix(name, "$") && name != "$and" && name != "$or" && name != "$nor"
	var sub *Filter
	var err error
	if f.element {
		sub, err = parseOperators("", v.Data)
	} else {
		sub, err = ParseFilter(v.Data)
	}
	f.Children = []*Filter{sub}
	return f, err
}

func parseRegex(path string, v bsoncore.Value, doc []byte) (*Filter, error) {
	var pattern, options string
	switch v.Type {
	case bsoncore.TypeString:
		pattern = v.StringValue()
	case bsoncore.TypeRegex:
		pattern, options = v.Regex()
	default:
		return nil, mongoerr.New(mongoerr.BadValue, "$regex has to be a string")
	}
	if o, ok := bsonraw.Lookup(doc, "$options"); ok {
		s, isString := o.StringValueOK()
		if !isString {
			return nil, mongoerr.New(mongoerr.BadValue, "$options has to be a string")
		}
		options = s
	}
	return newRegex(path, pattern, options)
}

func newRegex(path, pattern, options string) (*Filter, error) {
	if strings.Trim(options, "ims") != "" {
		return nil, mongoerr.New(51108, "invalid flag in regex options: %s", options)
	}
	expr := pattern
	if options != "" {
		expr = "(?" + options + ")" + pattern
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, mongoerr.New(51091, "Regular expression is invalid: %v", err)
	}
	f := leaf(RegexOp, path, bsoncore.Value{Type: bsoncore.TypeRegex, Data: bsoncore.AppendRegex(nil, pattern, options)})
	f.re = re
	return f, nil
}

var typeNames = map[string]bsoncore.Type{
	"double": bsoncore.TypeDouble, "string": bsoncore.TypeString, "object": bsoncore.TypeEmbeddedDocument,
	"array": bsoncore.TypeArray, "binData": bsoncore.TypeBinary, "objectId": bsoncore.TypeObjectID,
	"bool": bsoncore.TypeBoolean, "date": bsoncore.TypeDateTime, "null": bsoncore.TypeNull,
	"regex": bsoncore.TypeRegex, "int": bsoncore.TypeInt32, "long": bsoncore.TypeInt64,
	"timestamp": bsoncore.TypeTimestamp, "minKey": bsoncore.TypeMinKey, "maxKey": bsoncore.TypeMaxKey,
}

func newType(path string, v bsoncore.Value) (*Filter, error) {
	wanted := []bsoncore.Value{v}
	if v.Type == bsoncore.TypeArray {
		wanted = bsonraw.Elements(v.Data)
	}
	f := leaf(TypeOp, path, v)
	f.types = map[bsoncore.Type]bool{}
	for _, w := range wanted {
		if s, ok := w.StringValueOK(); ok {
			t, known := typeNames[s]
			if s == "number" {
				f.types[bsoncore.TypeInt32], f.types[bsoncore.TypeInt64] = true, true
				t, known = bsoncore.TypeDouble, true
			}
			if !known {
				return nil, mongoerr.New(mongoerr.BadValue, "Unknown type name alias: %s", s)
			}
			f.types[t] = true
			continue
		}
		n, ok := bsonraw.Int64(w)
		if !ok || n < -1 || n > 127 || n == 0 {
			return nil, mongoerr.New(mongoerr.BadValue, "Invalid numerical type code")
		}
		f.types[bsoncore.Type(byte(n))] = true
	}
	return f, nil
}
