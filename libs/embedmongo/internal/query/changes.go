package query

import (
	"math"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// change computes the new value of a path from its old one.
type change = func(old bsoncore.Value, found bool) (bsoncore.Value, error)

// changes maps each supported update operator to the maker of its change.
var changes = map[string]func(path string, v bsoncore.Value) (change, error){
	"$set": set, "$setOnInsert": set, "$unset": unset, "$currentDate": currentDate,
	"$inc": arithmetic("$inc"), "$mul": arithmetic("$mul"),
	"$min": extreme(-1), "$max": extreme(1),
	"$push": push, "$addToSet": addToSet, "$pull": pull,
}

func set(_ string, v bsoncore.Value) (change, error) {
	return func(bsoncore.Value, bool) (bsoncore.Value, error) { return v, nil }, nil
}

func unset(string, bsoncore.Value) (change, error) {
	return func(bsoncore.Value, bool) (bsoncore.Value, error) { return bsoncore.Value{}, nil }, nil
}

func currentDate(path string, v bsoncore.Value) (change, error) {
	if v.Type == bsoncore.TypeEmbeddedDocument {
		if t, ok := bsonraw.Lookup(v.Data, "$type"); !ok || t.Type != bsoncore.TypeString || t.StringValue() != "date" {
			return nil, mongoerr.New(mongoerr.BadValue, "$currentDate of '%s' supports only the type 'date'", path)
		}
	} else if v.Type != bsoncore.TypeBoolean {
		return nil, mongoerr.New(mongoerr.BadValue,
			"%s is not valid type for $currentDate. Please use a boolean ('true') "+
				"or a $type expression ({$type: 'timestamp/date'}).", v.Type)
	}
	return func(bsoncore.Value, bool) (bsoncore.Value, error) {
		return bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendDateTime(nil, now())}, nil
	}, nil
}

func arithmetic(op string) func(string, bsoncore.Value) (change, error) {
	return func(path string, v bsoncore.Value) (change, error) {
		if !v.IsNumber() {
			return nil, mongoerr.New(
				mongoerr.TypeMismatch,
				"Cannot %s with non-numeric argument: {%s: %s}",
				op,
				path,
				v,
			)
		}
		return func(old bsoncore.Value, found bool) (bsoncore.Value, error) {
			if !found {
				if op == "$inc" {
					return v, nil
				}
				old = bsonraw.Int32Value(0)
			}
			if !old.IsNumber() {
				return old, mongoerr.New(
					mongoerr.TypeMismatch,
					"Cannot apply %s to a value of non-numeric type. The field '%s' has non-numeric type %s",
					op,
					path,
					old.Type,
				)
			}
			return calculate(op, path, old, v)
		}, nil
	}
}

// calculate adds or multiplies, widening int32 to int64 as MongoDB does.
func calculate(op, path string, a, b bsoncore.Value) (bsoncore.Value, error) {
	if a.Type == bsoncore.TypeDouble || b.Type == bsoncore.TypeDouble {
		x, _ := bsonraw.Float(a)
		y, _ := bsonraw.Float(b)
		if op == "$mul" {
			return bsonraw.DoubleValue(x * y), nil
		}
		return bsonraw.DoubleValue(x + y), nil
	}
	x, _ := bsonraw.Int64(a)
	y, _ := bsonraw.Int64(b)
	r, ok := addInt64(x, y)
	if op == "$mul" {
		r, ok = mulInt64(x, y)
	}
	if !ok {
		return a, mongoerr.New(
			mongoerr.BadValue,
			"Failed to apply %s operations to current value of '%s': integer overflow",
			op,
			path,
		)
	}
	both32 := a.Type == bsoncore.TypeInt32 && b.Type == bsoncore.TypeInt32
	if both32 && r >= math.MinInt32 && r <= math.MaxInt32 {
		return bsonraw.Int32Value(int32(r)), nil
	}
	return bsonraw.Int64Value(r), nil
}

func addInt64(x, y int64) (int64, bool) {
	r := x + y
	return r, (x < 0) != (y < 0) || (r < 0) == (x < 0)
}

func mulInt64(x, y int64) (int64, bool) {
	if x == 0 || y == 0 {
		return 0, true
	}
	r := x * y
	return r, r/y == x && !(x == -1 && y == math.MinInt64) && !(y == -1 && x == math.MinInt64)
}

func extreme(sign int) func(string, bsoncore.Value) (change, error) {
	return func(_ string, v bsoncore.Value) (change, error) {
		return func(old bsoncore.Value, found bool) (bsoncore.Value, error) {
			if found && Compare(v, old)*sign <= 0 {
				return old, nil
			}
			return v, nil
		}, nil
	}
}

// arrayOf reads the array an array operator works on.
func arrayOf(op, path string, old bsoncore.Value, found bool) ([]bsoncore.Value, error) {
	if !found {
		return nil, nil
	}
	if old.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(
			mongoerr.BadValue,
			"The field '%s' must be an array but is of type %s (%s)",
			path,
			old.Type,
			op,
		)
	}
	return bsonraw.Elements(old.Data), nil
}

// eachOf reads a plain value or a {$each: [...]} document with its modifiers.
func eachOf(op string, v bsoncore.Value) (values []bsoncore.Value, modifiers map[string]bsoncore.Value, err error) {
	isEach := firstName(v) == "$each"
	if v.Type == bsoncore.TypeEmbeddedDocument && op == "$push" {
		_, isEach = bsonraw.Lookup(v.Data, "$each")
	}
	if !isEach && hasOperators(v) {
		return nil, nil, mongoerr.New(mongoerr.DollarPrefixedFieldName,
			"The dollar ($) prefixed field '%s' is not valid for storage.", firstName(v))
	}
	if !isEach {
		return []bsoncore.Value{v}, nil, nil
	}
	modifiers = map[string]bsoncore.Value{}
	it := bsonraw.NewIter(v.Data)
	for it.Next() {
		name := string(it.Key)
		if name != "$each" && (op != "$push" || name != "$slice" && name != "$position") {
			return nil, nil, mongoerr.New(mongoerr.BadValue, "Unrecognized or unsupported clause in %s: %s", op, name)
		}
		modifiers[name] = it.Value
	}
	each := modifiers["$each"]
	if each.Type != bsoncore.TypeArray {
		code := mongoerr.BadValue
		if op == "$addToSet" {
			code = mongoerr.TypeMismatch
		}
		return nil, nil, mongoerr.New(code, "The argument to $each in %s must be an array", op)
	}
	return bsonraw.Elements(each.Data), modifiers, nil
}

func push(path string, v bsoncore.Value) (change, error) {
	values, modifiers, err := eachOf("$push", v)
	if err != nil {
		return nil, err
	}
	number := func(name string) (int64, bool, error) {
		m, ok := modifiers[name]
		n, isInt := bsonraw.Int64(m)
		if ok && !isInt {
			return 0, false, mongoerr.New(mongoerr.BadValue, "The value for %s must be an integer", name)
		}
		return n, ok, nil
	}
	slice, hasSlice, err := number("$slice")
	if err != nil {
		return nil, err
	}
	position, hasPosition, err := number("$position")
	if err != nil {
		return nil, err
	}
	return func(old bsoncore.Value, found bool) (bsoncore.Value, error) {
		arr, err := arrayOf("$push", path, old, found)
		if err != nil {
			return old, err
		}
		at := len(arr)
		if hasPosition && position >= 0 {
			at = int(min(position, int64(at)))
		} else if hasPosition {
			at = int(max(int64(at)+position, 0))
		}
		arr = append(append(append([]bsoncore.Value(nil), arr[:at]...), values...), arr[at:]...)
		if n := int64(len(arr)); hasSlice && slice >= 0 {
			arr = arr[:min(slice, n)]
		} else if hasSlice {
			arr = arr[max(n+slice, 0):]
		}
		return bsonraw.ArrayOf(arr), nil
	}, nil
}

func addToSet(path string, v bsoncore.Value) (change, error) {
	values, _, err := eachOf("$addToSet", v)
	if err != nil {
		return nil, err
	}
	return func(old bsoncore.Value, found bool) (bsoncore.Value, error) {
		arr, err := arrayOf("$addToSet", path, old, found)
		if err != nil {
			return old, err
		}
		before, known := len(arr), make(map[string]bool, len(arr))
		for _, have := range arr {
			known[string(keyenc.Append(nil, have))] = true
		}
		for _, v := range values {
			if key := string(keyenc.Append(nil, v)); !known[key] {
				known[key] = true
				arr = append(arr, v)
			}
		}
		if found && len(arr) == before {
			return old, nil
		}
		return bsonraw.ArrayOf(arr), nil
	}, nil
}

func pull(path string, v bsoncore.Value) (change, error) {
	drop := func(e bsoncore.Value) bool { return Compare(e, v) == 0 }
	if v.Type == bsoncore.TypeEmbeddedDocument || v.Type == bsoncore.TypeRegex {
		// These aren't conditions on an element, but the beginning of a filter of its fields.
		name := firstName(v)
		filter := name == "$eq" || name == "$not" || isLogical(name) || isReferenceField(name)
		operators, c := !filter && hasOperators(v) || v.Type == bsoncore.TypeRegex, new(compiler)
		var f *Filter
		var err error
		if operators {
			f, err = c.parsePredicate("", v)
		} else {
			f, err = c.filter(v.Data)
		}
		if err != nil {
			return nil, err
		}
		drop = func(e bsoncore.Value) bool {
			if operators {
				return f.Match(bsonraw.NewBuilder().Value("", e).Build())
			}
			return e.Type == bsoncore.TypeEmbeddedDocument && f.Match(e.Data)
		}
	}
	return func(old bsoncore.Value, found bool) (bsoncore.Value, error) {
		if !found {
			return bsoncore.Value{}, nil
		}
		arr, err := arrayOf("$pull", path, old, found)
		if err != nil {
			return old, err
		}
		var keep []bsoncore.Value
		for _, e := range arr {
			if !drop(e) {
				keep = append(keep, e)
			}
		}
		if len(keep) == len(arr) {
			return old, nil
		}
		return bsonraw.ArrayOf(keep), nil
	}, nil
}
