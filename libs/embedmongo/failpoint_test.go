package embedmongo_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// failing starts a server that allows fail points. set configures one.
func failing(t *testing.T) (s *embedmongo.Server, set func(mode any, data bson.D)) {
	t.Helper()
	s, err := embedmongo.Start(bg, embedmongo.Options{FailPoints: true})
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	admin := connect(t, s.URI()).Database("admin")
	return s, func(mode any, data bson.D) {
		t.Helper()
		ok(t, admin.RunCommand(bg, d("configureFailPoint", "failCommand", "mode", mode, "data", data)).Err())
	}
}

// single returns a client that doesn't repeat commands.
func single(t *testing.T, s *embedmongo.Server, appName string) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(s.URI()).
		SetRetryReads(false).SetRetryWrites(false).SetAppName(appName))
	ok(t, err)
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c
}

func TestFailPointFailsNamedCommandsSoManyTimes(t *testing.T) {
	t.Parallel()
	s, set := failing(t)
	c := single(t, s, "").Database("test").Collection("c")
	set(d("times", 2), d("failCommands", bson.A{"insert", "find"}, "errorCode", 11))
	_, err := c.InsertOne(bg, d("_id", 1))
	wantCode(t, err, 11)
	_, err = c.DeleteOne(bg, d()) // isn't named
	ok(t, err)
	wantCode(t, c.FindOne(bg, d()).Err(), 11)
	_, err = c.InsertOne(bg, d("_id", 1)) // the first wasn't executed
	ok(t, err)

	set("alwaysOn", d("failCommands", bson.A{"insert"}, "errorCode", 11))
	for range 3 {
		_, err = c.InsertOne(bg, d("_id", 2))
		wantCode(t, err, 11)
	}
	set("off", nil)
	_, err = c.InsertOne(bg, d("_id", 2))
	ok(t, err)
}

func TestFailPointLabelsErrorsAsRetryable(t *testing.T) {
	t.Parallel()
	s, set := failing(t)
	raw := dial(t, s.Addr())
	numbered := d("lsid", sessionID(3), "txnNumber", int64(1))
	inTx := append(append(bson.D{}, numbered...), d("autocommit", false)...)
	insert := d("insert", "c", "documents", bson.A{d("_id", 3)})
	for name, tt := range map[string]struct {
		cmd   bson.D
		code  int
		label string
	}{
		"a retryable write":         {slices.Concat(insert, numbered), 10107, "RetryableWriteError"},
		"a write without a number":  {insert, 10107, ""},
		"an error of the write":     {slices.Concat(insert, numbered), 11, ""},
		"a write in a transaction":  {slices.Concat(insert, inTx), 10107, "TransientTransactionError"},
		"a conflict":                {slices.Concat(insert, inTx), 112, "TransientTransactionError"},
		"a commit by a lost leader": {slices.Concat(d("commitTransaction", 1), inTx), 11602, "RetryableWriteError"},
	} {
		set(d("times", 1), d("failCommands", bson.A{tt.cmd[0].Key}, "errorCode", tt.code))
		_, err := raw.run(flat(tt.cmd)...)
		wantCode(t, err, tt.code)
		var e mongo.CommandError
		if errors.As(err, &e); len(e.Labels) > 1 || tt.label != "" && !e.HasErrorLabel(tt.label) ||
			tt.label == "" && len(e.Labels) > 0 {
			t.Errorf("%s: labels %q, want %q", name, e.Labels, tt.label)
		}
	}
	set(d("times", 1), d("failCommands", bson.A{"insert"}, "errorCode", 10107, "errorLabels", bson.A{}))
	_, err := raw.run(flat(slices.Concat(insert, numbered))...)
	var e mongo.CommandError
	if errors.As(err, &e); e.Code != 10107 || len(e.Labels) > 0 {
		t.Errorf("without labels: %v %q", err, e.Labels)
	}
}

// TestFailPointReportsAnUnconfirmedCommit: the commit is executed, and its response has a writeConcernError.
func TestFailPointReportsAnUnconfirmedCommit(t *testing.T) {
	t.Parallel()
	s, set := failing(t)
	client := single(t, s, "")
	c := client.Database("test").Collection("c")
	session, tx := begin(t, client)
	_, err := c.InsertOne(tx, d("_id", 1))
	ok(t, err)
	concern := d("code", 11602, "errmsg", "operation was interrupted")
	set("alwaysOn", d("failCommands", bson.A{"commitTransaction"}, "writeConcernError", concern))
	err = session.CommitTransaction(bg)
	wantCode(t, err, 11602)
	var e mongo.CommandError
	if errors.As(err, &e); !e.HasErrorLabel("UnknownTransactionCommitResult") {
		t.Errorf("commit responds %v with labels %q", err, e.Labels)
	}
	if n := count(t, bg, c, d()); n != 1 {
		t.Errorf("%d documents after the commit", n)
	}
	set("off", nil)
	ok(t, session.CommitTransaction(bg))

	set(d("times", 1), d("failCommands", bson.A{"findAndModify"}, "writeConcernError", concern))
	err = c.FindOneAndUpdate(bg, d("_id", 1), d("$set", d("n", 1))).Err()
	var w mongo.WriteException
	if !errors.As(err, &w) || w.WriteConcernError == nil || w.WriteConcernError.Code != 11602 {
		t.Errorf("findAndModify responds %v", err)
	}
	if n := count(t, bg, c, d("n", 1)); n != 1 {
		t.Errorf("%d documents were changed", n)
	}

	inTx := d("lsid", sessionID(4), "txnNumber", int64(1), "autocommit", false, "startTransaction", true)
	set(d("times", 1), d("failCommands", bson.A{"insert"}, "writeConcernError", concern))
	reply, err := dial(t, s.Addr()).run(flat(slices.Concat(d("insert", "c", "documents", bson.A{d("_id", 5)}), inTx))...)
	ok(t, err)
	if reply["errorLabels"] != nil {
		t.Errorf("a statement of a transaction responds %v", reply)
	}

	set("alwaysOn", d("failCommands", bson.A{"find"}, "writeConcernError", concern))
	ok(t, c.FindOne(bg, d()).Err()) // a read waits for no write concern
}

func TestFailPointClosesAndBlocksConnections(t *testing.T) {
	t.Parallel()
	s, set := failing(t)
	c := single(t, s, "patient").Database("test").Collection("c")
	set(d("times", 1), d("failCommands", bson.A{"insert"}, "closeConnection", true))
	if _, err := c.InsertOne(bg, d("_id", 1)); !mongo.IsNetworkError(err) {
		t.Errorf("a closed connection: %v", err)
	}
	if n := count(t, bg, c, d()); n != 0 {
		t.Errorf("%d documents by a command that wasn't executed", n)
	}

	const delay = 50
	blocked := d("failCommands", bson.A{"insert"}, "blockConnection", true, "blockTimeMS", delay, "appName", "patient")
	set("alwaysOn", blocked)
	began := time.Now()
	_, err := c.InsertOne(bg, d("_id", 1))
	ok(t, err)
	if took := time.Since(began); took < delay*time.Millisecond {
		t.Errorf("blocked for %s, want %d ms", took, delay)
	}
	set("alwaysOn", append(d("errorCode", 11), blocked...))
	_, err = single(t, s, "other").Database("test").Collection("c").InsertOne(bg, d("_id", 2))
	ok(t, err)

	set("alwaysOn", d("failCommands", bson.A{"find"}, "blockConnection", true, "blockTimeMS", 60_000))
	raw := dial(t, s.Addr())
	_, err = raw.run("find", "c", "maxTimeMS", 1)
	wantCode(t, err, 50)
}

func TestFailPointRefusals(t *testing.T) {
	t.Parallel()
	s, _ := failing(t)
	admin := connect(t, s.URI()).Database("admin")
	for _, tt := range []struct {
		cmd  bson.D
		code int
	}{
		{d("configureFailPoint", "other", "mode", "off"), 196},
		{d("configureFailPoint", "failCommand"), 2},
		{d("configureFailPoint", "failCommand", "mode", "on"), 2},
		{d("configureFailPoint", "failCommand", "mode", d("times", -1)), 2},
		{d("configureFailPoint", "failCommand", "mode", d("skip", 1)), 2},
		{d("configureFailPoint", "failCommand", "mode", "off", "data", d("failCommands", "find")), 2},
		{d("configureFailPoint", "failCommand", "mode", "off", "data", d("failCommands", bson.A{1})), 2},
		{d("configureFailPoint", "failCommand", "mode", "off", "data", d("blockTimeMS", 60_001)), 2},
		{d("configureFailPoint", "failCommand", "mode", "off", "data", d("errorCode", "x")), 2},
		{d("configureFailPoint", "failCommand", "mode", "off", "data", d("namespace", "a.b")), 238},
	} {
		wantCode(t, admin.RunCommand(bg, tt.cmd).Err(), tt.code)
	}
	cmd := d("configureFailPoint", "failCommand", "mode", "off")
	wantCode(t, admin.Client().Database("test").RunCommand(bg, cmd).Err(), 13)
	without := connect(t, start(t, "").URI()).Database("admin")
	wantCode(t, without.RunCommand(bg, cmd).Err(), 59)
}
