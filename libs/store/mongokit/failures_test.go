package mongokit_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

type named struct {
	Name string `bson:"name"`
	N    int    `bson:"n"`
}

// unconfirmed makes a command succeed, but report that no majority of members has confirmed it.
func unconfirmed(code int) bson.D {
	refused := bson.D{{Key: "code", Value: code}, {Key: "errmsg", Value: "stepped down"}}
	return bson.D{{Key: "writeConcernError", Value: refused}}
}

// failing returns a connection to a store whose commands can be made to fail, and a collection in it.
func failing(t *testing.T, c mongokit.Config) (
	*mongokit.DB, *mongokit.Global[named], func(n int, data bson.D, commands ...string),
) {
	t.Helper()
	uri, fail := storetest.StartFailing(t)
	c.URI, c.Database = uri, storetest.Database()
	db := storetest.ConnectWith(t, c)
	rows := mongokit.GlobalOf[named](db, "rows", "row", mongokit.Index{Keys: bson.D{{Key: "n", Value: 1}}})
	return db, rows, fail
}

// TestCommitIsRepeatedUntilConfirmed: a primary that steps down carries out a commit, and can't confirm it.
func TestCommitIsRepeatedUntilConfirmed(t *testing.T) {
	t.Parallel()
	db, rows, fail := failing(t, mongokit.Config{})
	for name, code := range map[string]int{"a primary that steps down": 11602, "a time-out": 64} {
		fail(3, unconfirmed(code), "commitTransaction")
		err := db.Tx(t.Context(), func(ctx context.Context) error { return rows.Insert(ctx, named{Name: name}) })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n, err := rows.Count(t.Context(), bson.D{{Key: "name", Value: name}}); n != 1 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

// TestUnconfirmedWritesAreUnavailable: a single write that isn't confirmed is no internal error.
func TestUnconfirmedWritesAreUnavailable(t *testing.T) {
	t.Parallel()
	_, rows, fail := failing(t, mongokit.Config{})
	fail(1_000_000, unconfirmed(91), "findAndModify", "insert")
	for name, write := range map[string]func(context.Context) error{
		"findAndModify": func(ctx context.Context) error {
			_, err := rows.Modify(ctx, bson.D{{Key: "name", Value: "a"}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: 1}}}}, true)
			return err
		},
		"insert": func(ctx context.Context) error { return rows.Insert(ctx, named{Name: "b"}) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := write(ctx)
		cancel()
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Timeout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIndexBuildsHaveTheirOwnDeadline: an index build may take longer than any other operation.
func TestIndexBuildsHaveTheirOwnDeadline(t *testing.T) {
	t.Parallel()
	slow := bson.D{{Key: "blockConnection", Value: true}, {Key: "blockTimeMS", Value: 1_000}}
	db, _, fail := failing(t, mongokit.Config{Timeout: 100 * time.Millisecond})
	fail(1, slow, "createIndexes")
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Errorf("an index build that takes longer than an operation may: %v", err)
	}
	db, _, fail = failing(t, mongokit.Config{IndexTimeout: 100 * time.Millisecond})
	fail(1, slow, "createIndexes")
	if err := db.EnsureIndexes(t.Context()); !fault.Is(err, fault.Timeout) {
		t.Errorf("an index build that takes longer than its deadline: %v", err)
	}
}

// TestIndexBuildsOfOthersAreAwaited: another process builds the same index, or a member is down meanwhile.
func TestIndexBuildsOfOthersAreAwaited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code     int
		succeeds bool
	}{
		"another process builds it":        {285, true},
		"another process aborted it":       {276, true},
		"the primary stepped down":         {10107, true},
		"an index with other options":      {86, false},
		"the user may not create an index": {13, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _, fail := failing(t, mongokit.Config{})
			fail(1, bson.D{{Key: "errorCode", Value: c.code}}, "createIndexes")
			err := db.EnsureIndexes(t.Context())
			if c.succeeds != (err == nil) {
				t.Error(err)
			}
		})
	}
}

// TestServingNeedsUniqueIndexesOnly: a start waits for the indexes without which rows could be stored twice, and for
// those of a new collection, but not for the others.
func TestServingNeedsUniqueIndexesOnly(t *testing.T) {
	t.Parallel()
	uri, _ := storetest.StartFailing(t)
	database := storetest.Database()
	declare := func() (*mongokit.DB, *mongokit.Global[named]) {
		db := storetest.ConnectWith(t, mongokit.Config{URI: uri, Database: database})
		mongokit.GlobalOf[named](db, "new", "row", mongokit.Index{Keys: bson.D{{Key: "n", Value: 1}}})
		return db, mongokit.GlobalOf[named](db, "full", "row", mongokit.Index{Keys: bson.D{{Key: "n", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: "name", Value: 1}}, Unique: true})
	}
	db, full := declare()
	if err := full.Insert(t.Context(), named{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := db.PrepareToServe(t.Context()); err != nil {
		t.Fatal(err)
	}
	indexes := func(collection string) int { return storetest.Indexes(t, uri, database, collection) }
	if fresh, full := indexes("new"), indexes("full"); fresh != 2 || full != 2 { // _id too
		t.Errorf("to serve: %d and %d indexes", fresh, full)
	}
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := indexes("full"); n != 3 {
		t.Errorf("at the end: %d indexes", n)
	}
}
