package embedmongo_test

import (
	"testing"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

// TestResponsesHaveTheClusterTime: each write is later than what came before it, and a read isn't.
func TestResponsesHaveTheClusterTime(t *testing.T) {
	t.Parallel()
	raw := dial(t, start(t, "").Addr())
	last := bson.Timestamp{}
	for _, tt := range []struct {
		cmd   bson.D
		later bool
	}{
		{d("hello", 1), true},
		{d("insert", "c", "documents", bson.A{d("_id", 1)}), true},
		{d("find", "c"), false},
		{d("delete", "c", "deletes", bson.A{d("q", d(), "limit", 0)}), true},
		{d("find", "c", "readConcern", d("afterClusterTime", bson.Timestamp{T: 1})), false},
	} {
		reply, err := raw.run(flat(tt.cmd)...)
		ok(t, err)
		at := reply["operationTime"].(bson.Timestamp)
		if cluster := bsonField(t, reply["$clusterTime"], "clusterTime"); cluster != at {
			t.Errorf("%v: the cluster's time is %v, the operation's %v", tt.cmd, cluster, at)
		}
		if later := at.After(last); later != tt.later || at.Before(last) {
			t.Errorf("%v: the time is %v after %v", tt.cmd, at, last)
		}
		last = at
	}
	for _, tt := range []struct {
		concern bson.D
		code    int
	}{{d("afterClusterTime", 1), 14}, {d("atClusterTime", last), 238}, {d("level", "all"), 9}} {
		_, err := raw.run("find", "c", "readConcern", tt.concern)
		wantCode(t, err, tt.code)
	}
}

// TestCausallyConsistentSession: a driver's session sends the time of its last operation with the next read.
func TestCausallyConsistentSession(t *testing.T) {
	t.Parallel()
	db := database(t)
	s, err := db.Client().StartSession(options.Session().SetCausalConsistency(true))
	ok(t, err)
	defer s.EndSession(bg)
	ctx := mongo.NewSessionContext(bg, s)
	c := db.Collection("c", options.Collection().SetReadConcern(readconcern.Majority()))
	_, err = c.InsertOne(ctx, d("_id", 1))
	ok(t, err)
	written := s.OperationTime()
	if written == nil || s.ClusterTime() == nil {
		t.Fatal("the session has no time")
	}
	if n := count(t, ctx, c, d()); n != 1 {
		t.Errorf("%d documents", n)
	}
	if s.OperationTime().Before(*written) {
		t.Errorf("a read at %v after a write at %v", s.OperationTime(), written)
	}
}

func TestGetParameter(t *testing.T) {
	t.Parallel()
	s, err := embedmongo.Start(bg, embedmongo.Options{User: "u", Password: "p", FailPoints: true})
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	client, err := mongo.Connect(options.Client().ApplyURI(s.URI()).
		SetAuth(options.Credential{Username: "u", Password: "p"}))
	ok(t, err)
	t.Cleanup(func() { _ = client.Disconnect(bg) })
	admin := client.Database("admin")
	var all struct {
		AuthenticationMechanisms    []string `bson:"authenticationMechanisms"`
		EnableTestCommands          bool     `bson:"enableTestCommands"`
		FeatureCompatibilityVersion struct{ Version string }
	}
	ok(t, admin.RunCommand(bg, d("getParameter", "*")).Decode(&all))
	if len(all.AuthenticationMechanisms) != 1 || !all.EnableTestCommands {
		t.Errorf("all parameters are %+v", all)
	}
	one, err := admin.RunCommand(bg, d("getParameter", 1, "featureCompatibilityVersion", 1)).Raw()
	ok(t, err)
	if _, err := one.LookupErr("enableTestCommands"); err == nil || one.Lookup("featureCompatibilityVersion").Type == 0 {
		t.Errorf("one parameter is %v", one)
	}
	wantCode(t, admin.RunCommand(bg, d("getParameter", 1, "none", 1)).Err(), 72)
	wantCode(t, client.Database("test").RunCommand(bg, d("getParameter", "*")).Err(), 13)
}

func TestKillAllSessionsAbortsTransactions(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("c")
	_, err := c.InsertMany(bg, []any{d("_id", 1), d("_id", 2), d("_id", 3)})
	ok(t, err)
	open, tx := begin(t, db.Client())
	_, err = c.DeleteOne(tx, d("_id", 1))
	ok(t, err)
	cur, err := c.Find(bg, d(), options.Find().SetBatchSize(1))
	ok(t, err)
	ok(t, db.Client().Database("admin").RunCommand(bg, d("killAllSessions", bson.A{})).Err())
	wantTransient(t, open.CommitTransaction(bg), 251)
	var rest []bson.M
	wantCode(t, cur.All(bg, &rest), 43)
	if n := count(t, bg, c, d()); n != 3 {
		t.Errorf("%d documents", n)
	}
}
