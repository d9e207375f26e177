// Package bsontest reads what fuzzers make.
package bsontest

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxText is the longest extended JSON that is read, in bytes.
const maxText = 4096

// Document reads a fuzzer's bytes as BSON, or else as extended JSON, whose structure survives mutation more often. It
// returns nil if they are neither, or if no message may have the document.
func Document(data []byte) bsoncore.Document {
	if bsonraw.Validate(data) == nil {
		return data
	}
	var d bson.D
	if len(data) > maxText || bson.UnmarshalExtJSON(data, false, &d) != nil {
		return nil
	}
	b, err := bson.Marshal(d)
	if err != nil || bsonraw.Validate(b) != nil {
		return nil
	}
	return b
}
