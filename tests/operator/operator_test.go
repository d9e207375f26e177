// Package operator_test checks the effects of the operator's API on the data of every service. It looks into the store
// itself: nothing of the erased data may be left, and no other data may have changed.
package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
)

// TestMain sets the system's store, so that the tests can look into it too.
func TestMain(m *testing.M) {
	if os.Getenv("MONGODB_URI") == "" {
		s, err := embedmongo.Start(context.Background(), embedmongo.Options{})
		switch {
		case err != nil:
		case os.Getenv("FIVECHAT_URL") != "":
			err = errors.New("FIVECHAT_URL also needs MONGODB_URI")
		default:
			err = os.Setenv("MONGODB_URI", s.URI())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	harness.Main(m)
}

// store connects to the database of all services.
func store(t *testing.T) *mongo.Database {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(os.Getenv("MONGODB_URI")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database("fivechat")
}

// each calls look for every row of every collection.
func each(t *testing.T, db *mongo.Database, look func(collection string, row bson.Raw)) {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil || len(names) < 10 {
		t.Fatalf("collections: %v %v", names, err)
	}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		var rows []bson.Raw
		if err := cursor.All(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			look(name, row)
		}
	}
}

func number(row bson.Raw, field string) int64 {
	n, _ := row.Lookup(field).AsInt64OK()
	return n
}

// belongsTo reports whether a row belongs to a website.
func belongsTo(collection string, row bson.Raw, website int64) bool {
	return number(row, "websiteId") == website || collection == "accounts_websites" && number(row, "_id") == website
}

// rowsOf returns a website's rows, by collection and in order.
func rowsOf(t *testing.T, db *mongo.Database, website int64) map[string][]bson.Raw {
	t.Helper()
	all := map[string][]bson.Raw{}
	each(t, db, func(collection string, row bson.Raw) {
		if belongsTo(collection, row, website) {
			all[collection] = append(all[collection], row)
		}
	})
	return all
}

// noTrace fails the test for every row that contains one of words.
func noTrace(t *testing.T, db *mongo.Database, words ...string) {
	t.Helper()
	each(t, db, func(collection string, row bson.Raw) {
		for _, w := range words {
			if bytes.Contains(row, []byte(w)) {
				t.Errorf("%s still contains %q: %s", collection, w, row)
			}
		}
	})
}

// settled waits until every event has its position and is counted, so that no row changes by itself any more.
func settled(t *testing.T, w *harness.World, conversations, messages, visitors int64) {
	t.Helper()
	settledIn(t, store(t), w, conversations, messages, visitors)
}

// settledIn is settled in a store of the test's own.
func settledIn(t *testing.T, db *mongo.Database, w *harness.World, conversations, messages, visitors int64) {
	t.Helper()
	harness.Eventually(t, harness.Patience, "the statistics", func() (bool, any) {
		o := w.Reader().Get(t, "/statistics/current")
		return o.Int("totalConversations") == conversations && o.Int("totalMessages") == messages &&
			o.Int("totalVisitors") == visitors, o
	})
	harness.Eventually(t, harness.Patience, "positions", func() (bool, any) {
		waiting := 0
		for collection, rows := range rowsOf(t, db, w.ID) {
			for _, row := range rows {
				if strings.HasSuffix(collection, "_outbox") && number(row, "pos") == 0 {
					waiting++
				}
				if collection == "conversations_conversations" && row.Lookup("importKey").IsZero() && !hasVisitor(row) {
					waiting++
				}
			}
		}
		return waiting == 0, waiting
	})
}

// hasVisitor reports whether searches find a conversation by its visitor: the terms are added after it was opened.
func hasVisitor(row bson.Raw) bool {
	terms, _ := row.Lookup("terms").ArrayOK()
	values, _ := terms.Values()
	return slices.ContainsFunc(values, func(v bson.RawValue) bool {
		text, _ := v.StringValueOK()
		return strings.HasPrefix(text, "@")
	})
}

// unchanged fails the test unless a website's rows are the same as before, byte for byte.
func unchanged(t *testing.T, before, after map[string][]bson.Raw) {
	t.Helper()
	for collection, rows := range before {
		if len(after[collection]) != len(rows) {
			t.Errorf("%s: %d rows, were %d", collection, len(after[collection]), len(rows))
			continue
		}
		for i, row := range rows {
			if !bytes.Equal(row, after[collection][i]) {
				t.Errorf("%s: %s, was %s", collection, after[collection][i], row)
			}
		}
	}
	for collection := range after {
		if before[collection] == nil {
			t.Errorf("%s has new rows", collection)
		}
	}
}

// lines parses an export and returns its rows by kind. The last line must exist and count them.
func lines(t *testing.T, a harness.Answer) map[string][]harness.Object {
	t.Helper()
	a.Want(t, 200)
	if got := a.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Errorf("Content-Type: %s", got)
	}
	all := map[string][]harness.Object{}
	total := int64(0)
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	for d.More() {
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		o := harness.NewObject(t, m)
		if o.Text("kind") == "end" {
			if o.Int("rows") != total || d.More() {
				t.Errorf("the last line is %s after %d rows", o, total)
			}
			return all
		}
		total++
		all[o.Text("kind")] = append(all[o.Text("kind")], o)
	}
	t.Fatalf("the export has no last line: %s", a.Body)
	return nil
}
