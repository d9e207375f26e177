package query

import (
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxPositions bounds the names of a path that may be positions in arrays: each
// of them is followed in two ways.
const maxPositions = 8

// compiler compiles one filter.
type compiler struct {
	regexes int // what its regular expressions cost so far
}

// ParseFilter compiles a filter document; an empty one matches everything.
func ParseFilter(doc []byte) (*Filter, error) { return new(compiler).filter(doc) }

func (c *compiler) filter(doc []byte) (*Filter, error) {
	all := &Filter{Op: And}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		name := string(it.Key)
		var f *Filter
		var err error
		switch {
		case isLogical(name):
			f, err = c.parseLogical(name, it.Value)
		case name == "$comment":
			continue
		case strings.HasPrefix(name, "$") && !isReferenceField(name):
			err = mongoerr.New(mongoerr.BadValue, "unknown top level operator: %s", name)
		default:
			f, err = c.parsePredicate(name, it.Value)
		}
		if err != nil {
			return nil, err
		}
		all.Children = append(all.Children, f)
	}
	return all, nil
}

func isLogical(name string) bool { return name == "$and" || name == "$or" || name == "$nor" }

func (c *compiler) parseLogical(name string, v bsoncore.Value) (*Filter, error) {
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
		sub, err := c.filter(e.Data)
		if err != nil {
			return nil, err
		}
		f.Children = append(f.Children, sub)
	}
	if name == "$nor" {
		f = &Filter{Op: Not, Children: []*Filter{f}}
	}
	return f, nil
}

// hasOperators reports whether a value is a document of $operators. A reference to a document, {$ref, $id}, is none.
func hasOperators(v bsoncore.Value) bool {
	name := firstName(v)
	return name != "" && name[0] == '$' && !(isReferenceField(name) && isReference(v.Data))
}

// firstName is the first name in a document; "" if the value is no document or empty.
func firstName(v bsoncore.Value) string {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return ""
	}
	it := bsonraw.NewIter(v.Data)
	it.Next()
	return string(it.Key)
}

func isReferenceField(name string) bool { return name == "$ref" || name == "$id" || name == "$db" }

func isReference(doc []byte) bool {
	_, ref := bsonraw.Lookup(doc, "$ref")
	_, id := bsonraw.Lookup(doc, "$id")
	return ref && id
}

func (c *compiler) parsePredicate(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type == bsoncore.TypeRegex {
		pattern, options := v.Regex()
		return c.newRegex(path, pattern, options)
	}
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if !hasOperators(v) {
		return leaf(Eq, path, v), nil
	}
	return c.parseOperators(path, v.Data)
}

// CheckPath refuses a path that could be followed in too many ways.
func CheckPath(path string) error {
	positions := 0
	for name := range strings.SplitSeq(path, ".") {
		if _, ok := arrayIndex(name); ok {
			positions++
		}
	}
	if positions > maxPositions {
		return mongoerr.New(
			mongoerr.NotImplemented,
			"a path with more than %d array positions is not supported",
			maxPositions,
		)
	}
	return nil
}

func leaf(op Op, path string, v bsoncore.Value) *Filter {
	return &Filter{Op: op, Path: path, parts: SplitPath(path), Value: v}
}

func not(f *Filter) *Filter { return &Filter{Op: Not, Children: []*Filter{f}} }

func (c *compiler) parseOperators(path string, doc []byte) (*Filter, error) {
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
		f, err := c.parseOperator(path, name, it.Value, doc)
		if err != nil {
			return nil, err
		}
		all.Children = append(all.Children, f)
	}
	if len(all.Children) == 1 {
		return all.Children[0], nil
	}
	return all, nil
}

var comparisons = map[string]Op{"$eq": Eq, "$gt": Gt, "$gte": Gte, "$lt": Lt, "$lte": Lte}

func (c *compiler) parseOperator(path, name string, v bsoncore.Value, doc []byte) (*Filter, error) {
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
		f, err := c.newIn(path, name, v)
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
		return c.parseNot(path, v)
	case "$all":
		return c.parseAll(path, v)
	case "$elemMatch":
		return c.parseElemMatch(path, v)
	case "$size":
		n, ok := bsonraw.Int64(v)
		if !ok || n < 0 {
			return nil, mongoerr.New(mongoerr.BadValue, "Failed to parse $size. Expected a non-negative number")
		}
		f := leaf(Size, path, v)
		f.size = n
		return f, nil
	case "$regex":
		return c.parseRegex(path, v, doc)
	case "$type":
		return newType(path, v)
	}
	return nil, mongoerr.New(mongoerr.BadValue, "unknown operator: %s", name)
}

func (c *compiler) newIn(path, name string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.BadValue, "%s needs an array", name)
	}
	f, either := leaf(In, path, bsoncore.Value{}), &Filter{Op: Or}
	for _, x := range bsonraw.Elements(v.Data) {
		if hasOperators(x) {
			return nil, mongoerr.New(mongoerr.BadValue, "cannot nest $ under %s", name)
		}
		if x.Type == bsoncore.TypeRegex {
			re, err := c.parsePredicate(path, x)
			if err != nil {
				return nil, err
			}
			either.Children = append(either.Children, re)
			continue
		}
		f.Values = append(f.Values, x)
	}
	if len(f.Values) > 8 {
		f.keys = make(map[string]bool, len(f.Values))
		for _, x := range f.Values {
			f.keys[string(keyenc.Append(nil, x))] = true
		}
	}
	if len(either.Children) > 0 {
		either.Children = append(either.Children, f)
		return either, nil
	}
	return f, nil
}

func (c *compiler) parseNot(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeRegex && !hasOperators(v) {
		return nil, mongoerr.New(mongoerr.BadValue, "$not needs a regex or a document")
	}
	f, err := c.parsePredicate(path, v)
	if err != nil {
		return nil, err
	}
	return not(f), nil
}

func (c *compiler) parseAll(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.BadValue, "$all needs an array")
	}
	values := bsonraw.Elements(v.Data)
	if len(values) == 0 {
		return &Filter{Op: Or}, nil // $all: [] matches nothing
	}
	all := &Filter{Op: And}
	elements := firstName(values[0]) == "$elemMatch"
	for _, x := range values {
		if operators := hasOperators(x); operators != elements || operators && firstName(x) != "$elemMatch" {
			return nil, mongoerr.New(mongoerr.BadValue, "$all needs values, or $elemMatch in all of its elements")
		}
		f, err := c.parsePredicate(path, x)
		if err != nil {
			return nil, err
		}
		all.Children = append(all.Children, f)
	}
	return all, nil
}

func (c *compiler) parseElemMatch(path string, v bsoncore.Value) (*Filter, error) {
	if v.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(mongoerr.BadValue, "$elemMatch needs an Object")
	}
	f := leaf(ElemMatch, path, bsoncore.Value{})
	it := bsonraw.NewIter(v.Data)
	first := it.Next()
	name := string(it.Key)
	f.element = first && strings.HasPrefix(name, "$") && !isLogical(name) && !isReferenceField(name)
	var sub *Filter
	var err error
	if f.element {
		sub, err = c.parseOperators("", v.Data)
	} else {
		sub, err = c.filter(v.Data)
	}
	f.Children = []*Filter{sub}
	return f, err
}

var typeNames = map[string]bsoncore.Type{
	"double": bsoncore.TypeDouble, "string": bsoncore.TypeString, "object": bsoncore.TypeEmbeddedDocument,
	"array": bsoncore.TypeArray, "binData": bsoncore.TypeBinary, "objectId": bsoncore.TypeObjectID,
	"bool": bsoncore.TypeBoolean, "date": bsoncore.TypeDateTime, "null": bsoncore.TypeNull,
	"regex": bsoncore.TypeRegex, "int": bsoncore.TypeInt32, "long": bsoncore.TypeInt64,
	"timestamp": bsoncore.TypeTimestamp, "minKey": bsoncore.TypeMinKey, "maxKey": bsoncore.TypeMaxKey,
	"symbol": bsoncore.TypeSymbol, "javascript": bsoncore.TypeJavaScript, "dbPointer": bsoncore.TypeDBPointer,
	// Documents with these are refused, so that they match nothing.
	"decimal": bsoncore.TypeDecimal128, "javascriptWithScope": bsoncore.TypeCodeWithScope,
	"undefined": bsoncore.TypeUndefined,
}

// isTypeNumber reports whether a number is the code of a type of values.
func isTypeNumber(n int64) bool { return n >= 1 && n <= 19 || n == 127 || n == -1 }

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
		if !ok || !isTypeNumber(n) {
			return nil, mongoerr.New(mongoerr.BadValue, "Invalid numerical type code")
		}
		f.types[bsoncore.Type(byte(n))] = true
	}
	return f, nil
}
