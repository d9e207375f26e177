package storetest

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/embedmongo"
)

// StartFailing starts an embedded store of the test's own whose commands can be made to fail. fail makes the named
// commands fail n times, as data says: see MongoDB's fail point failCommand.
func StartFailing(t *testing.T) (uri string, fail func(n int, data bson.D, commands ...string)) {
	t.Helper()
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{FailPoints: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client, err := mongo.Connect(options.Client().ApplyURI(s.URI()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return s.URI(), func(n int, data bson.D, commands ...string) {
		t.Helper()
		err := client.Database("admin").RunCommand(t.Context(), bson.D{
			{Key: "configureFailPoint", Value: "failCommand"},
			{Key: "mode", Value: bson.D{{Key: "times", Value: n}}},
			{Key: "data", Value: append(bson.D{{Key: "failCommands", Value: commands}}, data...)},
		}).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Indexes returns the number of a collection's indexes.
func Indexes(t *testing.T, uri, database, collection string) int {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	specs, err := client.Database(database).Collection(collection).Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(specs)
}
