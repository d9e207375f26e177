package embedmongo_test

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// TestStepDownRefusesWritesForAWhile: after a step-down the server refuses writes, reports that it is a secondary,
// and has aborted open transactions. Then it is the primary again.
func TestStepDownRefusesWritesForAWhile(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	client := connect(t, s.URI())
	c := client.Database("test").Collection("c")
	_, err := c.InsertOne(bg, d("_id", 1))
	ok(t, err)
	open, tx := begin(t, client)
	_, err = c.InsertOne(tx, d("_id", 2))
	ok(t, err)

	raw := dial(t, s.Addr())
	for _, period := range []any{0, -1, 3601, "x"} {
		if _, err := raw.run("replSetStepDown", period, "$db", "admin"); err == nil {
			t.Errorf("a period of %v", period)
		}
	}
	ok(t, client.Database("admin").RunCommand(bg, d("replSetStepDown", 3600)).Err())

	hello, err := raw.run("hello", 1)
	ok(t, err)
	if hello["isWritablePrimary"] != false || hello["secondary"] != true || hello["primary"] != nil {
		t.Errorf("hello responds %v", hello)
	}
	numbered := d("lsid", sessionID(7), "txnNumber", int64(1))
	write := d("insert", "c", "documents", bson.A{d("_id", 3)})
	inTx := append(append(bson.D{}, numbered...), d("autocommit", false, "startTransaction", true)...)
	for _, tt := range []struct {
		name  string
		cmd   bson.D
		code  int
		label string
	}{
		{"a write", write, 10107, ""},
		{"one that may be repeated", append(append(bson.D{}, write...), numbered...), 10107, "RetryableWriteError"},
		{"one in a transaction", append(append(bson.D{}, write...), inTx...), 10107, "TransientTransactionError"},
		{"a commit", append(d("commitTransaction", 1, "autocommit", false), numbered...), 10107, "RetryableWriteError"},
		{"a read of the primary", d("find", "c"), 13435, ""},
		{"a catalog command", d("create", "other"), 10107, ""},
	} {
		_, err := raw.run(flat(tt.cmd)...)
		wantCode(t, err, tt.code)
		var se mongo.ServerError
		if errors.As(err, &se); tt.label != "" && !se.HasErrorLabel(tt.label) {
			t.Errorf("%s has no label %s: %v", tt.name, tt.label, err)
		}
	}
	_, err = raw.run("find", "c", "$readPreference", d("mode", "secondaryPreferred"))
	ok(t, err)

	_, err = raw.run("replSetStepUp", 1)
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 4))
	ok(t, err)
	wantTransient(t, open.CommitTransaction(bg), 251)
	if n := count(t, bg, c, d()); n != 2 {
		t.Errorf("%d documents, of two that were acknowledged", n)
	}
}
