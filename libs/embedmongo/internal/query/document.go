package query

import (
	"sync/atomic"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Insertable returns a document as it is stored: its _id is the first field, made if there is none, and a zero
// Timestamp is the server's time. It refuses a second _id.
func Insertable(doc bsoncore.Document) (bsoncore.Document, error) {
	ids, unstamped := survey(doc)
	if ids > 1 {
		return nil, errTwoIDs()
	}
	if unstamped {
		doc = stamp(doc)
	}
	id := bsoncore.Value{}
	if ids == 0 {
		id = NewObjectID()
	}
	return withID(doc, id), nil
}

func errTwoIDs() error {
	return mongoerr.New(mongoerr.BadValue, "can't have multiple _id fields in one document")
}

// survey counts the fields _id of a document, and reports whether others are a zero Timestamp.
func survey(doc []byte) (ids int, unstamped bool) {
	for it := bsonraw.NewIter(doc); it.Next(); {
		if string(it.Key) == "_id" {
			ids++
		}
		unstamped = unstamped || isZeroTimestamp(it)
	}
	return ids, unstamped
}

// CheckID refuses a value that can't be an _id: an array, a regular expression, or a document with operators.
func CheckID(id bsoncore.Value) error {
	switch id.Type {
	case bsoncore.TypeArray, bsoncore.TypeRegex:
		return mongoerr.New(mongoerr.BadValue, "The '_id' value cannot be of type %s", id.Type)
	case bsoncore.TypeEmbeddedDocument:
		return checkNames(id.Data)
	}
	return nil
}

func checkNames(container []byte) error {
	for it := bsonraw.NewIter(container); it.Next(); {
		if name := string(it.Key); name != "" && name[0] == '$' && !isReferenceField(name) {
			return mongoerr.New(mongoerr.DollarPrefixedFieldName,
				"_id fields may not contain '$'-prefixed fields: %s is not valid for storage.", name)
		}
		switch it.Value.Type {
		case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray:
			if err := checkNames(it.Value.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// stamps counts the timestamps that this server made.
var stamps atomic.Uint32

// stamp gives fields that are a zero Timestamp the server's time, but not the _id, and not what is inside of others.
func stamp(doc bsoncore.Document) bsoncore.Document {
	b := bsonraw.NewBuilder()
	for it := bsonraw.NewIter(doc); it.Next(); {
		v := it.Value
		if isZeroTimestamp(it) {
			v.Data = bsoncore.AppendTimestamp(nil, uint32(time.Now().Unix()), stamps.Add(1))
		}
		b.Value(string(it.Key), v)
	}
	return b.Build()
}

func isZeroTimestamp(it bsonraw.Iter) bool {
	if it.Value.Type != bsoncore.TypeTimestamp || string(it.Key) == "_id" {
		return false
	}
	t, i := it.Value.Timestamp()
	return t == 0 && i == 0
}
