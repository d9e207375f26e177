package embedmongo_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestUnchangedRowsDontConflict: an update that changes nothing succeeds in a transaction, also if another client has
// changed the row since the snapshot. One that changes something conflicts.
func TestUnchangedRowsDontConflict(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("c")
	_, err := c.InsertOne(bg, d("_id", 1, "n", 1))
	ok(t, err)
	_, tx := begin(t, c.Database().Client())
	count(t, tx, c, d())
	_, err = c.UpdateByID(bg, 1, d("$set", d("n", 2)))
	ok(t, err)
	res, err := c.UpdateByID(tx, 1, d("$set", d("n", 1)))
	ok(t, err)
	if res.MatchedCount != 1 || res.ModifiedCount != 0 {
		t.Errorf("matched %d, modified %d", res.MatchedCount, res.ModifiedCount)
	}
	var seen struct{ N int }
	ok(t, c.FindOneAndUpdate(tx, d("_id", 1), d("$set", d("n", 1))).Decode(&seen))
	if seen.N != 1 {
		t.Errorf("findAndModify returns %d", seen.N)
	}
	_, err = c.UpdateByID(bg, 1, d("$set", d("n", 3))) // the row isn't locked
	ok(t, err)
	_, err = c.UpdateByID(tx, 1, d("$set", d("n", 4)))
	wantTransient(t, err, 112)
}

// TestInsertOfVisibleRowIsDuplicate: a row that another transaction has deleted but not committed still exists.
func TestInsertOfVisibleRowIsDuplicate(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("c")
	_, err := c.InsertOne(bg, d("_id", 1))
	ok(t, err)
	other, open := begin(t, c.Database().Client())
	_, err = c.DeleteOne(open, d("_id", 1))
	ok(t, err)
	s, tx := begin(t, c.Database().Client())
	count(t, tx, c, d())
	_, err = c.InsertOne(tx, d("_id", 1))
	wantCode(t, err, 11000)
	_, err = c.InsertOne(bg, d("_id", 1))
	wantCode(t, err, 11000)
	ok(t, other.CommitTransaction(bg))
	_ = s.AbortTransaction(bg)
	_, err = c.InsertOne(bg, d("_id", 1))
	ok(t, err)
}

// TestRowThatCameAndWentConflicts: a row that was made and deleted since the snapshot can't be made in it.
func TestRowThatCameAndWentConflicts(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("c")
	_, err := c.InsertOne(bg, d("_id", 0))
	ok(t, err)
	s, tx := begin(t, c.Database().Client())
	count(t, tx, c, d())
	_, err = c.InsertOne(bg, d("_id", 1))
	ok(t, err)
	_, err = c.DeleteOne(bg, d("_id", 1))
	ok(t, err)
	_, err = c.InsertOne(tx, d("_id", 2))
	ok(t, err)
	_, err = c.InsertOne(tx, d("_id", 1))
	wantTransient(t, err, 112)
	_ = s.AbortTransaction(bg)
	ok(t, s.StartTransaction())
	_, err = c.InsertOne(tx, d("_id", 1)) // the snapshot is younger
	ok(t, err)
	ok(t, s.CommitTransaction(bg))
}

// TestCollectionOfOpenTransactionIsHidden: others see a collection that a transaction makes after its commit only.
func TestCollectionOfOpenTransactionIsHidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	db := connect(t, s.URI()).Database("test")
	listed := func(want int) {
		t.Helper()
		names, err := db.ListCollectionNames(bg, d())
		ok(t, err)
		if len(names) != want {
			t.Errorf("collections %q, want %d", names, want)
		}
		databases, err := db.Client().ListDatabaseNames(bg, d())
		ok(t, err)
		if len(databases) != min(want, 1) {
			t.Errorf("databases %q", databases)
		}
	}
	session, tx := begin(t, db.Client())
	_, err := db.Collection("kept").InsertOne(tx, d("_id", 1))
	ok(t, err)
	listed(0)
	wantCode(t, db.RunCommand(bg, d("listIndexes", "kept")).Err(), 26)
	wantCode(t, db.RunCommand(bg, d("dropIndexes", "kept", "index", "*")).Err(), 26)
	ok(t, session.CommitTransaction(bg))
	listed(1)

	ok(t, session.StartTransaction())
	_, err = db.Collection("dropped").InsertOne(tx, d("_id", 1))
	ok(t, err)
	_, err = db.Collection("made").InsertOne(tx, d("_id", 1))
	ok(t, err)
	ok(t, db.CreateCollection(bg, "made")) // by others, with indexes or without
	ok(t, session.AbortTransaction(bg))
	listed(2)
	ok(t, s.Close())

	again := start(t, dir)
	db = connect(t, again.URI()).Database("test")
	listed(2)
	_, err = db.Collection("dropped").InsertOne(bg, d("_id", 1))
	ok(t, err)
	listed(3)
}

// TestCursorWithFullLastBatchStaysOpen: whether a cursor has ended is known only after a batch that isn't full, unless
// the limit or the _id says so.
func TestCursorWithFullLastBatchStaysOpen(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	raw := dial(t, s.Addr())
	_, err := raw.run("insert", "c", "documents", bson.A{d("_id", 1), d("_id", 2)})
	ok(t, err)
	for _, tt := range []struct {
		name string
		cmd  bson.D
		open bool
	}{
		{"full", d("find", "c", "batchSize", 2), true},
		{"not full", d("find", "c", "batchSize", 3), false},
		{"sorted", d("find", "c", "batchSize", 2, "sort", d("x", 1)), true},
		{"projected", d("find", "c", "batchSize", 2, "projection", d("_id", 1)), true},
		{"limited", d("find", "c", "batchSize", 2, "limit", 2), false},
		{"limited and projected", d("find", "c", "batchSize", 2, "limit", 2, "projection", d("_id", 1)), false},
		{"by _id", d("find", "c", "filter", d("_id", 1), "batchSize", 1), false},
		{"single", d("find", "c", "batchSize", 2, "singleBatch", true), false},
		{"a pipeline", d("aggregate", "c", "pipeline", bson.A{}, "cursor", d("batchSize", 2)), true},
	} {
		reply, err := raw.run(flat(tt.cmd)...)
		ok(t, err)
		id := bsonField(t, reply["cursor"], "id").(int64)
		if open := id != 0; open != tt.open {
			t.Errorf("%s: the cursor is open: %t", tt.name, open)
		}
		if id == 0 {
			continue
		}
		reply, err = raw.run("getMore", id, "collection", "c")
		ok(t, err)
		last := reply["cursor"]
		if bsonField(t, last, "id") != int64(0) || len(bsonField(t, last, "nextBatch").(bson.A)) != 0 {
			t.Errorf("%s: the last batch is %v", tt.name, last)
		}
	}
}

func bsonField(t *testing.T, doc any, name string) any {
	t.Helper()
	for _, e := range doc.(bson.D) {
		if e.Key == name {
			return e.Value
		}
	}
	t.Fatalf("no %s in %v", name, doc)
	return nil
}

func TestConcernsInTransactions(t *testing.T) {
	t.Parallel()
	raw := dial(t, start(t, "").Addr())
	number := int64(0)
	in := func(begin bool, pairs ...any) error {
		if begin {
			number++
			pairs = append(pairs, "startTransaction", true)
		}
		_, err := raw.run(append(pairs, "lsid", sessionID(4), "txnNumber", number, "autocommit", false)...)
		return err
	}
	insert := func(id int) []any { return []any{"insert", "c", "documents", bson.A{d("_id", id)}} }
	wantCode(t, in(true, append(insert(1), "writeConcern", d("w", 1))...), 72)
	wantCode(t, in(true, "find", "c", "readConcern", d("level", "linearizable")), 72)
	ok(t, in(true, "find", "c", "readConcern", d("level", "snapshot")))
	wantCode(t, in(false, "find", "c", "readConcern", d("level", "snapshot")), 72)
	ok(t, in(true, insert(1)...))
	ok(t, in(false, "commitTransaction", 1, "writeConcern", d("w", "majority")))
	wantCode(t, in(false, "find", "c"), 256)
	_, err := raw.run("commitTransaction", 1)
	wantCode(t, err, 125)
	_, err = raw.run(append(insert(2), "lsid", sessionID(4), "txnNumber", number)...)
	wantCode(t, err, 217)
}

// TestRepeatedNumberOfAnotherStatement: a statement that repeats the number of another kind of statement is refused, or
// gets the result as its own.
func TestRepeatedNumberOfAnotherStatement(t *testing.T) {
	t.Parallel()
	raw := dial(t, start(t, "").Addr())
	number := int64(0)
	repeat := func(pairs ...any) (bson.M, error) {
		return raw.run(append(pairs, "lsid", sessionID(5), "txnNumber", number)...)
	}
	insert := []any{"insert", "c", "documents", bson.A{d("_id", 1, "n", 0)}}
	update := []any{"update", "c", "updates", bson.A{d("q", d("_id", 1), "u", d("$inc", d("n", 1)))}}
	modify := []any{"findAndModify", "c", "query", d("_id", 1), "update", d("$inc", d("n", 1))}
	remove := []any{"delete", "c", "deletes", bson.A{d("q", d("_id", 9), "limit", 1)}}
	for _, tt := range []struct {
		first, again []any
		refused      bool
	}{
		{insert, update, true},
		{insert, modify, true},
		{update, insert, true},
		{update, modify, true},
		{modify, insert, true},
		{modify, update, false},
		{modify, remove, false},
		{update, update, false},
	} {
		number++
		_, err := raw.run("delete", "c", "deletes", bson.A{d("q", d(), "limit", 0)})
		ok(t, err)
		if tt.first[0] != "insert" {
			_, err = raw.run(insert...)
			ok(t, err)
		}
		_, err = repeat(tt.first...)
		ok(t, err)
		reply, err := repeat(tt.again...)
		if failures, _ := reply["writeErrors"].(bson.A); len(failures) == 1 {
			if code := bsonField(t, failures[0], "code"); code != int32(40606) || !tt.refused {
				t.Errorf("%v after %v: %v", tt.again[0], tt.first[0], reply)
			}
			continue
		}
		if tt.refused {
			wantCode(t, err, 40606)
			continue
		}
		ok(t, err)
		if n, ok := reply["n"]; ok && n != int32(1) {
			t.Errorf("%v after %v: %v", tt.again[0], tt.first[0], reply)
		}
	}
}

// TestTransactionOutlivesItsConnection: a client may commit over another connection. If it doesn't come back, its
// transaction ends, and others may write its rows.
func TestTransactionOutlivesItsConnection(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c := connect(t, s.URI()).Database("test").Collection("c")
	statement := func(number int64, row int) *rawConn {
		raw := dial(t, s.Addr())
		_, err := raw.run("insert", "c", "documents", bson.A{d("_id", row)}, "lsid", sessionID(9), "txnNumber", number,
			"autocommit", false, "startTransaction", true)
		ok(t, err)
		return raw
	}
	ok(t, statement(1, 1).Close())
	_, err := dial(t, s.Addr()).run("commitTransaction", 1, "lsid", sessionID(9), "txnNumber", int64(1),
		"autocommit", false)
	ok(t, err)
	if n := count(t, bg, c, d("_id", 1)); n != 1 {
		t.Errorf("%d rows after the commit", n)
	}
	ok(t, statement(2, 2).Close())
	_, err = c.InsertOne(bg, d("_id", 2)) // waits for the end of the transaction
	ok(t, err)
}

// TestSnapshotReadsOutsideTransactionsAreRefused: they would see the latest state.
func TestSnapshotReadsOutsideTransactionsAreRefused(t *testing.T) {
	t.Parallel()
	raw := dial(t, start(t, "").Addr())
	snapshot := d("level", "snapshot")
	_, err := raw.run("find", "c", "readConcern", snapshot)
	wantCode(t, err, 238)
	_, err = raw.run("insert", "c", "documents", bson.A{d("_id", 1)}, "readConcern", snapshot)
	wantCode(t, err, 72)
	_, err = raw.run("insert", "c", "documents", bson.A{d("_id", 1)}, "readConcern", snapshot, "lsid", sessionID(1),
		"txnNumber", int64(1))
	wantCode(t, err, 72)
	_, err = raw.run("find", "c", "readConcern", snapshot, "lsid", sessionID(1), "txnNumber", int64(2),
		"autocommit", false, "startTransaction", true)
	ok(t, err)
}
