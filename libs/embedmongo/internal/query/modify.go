package query

import (
	"strconv"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// A $set by position may not grow an array without bound.
const maxArrayPadding = 1500000

// apply rewrites a document with the modification made at its path. It copies
// the bytes around the path unchanged.
func (m *modification) apply(doc []byte) ([]byte, error) {
	v, err := m.rewrite(bsonraw.DocValue(doc), m.parts)
	return v.Data, err
}

// rewrite returns container (a document or an array) with the modification
// made below it.
func (m *modification) rewrite(container bsoncore.Value, parts []string) (bsoncore.Value, error) {
	isArray := container.Type == bsoncore.TypeArray
	if isArray {
		if _, ok := arrayIndex(parts[0]); !ok {
			return container, mongoerr.New(mongoerr.PathNotViable, "Cannot create field '%s' in element of type array", parts[0])
		}
	}
	start, out := bsoncore.ReserveLength(make([]byte, 0, len(container.Data)+64))
	found, n := false, 0
	it := bsonraw.NewIter(container.Data)
	for ; it.Next(); n++ {
		if found || string(it.Key) != parts[0] {
			out = bsoncore.AppendValueElement(out, string(it.Key), it.Value)
			continue
		}
		found = true
		v, err := m.child(it.Value, true, parts)
		if err != nil {
			return container, err
		}
		if v.Type == 0 && isArray {
			v = bsonraw.Null() // removing an element keeps the others in place
		}
		if v.Type != 0 {
			out = bsoncore.AppendValueElement(out, parts[0], v)
		}
	}
	if !found {
		v, err := m.child(bsoncore.Value{}, false, parts)
		if err != nil {
			return container, err
		}
		if v.Type == 0 {
			return container, nil
		}
		if out, err = pad(out, parts[0], n, isArray); err != nil {
			return container, err
		}
		out = bsoncore.AppendValueElement(out, parts[0], v)
	}
	out, _ = bsoncore.AppendDocumentEnd(out, start)
	return bsoncore.Value{Type: container.Type, Data: out}, nil
}

// child is the new value of one element: the changed leaf, or the rewritten
// container below it. The zero Value removes the element.
func (m *modification) child(old bsoncore.Value, found bool, parts []string) (bsoncore.Value, error) {
	if len(parts) == 1 {
		return m.change(old, found)
	}
	if !found {
		if m.op == "$unset" || m.op == "$pull" {
			return bsoncore.Value{}, nil
		}
		return m.rewrite(bsonraw.DocValue(bsonraw.NewBuilder().Build()), parts[1:])
	}
	switch old.Type {
	case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray:
		if m.op == "$unset" && old.Type == bsoncore.TypeArray {
			if _, ok := arrayIndex(parts[1]); !ok {
				return old, nil
			}
		}
		return m.rewrite(old, parts[1:])
	}
	if m.op == "$unset" || m.op == "$pull" {
		return old, nil
	}
	return old, mongoerr.New(mongoerr.PathNotViable, "Cannot create field '%s' in element {%s: %s}", parts[1], parts[0], old)
}

// pad fills an array with nulls up to the position that is about to be set.
func pad(out []byte, name string, n int, isArray bool) ([]byte, error) {
	if !isArray {
		return out, nil
	}
	position, _ := arrayIndex(name)
	if position-n > maxArrayPadding {
		return nil, mongoerr.New(mongoerr.BadValue, "can't backfill more than %d elements of an array", maxArrayPadding)
	}
	for ; n < position; n++ {
		out = bsoncore.AppendNullElement(out, strconv.Itoa(n))
	}
	return out, nil
}
