package embedmongo_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// connectAs connects with credentials, or without if user is empty.
func connectAs(t *testing.T, uri, user, password, mechanism string) *mongo.Client {
	t.Helper()
	o := options.Client().ApplyURI(uri).SetServerSelectionTimeout(5 * time.Second)
	if user != "" {
		o.SetAuth(options.Credential{AuthMechanism: mechanism, Username: user, Password: password})
	}
	c, err := mongo.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect(t.Context()) })
	return c
}

func code(err error) int {
	var refused mongo.CommandError
	if errors.As(err, &refused) {
		return int(refused.Code)
	}
	return 0
}

func TestPasswordIsRequired(t *testing.T) {
	t.Parallel()
	s, err := embedmongo.Start(t.Context(), embedmongo.Options{User: "fivechat", Password: "p@ss/wörd"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, c := range []struct {
		name, user, password, mechanism string
		want                            int // the code of the refusal
	}{
		{"the right password", "fivechat", "p@ss/wörd", "", 0},
		{"the mechanism by name", "fivechat", "p@ss/wörd", "SCRAM-SHA-256", 0},
		{"no credentials", "", "", "", 13},
		{"another password", "fivechat", "p@ss/word", "", 18},
		{"another user", "admin", "p@ss/wörd", "", 18},
		{"another mechanism", "fivechat", "p@ss/wörd", "SCRAM-SHA-1", 334},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			coll := connectAs(t, s.URI(), c.user, c.password, c.mechanism).Database("shop").Collection("books")
			_, err := coll.InsertOne(t.Context(), bson.M{"name": c.name})
			if (err == nil) != (c.want == 0) || err != nil && code(err) != c.want {
				t.Errorf("insert: %v, want code %d", err, c.want)
			}
			n, err := coll.CountDocuments(t.Context(), bson.M{})
			for range 10 { // the driver's pool may still be failing its waiting operations with the first refusal
				if !poolCleared(err) {
					break
				}
				n, err = coll.CountDocuments(t.Context(), bson.M{})
			}
			if (err == nil) != (c.want == 0) || err != nil && code(err) != c.want {
				t.Errorf("count: %d %v, want code %d", n, err, c.want)
			}
		})
	}
}

// poolCleared reports whether an operation failed because another one's connection did: the driver then gives no code.
func poolCleared(err error) bool {
	return err != nil && strings.Contains(err.Error(), "was cleared because")
}

// TestUnauthenticatedCommands: every command except the handshake is refused, and an oversized message ends the
// connection.
func TestUnauthenticatedCommands(t *testing.T) {
	t.Parallel()
	s, err := embedmongo.Start(t.Context(), embedmongo.Options{User: "fivechat", Password: "password"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	db := connectAs(t, s.URI(), "", "", "").Database("admin")
	for _, command := range []string{
		"insert", "update", "delete", "findAndModify", "find", "count", "distinct", "aggregate", "explain", "getMore",
		"killCursors", "endSessions",
		"collStats", "create", "createIndexes", "listIndexes", "dropIndexes", "listCollections", "listDatabases",
		"drop", "dropDatabase",
		"commitTransaction", "abortTransaction", "replSetStepDown", "replSetStepUp", "unknown",
	} {
		if err := db.RunCommand(t.Context(), bson.D{{Key: command, Value: "x"}}).Err(); code(err) != 13 {
			t.Errorf("%s: %v", command, err)
		}
	}
	for _, command := range []string{"hello", "isMaster", "ping", "buildInfo"} {
		if err := db.RunCommand(t.Context(), bson.D{{Key: command, Value: 1}}).Err(); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if err := db.RunCommand(t.Context(), bson.D{
		{Key: "saslContinue", Value: 1}, {Key: "payload", Value: []byte{}},
	}).Err(); code(
		err,
	) != 18 {
		t.Errorf("saslContinue before saslStart: %v", err)
	}
	if err := db.RunCommand(t.Context(), bson.D{
		{Key: "ping", Value: 1}, {Key: "comment", Value: strings.Repeat("x", 20_000)},
	}).Err(); err == nil {
		t.Error("a large message was answered before authentication")
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "em-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "mongodb.sock")
	s, err := embedmongo.Start(t.Context(), embedmongo.Options{Addr: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if want := "mongodb://" + url.PathEscape(path) + "/"; !strings.HasPrefix(s.URI(), want) {
		t.Errorf("the URI is %s, want %s…", s.URI(), want)
	}
	books := connectAs(t, s.URI(), "", "", "").Database("shop").Collection("books")
	if _, err := books.InsertOne(t.Context(), bson.M{"_id": 1}); err != nil {
		t.Error(err)
	}
	if _, err := embedmongo.Listen(path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server on the socket: %v", err)
	}
}
