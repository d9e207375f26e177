package embedmongo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// start runs a server in memory, or in dir, and ends it with the test.
func start(t testing.TB, dir string) *embedmongo.Server {
	t.Helper()
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return s
}

func connect(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(uri).SetServerSelectionTimeout(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c
}

// database is an empty database on a server of its own.
func database(t testing.TB) *mongo.Database {
	t.Helper()
	return connect(t, start(t, "").URI()).Database("test")
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode fails unless err carries a server error code.
func wantCode(t testing.TB, err error, code int) {
	t.Helper()
	var se mongo.ServerError
	if !errors.As(err, &se) {
		t.Fatalf("error %v, want server error %d", err, code)
	}
	if !se.HasErrorCode(code) {
		t.Fatalf("error %v, want code %d", err, code)
	}
}

func ids(t testing.TB, cur *mongo.Cursor, err error) []int {
	t.Helper()
	ok(t, err)
	var docs []struct {
		ID int `bson:"_id"`
	}
	ok(t, cur.All(context.Background(), &docs))
	out := make([]int, len(docs))
	for i, d := range docs {
		out[i] = d.ID
	}
	return out
}

func d(pairs ...any) bson.D {
	out := bson.D{}
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, bson.E{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return out
}
