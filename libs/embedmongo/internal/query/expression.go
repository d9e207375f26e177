package query

import (
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// expression computes a value from a document; the zero Value is a missing one.
type expression func(doc []byte) bsoncore.Value

type operands = []expression

// expressionOps are the operators allowed in expressions, with their arity.
var expressionOps = map[string]struct {
	arity int
	make  func(a operands) expression
}{
	"$cond": {3, func(a operands) expression {
		return func(d []byte) bsoncore.Value {
			if bsonraw.Truthy(a[0](d)) {
				return a[1](d)
			}
			return a[2](d)
		}
	}},
	"$ifNull": {2, func(a operands) expression {
		return func(d []byte) bsoncore.Value {
			if v := a[0](d); v.Type != 0 && v.Type != bsoncore.TypeNull {
				return v
			}
			return a[1](d)
		}
	}},
	"$eq":       {2, comparison(func(c int) bool { return c == 0 })},
	"$ne":       {2, comparison(func(c int) bool { return c != 0 })},
	"$gt":       {2, comparison(func(c int) bool { return c > 0 })},
	"$gte":      {2, comparison(func(c int) bool { return c >= 0 })},
	"$lt":       {2, comparison(func(c int) bool { return c < 0 })},
	"$lte":      {2, comparison(func(c int) bool { return c <= 0 })},
	"$add":      {2, numeric(addValues)},
	"$subtract": {2, numeric(subtractValues)},
}

func comparison(ok func(int) bool) func(operands) expression {
	return func(a operands) expression {
		return func(d []byte) bsoncore.Value {
			x, y := a[0](d), a[1](d)
			order := Compare(x, y)
			if order == 0 && x.Type != y.Type && (x.Type == 0 || y.Type == 0) {
				order = 1 // in expressions a missing field is less than null
				if x.Type == 0 {
					order = -1
				}
			}
			return bsonraw.BoolValue(ok(order))
		}
	}
}

func numeric(op func(a, b bsoncore.Value) bsoncore.Value) func(operands) expression {
	return func(a operands) expression {
		return func(d []byte) bsoncore.Value {
			x, y := a[0](d), a[1](d)
			if !x.IsNumber() && x.Type != bsoncore.TypeDateTime || !y.IsNumber() && y.Type != bsoncore.TypeDateTime {
				return bsonraw.Null()
			}
			return op(x, y)
		}
	}
}

func dateValue(ms int64) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendDateTime(nil, ms)}
}

// addValues adds numbers, widening on overflow as MongoDB's $sum and $add do;
// a date plus a number is a date.
func addValues(a, b bsoncore.Value) bsoncore.Value {
	if b.Type == bsoncore.TypeDateTime {
		a, b = b, a
	}
	if a.Type == bsoncore.TypeDateTime {
		f, _ := bsonraw.Float(b)
		return dateValue(a.DateTime() + int64(f))
	}
	if a.Type != bsoncore.TypeDouble && b.Type != bsoncore.TypeDouble {
		if v, err := calculate("$add", "", a, b); err == nil {
			return v
		}
	}
	x, _ := bsonraw.Float(a)
	y, _ := bsonraw.Float(b)
	return bsonraw.DoubleValue(x + y)
}

func subtractValues(a, b bsoncore.Value) bsoncore.Value {
	if a.Type == bsoncore.TypeDateTime {
		if b.Type == bsoncore.TypeDateTime {
			return bsonraw.Int64Value(a.DateTime() - b.DateTime())
		}
		f, _ := bsonraw.Float(b)
		return dateValue(a.DateTime() - int64(f))
	}
	if b.Type == bsoncore.TypeDateTime {
		return bsonraw.Null()
	}
	negative, err := calculate("$mul", "", b, bsonraw.Int32Value(-1))
	if err != nil {
		f, _ := bsonraw.Float(b)
		negative = bsonraw.DoubleValue(-f)
	}
	return addValues(a, negative)
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
			parts := SplitPath(s[1:])
			return func(d []byte) bsoncore.Value { return fieldPath(bsonraw.DocValue(d), parts) }, nil
		}
	case bsoncore.TypeEmbeddedDocument:
		it := bsonraw.NewIter(v.Data)
		if it.Next() && len(it.Key) > 0 && it.Key[0] == '$' {
			return parseOperatorExpression(string(it.Key), it.Value)
		}
		return parseDocumentExpression(v.Data)
	case bsoncore.TypeArray:
		return nil, mongoerr.New(mongoerr.NotImplemented, "array expressions are not supported")
	}
	return func([]byte) bsoncore.Value { return v }, nil
}

func parseOperatorExpression(name string, v bsoncore.Value) (expression, error) {
	if name == "$literal" {
		return func([]byte) bsoncore.Value { return v }, nil
	}
	op, ok := expressionOps[name]
	if !ok {
		return nil, mongoerr.New(mongoerr.UnknownExpression, "Unrecognized expression '%s'", name)
	}
	args := bsonraw.Elements(v.Data)
	if name == "$cond" && v.Type == bsoncore.TypeEmbeddedDocument {
		args = nil
		for _, part := range []string{"if", "then", "else"} {
			if a, ok := bsonraw.Lookup(v.Data, part); ok {
				args = append(args, a)
			}
		}
	} else if v.Type != bsoncore.TypeArray {
		args = nil
	}
	if len(args) != op.arity {
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

func parseDocumentExpression(doc []byte) (expression, error) {
	var fields []computedField
	it := bsonraw.NewIter(doc)
	for it.Next() {
		e, err := parseExpression(it.Value)
		if err != nil {
			return nil, err
		}
		fields = append(fields, computedField{string(it.Key), e})
	}
	return func(d []byte) bsoncore.Value {
		b := bsonraw.NewBuilder()
		for _, f := range fields {
			if v := f.expr(d); v.Type != 0 {
				b.Value(f.name, v)
			}
		}
		return bsonraw.DocValue(b.Build())
	}, nil
}

// fieldPath reads "$a.b": through an array it yields the array of what its
// documents hold.
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
			if x := fieldPath(e, parts); x.Type != 0 {
				out = append(out, x)
			}
		}
		return bsonraw.ArrayOf(out)
	}
	return bsoncore.Value{}
}
