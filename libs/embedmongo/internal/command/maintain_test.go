package command

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo/internal/store"
	"fivechat.dev/libs/embedmongo/internal/wire"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// server is a server in memory with one connection's state.
func server(t *testing.T) (*Server, *Conn) {
	t.Helper()
	e, err := store.Open("", slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	s := New(e, slog.Default(), Config{Addr: "test", PurgeAfter: PurgeAfter})
	t.Cleanup(func() {
		s.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, s.Connect()
}

// run sends a command, to the database test unless it names one.
func run(t *testing.T, c *Conn, cmd bson.D) bson.M {
	t.Helper()
	if !slices.ContainsFunc(cmd, func(e bson.E) bool { return e.Key == "$db" }) {
		cmd = append(cmd, bson.E{Key: "$db", Value: "test"})
	}
	doc, err := bson.Marshal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	var out bson.M
	if err := bson.Unmarshal(c.Handle(context.Background(), &wire.Message{Command: doc}), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExpireDocuments(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	run(
		t,
		c,
		bson.D{
			{Key: "createIndexes", Value: "c"},
			{Key: "indexes", Value: bson.A{bson.D{
				{Key: "key", Value: bson.D{{Key: "at", Value: 1}}},
				{Key: "name", Value: "ttl"},
				{Key: "expireAfterSeconds", Value: 60},
			}}},
		},
	)
	now := time.Now()
	run(t, c, bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: bson.A{
		bson.D{{Key: "_id", Value: 1}, {Key: "at", Value: now.Add(-2 * time.Minute)}},
		bson.D{{Key: "_id", Value: 2}, {Key: "at", Value: now}},
		bson.D{{Key: "_id", Value: 3}, {Key: "at", Value: "never"}},
		bson.D{{Key: "_id", Value: 4}},
	}}})
	if err := s.ExpireDocuments(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	if n := run(t, c, bson.D{{Key: "count", Value: "c"}})["n"]; n != int32(3) {
		t.Fatal(n)
	}
	if n := run(t, c, bson.D{
		{Key: "count", Value: "c"}, {Key: "query", Value: bson.D{{Key: "_id", Value: 1}}},
	})["n"]; n != int32(
		0,
	) {
		t.Fatal(n)
	}
	if err := s.engine.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestExpireTransactions(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	lsid := bson.D{{Key: "id", Value: bson.Binary{Subtype: 4, Data: make([]byte, 16)}}}
	in := func(cmd bson.D) bson.M {
		return run(
			t,
			c,
			append(
				cmd,
				bson.E{Key: "lsid", Value: lsid},
				bson.E{Key: "txnNumber", Value: int64(1)},
				bson.E{Key: "autocommit", Value: false},
			),
		)
	}
	docs := bson.A{bson.D{{Key: "_id", Value: 1}}}
	if r := in(bson.D{
		{Key: "insert", Value: "c"}, {Key: "documents", Value: docs}, {Key: "startTransaction", Value: true},
	}); r["ok"] != 1.0 {
		t.Fatal(r)
	}
	s.sessions.each(func(sess *session) bool {
		sess.began = sess.began.Add(-2 * txLifetime)
		return false
	})
	s.expireTransactions()
	if r := in(bson.D{{Key: "commitTransaction", Value: 1}}); r["code"] != int32(251) {
		t.Fatal(r)
	}
	if r := run(t, c, bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: docs}}); r["n"] != int32(1) {
		t.Fatal("the lock was not freed:", r)
	}
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	broken := &Conn{s: &Server{log: slog.New(slog.DiscardHandler)}}
	if r := run(t, broken, bson.D{{Key: "find", Value: "c"}}); r["code"] != int32(1) {
		t.Fatal(r)
	}
}
