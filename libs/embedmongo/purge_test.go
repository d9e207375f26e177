package embedmongo_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// holding returns the files of a folder that contain a text.
func holding(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	ok(t, err)
	for _, f := range all {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil && !os.IsNotExist(err) { // it is removed meanwhile
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			files = append(files, f.Name())
		}
	}
	return files
}

// noise returns a text that doesn't compress, with a mark in it at intervals.
func noise(mark string, size int) string {
	var b bytes.Buffer
	for b.Len() < size {
		for range 200 {
			b.WriteByte(byte('a' + rand.IntN(26)))
		}
		b.WriteString(mark)
	}
	return b.String()
}

// TestPurgeRemovesDeletedData: deleted and overwritten data is removed from every file, also results of writes, keys
// of indexes, and after a crash between request and purge.
func TestPurgeRemovesDeletedData(t *testing.T) {
	t.Parallel()
	const mark, documents = "Zanzibar4711", 3_000
	dir := t.TempDir()
	serve := func(after time.Duration) (*embedmongo.Server, *mongo.Collection) {
		s, err := embedmongo.Start(context.Background(), embedmongo.Options{Dir: dir, PurgeAfter: after})
		ok(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s, connect(t, s.URI()).Database("shop").Collection("books")
	}
	s, books := serve(time.Second)
	_, err := books.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "words", Value: 1}}})
	ok(t, err)
	for i := 0; i < documents; i += 100 {
		var docs []any
		for j := i; j < i+100; j++ {
			text := mark
			if j%50 > 1 {
				text = "stays"
			}
			docs = append(docs, bson.M{"_id": j, "words": bson.A{fmt.Sprint(text, j)}, "text": noise(text, 8_000)})
		}
		_, err := books.InsertMany(t.Context(), docs)
		ok(t, err)
	}
	ok(t, s.Close())
	s, books = serve(time.Second) // the documents are in tables now: only a compaction removes them
	after := options.FindOneAndUpdate().SetReturnDocument(options.After)
	seen := bson.M{"$set": bson.M{"seen": true}}
	ok(t, books.FindOneAndUpdate(t.Context(), bson.M{"_id": 0}, seen, after).Err())
	for i := 0; i < documents; i += 50 { // few, so that the engine does not compact by itself
		_, err := books.UpdateOne(t.Context(), bson.M{"_id": i}, bson.M{"$set": bson.M{"words": bson.A{}, "text": ""}})
		ok(t, err)
		_, err = books.DeleteOne(t.Context(), bson.M{"_id": i + 1})
		ok(t, err)
	}
	ok(t, s.Close())
	s, books = serve(time.Second)
	for settled := time.Now().Add(2 * time.Second); time.Now().Before(settled); {
		if len(holding(t, dir, mark)) == 0 {
			t.Fatal("the mark is gone after a restart: this test shows nothing")
		}
	}
	ok(
		t,
		books.Database().
			Client().
			Database("admin").
			RunCommand(t.Context(), bson.D{{Key: "purgeDeleted", Value: 1}}).
			Err(),
	)
	ok(t, s.Close())
	if len(holding(t, dir, mark)) == 0 {
		t.Fatal("the mark is gone before the purge: this test shows nothing")
	}
	s, books = serve(time.Second) // the request is stored
	deadline := time.Now().Add(2 * time.Minute)
	for left := holding(t, dir, mark); len(left) > 0; left = holding(t, dir, mark) {
		if time.Now().After(deadline) {
			t.Fatalf("the mark is still in %v", left)
		}
		_, err := books.UpdateOne(t.Context(), bson.M{"_id": 1}, bson.M{"$inc": bson.M{"n": 1}}) // writes continue
		ok(t, err)
	}
	if n, err := books.CountDocuments(t.Context(), bson.M{"text": bson.M{"$gt": "a"}}); err != nil ||
		n != documents*48/50 {
		t.Errorf("%d documents are left with their text, %v", n, err)
	}
	ok(t, s.Close())
	if sum, err := embedmongo.Check(t.Context(), dir, func(p embedmongo.Problem) { t.Error(p) }); err != nil ||
		sum.Documents != documents*49/50 {
		t.Errorf("%+v %v", sum, err)
	}
}

func TestPurgeInMemory(t *testing.T) {
	t.Parallel()
	ok(t, database(t).Client().Database("admin").RunCommand(t.Context(), bson.D{{Key: "purgeDeleted", Value: 1}}).Err())
}
