package query

import (
	"slices"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// expression computes a value from a document; the zero Value is a missing one.
type expression func(doc []byte) (bsoncore.Value, error)

type operands = []expression

// values computes all operands.
func values(a operands, doc []byte) ([]bsoncore.Value, error) {
	out := make([]bsoncore.Value, len(a))
	for i, e := range a {
		var err error
		if out[i], err = e(doc); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expressionOps are the operators allowed in expressions, with their arity; -1 means any.
var expressionOps = map[string]struct {
	arity int
	make  func(a operands) expression
}{
	"$cond":     {3, conditional},
	"$ifNull":   {2, unlessNull},
	"$eq":       {2, comparison(func(c int) bool { return c == 0 })},
	"$ne":       {2, comparison(func(c int) bool { return c != 0 })},
	"$gt":       {2, comparison(func(c int) bool { return c > 0 })},
	"$gte":      {2, comparison(func(c int) bool { return c >= 0 })},
	"$lt":       {2, comparison(func(c int) bool { return c < 0 })},
	"$lte":      {2, comparison(func(c int) bool { return c <= 0 })},
	"$add":      {-1, computed(addAll)},
	"$subtract": {2, computed(subtractValues)},
}

func conditional(a operands) expression {
	return func(d []byte) (bsoncore.Value, error) {
		v, err := a[0](d)
		if err != nil {
			return v, err
		}
		if bsonraw.Truthy(v) {
			return a[1](d)
		}
		return a[2](d)
	}
}

func unlessNull(a operands) expression {
	return func(d []byte) (bsoncore.Value, error) {
		if v, err := a[0](d); err != nil || !isNullish(v) {
			return v, err
		}
		return a[1](d)
	}
}

// isNullish reports whether a value is missing or null.
func isNullish(v bsoncore.Value) bool { return v.Type == 0 || v.Type == bsoncore.TypeNull }

func comparison(ok func(int) bool) func(operands) expression {
	return computed(func(v []bsoncore.Value) (bsoncore.Value, error) {
		x, y := v[0], v[1]
		order := Compare(x, y)
		if order == 0 && x.Type != y.Type && (x.Type == 0 || y.Type == 0) {
			order = 1 // in expressions a missing field is less than null
			if x.Type == 0 {
				order = -1
			}
		}
		return bsonraw.BoolValue(ok(order)), nil
	})
}

// computed makes expressions of a function of the operands' values.
func computed(fn func([]bsoncore.Value) (bsoncore.Value, error)) func(operands) expression {
	return func(a operands) expression {
		return func(d []byte) (bsoncore.Value, error) {
			v, err := values(a, d)
			if err != nil {
				return bsoncore.Value{}, err
			}
			return fn(v)
		}
	}
}

func dateValue(ms int64) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendDateTime(nil, ms)}
}

// addAll adds numbers and at most one date, from left to right until a null.
func addAll(list []bsoncore.Value) (bsoncore.Value, error) {
	var total sum
	date := bsoncore.Value{}
	for _, v := range list {
		switch {
		case v.IsNumber():
			total.add(v)
		case isNullish(v):
			return bsonraw.Null(), nil
		case v.Type != bsoncore.TypeDateTime:
			return v, mongoerr.New(16554, "$add only supports numeric or date types, not %s", v.Type)
		case date.Type != 0:
			return v, mongoerr.New(16612, "only one date allowed in an $add expression")
		default:
			date = v
		}
	}
	if date.Type != 0 {
		return shifted(date, total.result(), 1), nil
	}
	return total.result(), nil
}

// shifted is a date plus or minus a number of milliseconds.
func shifted(date, by bsoncore.Value, sign int64) bsoncore.Value {
	f, _ := bsonraw.Float(by)
	return dateValue(date.DateTime() + sign*int64(f))
}

func subtractValues(v []bsoncore.Value) (bsoncore.Value, error) {
	a, b := v[0], v[1]
	switch {
	case a.IsNumber() && b.IsNumber():
		var difference sum
		difference.add(a)
		difference.add(negative(b))
		return difference.result(), nil
	case isNullish(a) || isNullish(b):
		return bsonraw.Null(), nil
	case a.Type == bsoncore.TypeDateTime && b.Type == bsoncore.TypeDateTime:
		return bsonraw.Int64Value(a.DateTime() - b.DateTime()), nil
	case a.Type == bsoncore.TypeDateTime && b.IsNumber():
		return shifted(a, b, -1), nil
	case a.Type == bsoncore.TypeDateTime:
		return a, mongoerr.New(16613, "cant $subtract a %s from a Date", b.Type)
	}
	return a, mongoerr.New(16556, "cant $subtract a %s from a %s", b.Type, a.Type)
}

func negative(v bsoncore.Value) bsoncore.Value {
	if n, err := calculate("$mul", "", v, bsonraw.Int32Value(-1)); err == nil {
		return n
	}
	f, _ := bsonraw.Float(v)
	return bsonraw.DoubleValue(-f)
}

// parseExpression compiles an aggregation expression.
func parseExpression(v bsoncore.Value) (expression, error) {
	switch v.Type {
	case bsoncore.TypeString:
		s := v.StringValue()
		if strings.HasPrefix(s, "$$") {
			return nil, mongoerr.New(mongoerr.NotImplemented, "variable '%s' is not supported", s)
		}
		if strings.HasPrefix(s, "$") {
			if err := checkFieldPath(s[1:]); err != nil {
				return nil, err
			}
			parts := SplitPath(s[1:])
			return func(d []byte) (bsoncore.Value, error) { return fieldPath(bsonraw.DocValue(d), parts), nil }, nil
		}
	case bsoncore.TypeEmbeddedDocument:
		it := bsonraw.NewIter(v.Data)
		if it.Next() && len(it.Key) > 0 && it.Key[0] == '$' {
			return parseOperatorExpression(string(it.Key), it.Value)
		}
		return parseDocumentExpression(v.Data, false)
	case bsoncore.TypeArray:
		return nil, mongoerr.New(mongoerr.NotImplemented, "array expressions are not supported")
	}
	return constant(v), nil
}

func constant(v bsoncore.Value) expression {
	return func([]byte) (bsoncore.Value, error) { return v, nil }
}

// checkFieldPath refuses a path with an empty name.
func checkFieldPath(path string) error {
	switch {
	case path == "":
		return mongoerr.New(16872, "'$' by itself is not a valid FieldPath")
	case strings.HasSuffix(path, "."):
		return mongoerr.New(40353, "FieldPath must not end with a '.'.")
	case strings.HasPrefix(path, "."), strings.Contains(path, ".."):
		return mongoerr.New(15998, "FieldPath field names may not be empty strings.")
	case strings.Contains(path, "$"):
		return mongoerr.New(16410, "FieldPath field names may not start with '$'.")
	}
	return nil
}

func parseOperatorExpression(name string, v bsoncore.Value) (expression, error) {
	if name == "$literal" {
		return constant(v), nil
	}
	op, ok := expressionOps[name]
	if !ok {
		return nil, mongoerr.New(mongoerr.UnknownExpression, "Unrecognized expression '%s'", name)
	}
	args := []bsoncore.Value{v}
	switch {
	case v.Type == bsoncore.TypeArray:
		args = bsonraw.Elements(v.Data)
	case v.Type == bsoncore.TypeEmbeddedDocument && name == "$cond":
		var err error
		if args, err = branchesOf(v.Data); err != nil {
			return nil, err
		}
	}
	if op.arity >= 0 && len(args) != op.arity {
		return nil, mongoerr.New(
			16020,
			"Expression %s takes exactly %d arguments. %d were passed in.",
			name,
			op.arity,
			len(args),
		)
	}
	compiled := make(operands, len(args))
	for i, a := range args {
		var err error
		if compiled[i], err = parseExpression(a); err != nil {
			return nil, err
		}
	}
	return op.make(compiled), nil
}

// branchesOf reads the parts of a $cond that is a document.
func branchesOf(doc []byte) ([]bsoncore.Value, error) {
	names := []string{"if", "then", "else"}
	for it := bsonraw.NewIter(doc); it.Next(); {
		if !slices.Contains(names, string(it.Key)) {
			return nil, mongoerr.New(17083, "Unrecognized parameter to $cond: %s", it.Key)
		}
	}
	args := make([]bsoncore.Value, len(names))
	for i, name := range names {
		var ok bool
		if args[i], ok = bsonraw.Lookup(doc, name); !ok {
			return nil, mongoerr.New(mongoerr.Code(17080+i), "Missing '%s' parameter to $cond", name)
		}
	}
	return args, nil
}

// parseDocumentExpression compiles a document of expressions. Missing values are left out, or null.
func parseDocumentExpression(doc []byte, nulls bool) (expression, error) {
	var fields []computedField
	known := map[string]bool{}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		name := string(it.Key)
		switch {
		case known[name]:
			return nil, mongoerr.New(16406, "duplicate field name specified in object expression: %s", name)
		case name == "" || strings.HasPrefix(name, "$") || strings.Contains(name, "."):
			return nil, mongoerr.New(16412, "FieldPath field names may not be empty, contain '.' or start with '$': '%s'", name)
		}
		known[name] = true
		e, err := parseExpression(it.Value)
		if err != nil {
			return nil, err
		}
		fields = append(fields, computedField{name, e})
	}
	return func(d []byte) (bsoncore.Value, error) {
		b := bsonraw.NewBuilder()
		for _, f := range fields {
			v, err := f.expr(d)
			if err != nil {
				return v, err
			}
			if v.Type == 0 && nulls {
				v = bsonraw.Null()
			}
			if v.Type != 0 {
				b.Value(f.name, v)
			}
		}
		return bsonraw.DocValue(b.Build()), nil
	}, nil
}

// fieldPath reads "$a.b": through an array it yields the array of what the documents among its elements hold.
func fieldPath(v bsoncore.Value, parts []string) bsoncore.Value {
	if len(parts) == 0 {
		return v
	}
	switch v.Type {
	case bsoncore.TypeEmbeddedDocument:
		child, _ := bsonraw.Lookup(v.Data, parts[0])
		return fieldPath(child, parts[1:])
	case bsoncore.TypeArray:
		var out []bsoncore.Value
		for _, e := range bsonraw.Elements(v.Data) {
			if e.Type != bsoncore.TypeEmbeddedDocument {
				continue
			}
			if x := fieldPath(e, parts); x.Type != 0 {
				out = append(out, x)
			}
		}
		return bsonraw.ArrayOf(out)
	}
	return bsoncore.Value{}
}
