package embedmongo_test

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// answer is a command with the response of a MongoDB server, in a case where another response is easily given.
type answer struct {
	name    string
	docs    bson.A // of the collection c, inserted before
	indexes bson.A // of c, created before the documents
	cmd     bson.D
	code    int    // of the error that the command, or its first statement, ends with
	want    string // what the command returns, as outcome writes it; with a code it may be absent
}

// answers runs each command in a database of its own.
func answers(t *testing.T, rows []answer) {
	t.Helper()
	client := connect(t, start(t, "").URI())
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			db := client.Database(fmt.Sprint("test", i))
			if row.indexes != nil {
				ok(t, db.RunCommand(bg, d("createIndexes", "c", "indexes", row.indexes)).Err())
			}
			if row.docs != nil {
				_, err := run(db, d("insert", "c", "documents", row.docs))
				ok(t, err)
			}
			reply, err := run(db, row.cmd)
			if row.code != 0 {
				wantCode(t, err, row.code)
			} else {
				ok(t, err)
			}
			if row.code != 0 && row.want == "" {
				return
			}
			if got := outcome(t, db, reply); got != row.want {
				t.Errorf("%v\n got %s\nwant %s", row.cmd, got, row.want)
			}
		})
	}
}

// run executes a command. The error is the command's, or that of its first failed statement.
func run(db *mongo.Database, cmd bson.D) (bson.Raw, error) {
	reply, err := db.RunCommand(bg, cmd).Raw()
	if err != nil {
		return reply, err
	}
	if failed, err := reply.LookupErr("writeErrors", "0", "code"); err == nil {
		return reply, mongo.CommandError{Code: int32(failed.AsInt64()), Message: "statement failed"}
	}
	return reply, nil
}

// outcome writes what a command returned: the documents of a cursor, the values of distinct, or else the counts of a
// write and the documents after it.
func outcome(t *testing.T, db *mongo.Database, reply bson.Raw) string {
	t.Helper()
	for _, path := range [][]string{{"cursor", "firstBatch"}, {"values"}} {
		if list, err := reply.LookupErr(path...); err == nil {
			return list.String()
		}
	}
	counts := ""
	for _, field := range []string{"n", "nModified"} {
		if n, err := reply.LookupErr(field); err == nil {
			counts += fmt.Sprint(field, ":", n.AsInt64(), " ")
		}
	}
	after, err := run(db, d("find", "c"))
	ok(t, err)
	return counts + after.Lookup("cursor", "firstBatch").String()
}
