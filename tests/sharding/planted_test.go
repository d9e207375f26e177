package sharding_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/sharding"
)

// TestUntargetedIsFound plants queries with and without the fields of a key.
func TestUntargetedIsFound(t *testing.T) {
	t.Parallel()
	type D = bson.D
	set := D{{Key: "$set", Value: D{{Key: "x", Value: 1}}}}
	site, all := D{{Key: "websiteId", Value: 1}}, D{}
	several := D{{Key: "websiteId", Value: D{{Key: "$in", Value: bson.A{1, 2}}}}}
	beyond := D{{Key: "websiteId", Value: D{{Key: "$gt", Value: 1}}}}
	either := D{{Key: "$or", Value: bson.A{site, D{{Key: "x", Value: 1}}}}}
	row := D{{Key: "websiteId", Value: 1}, {Key: "_id", Value: 5}}
	whole := D{{Key: "websiteId", Value: 1}, {Key: "conversationId", Value: 7}}
	upsert := options.UpdateOne().SetUpsert(true)
	for _, c := range []struct {
		name     string
		ask      func(c *mongo.Collection) error
		targeted bool
	}{
		{"a find of a tenant", func(c *mongo.Collection) error { return second(c.Find(t.Context(), site)) }, true},
		{"a find of several", func(c *mongo.Collection) error { return second(c.Find(t.Context(), several)) }, true},
		{"a find of a range", func(c *mongo.Collection) error { return second(c.Find(t.Context(), beyond)) }, false},
		{"a find with or", func(c *mongo.Collection) error { return second(c.Find(t.Context(), either)) }, false},
		{"a find of all", func(c *mongo.Collection) error { return second(c.Find(t.Context(), all)) }, false},
		{"a find without the tenant", func(c *mongo.Collection) error { return second(c.Find(t.Context(), row[1:])) }, false},
		{"a count of a tenant", func(c *mongo.Collection) error { return second(c.CountDocuments(t.Context(), site)) }, true},
		{"a count of all", func(c *mongo.Collection) error { return second(c.CountDocuments(t.Context(), all)) }, false},
		{"an update of one by id", func(c *mongo.Collection) error {
			return second(c.UpdateOne(t.Context(), row, set))
		}, true},
		{"an update of one without id", func(c *mongo.Collection) error {
			return second(c.UpdateOne(t.Context(), site, set))
		}, false},
		{"an update of a tenant's rows", func(c *mongo.Collection) error {
			return second(c.UpdateMany(t.Context(), site, set))
		}, true},
		{"an update of all", func(c *mongo.Collection) error { return second(c.UpdateMany(t.Context(), all, set)) }, false},
		{"an upsert by the whole key", func(c *mongo.Collection) error {
			return second(c.UpdateOne(t.Context(), whole, set, upsert))
		}, true},
		{"an upsert by id", func(c *mongo.Collection) error {
			return second(c.UpdateOne(t.Context(), row, set, upsert))
		}, false},
		{"a removal of a tenant's rows", func(c *mongo.Collection) error {
			return second(c.DeleteMany(t.Context(), site))
		}, true},
		{"a removal of one without id", func(c *mongo.Collection) error {
			return second(c.DeleteOne(t.Context(), site))
		}, false},
		{"findAndModify without id", func(c *mongo.Collection) error {
			return known(c.FindOneAndUpdate(t.Context(), site, set).Err())
		}, false},
		{"findAndModify by the whole key", func(c *mongo.Collection) error {
			return known(c.FindOneAndUpdate(t.Context(), whole, set).Err())
		}, true},
		{"several changes in one command", func(c *mongo.Collection) error {
			return second(c.BulkWrite(t.Context(), []mongo.WriteModel{
				mongo.NewUpdateOneModel().SetFilter(row).SetUpdate(set),
				mongo.NewUpdateOneModel().SetFilter(row[1:]).SetUpdate(set),
			}))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked, collection := recorded(t)
			if err := c.ask(collection); err != nil {
				t.Fatal(err)
			}
			queries := asked()
			if len(queries) == 0 {
				t.Fatal("no query was recorded")
			}
			found := untargeted(map[string]D{"rows": {{Key: "websiteId", Value: 1}, {Key: "conversationId", Value: 1}}}, queries)
			if targeted := len(found) == 0; targeted != c.targeted {
				t.Errorf("targeted is %v of %v", targeted, queries)
			}
		})
	}
}

// TestQueriesWithoutIndexAreFound plants queries that no index serves.
func TestQueriesWithoutIndexAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    embedmongo.ExecutedQuery
		want fault
	}{
		{embedmongo.ExecutedQuery{Stage: "IXSCAN", Index: "a_1", Keys: 20, Matched: 5}, ""},
		{embedmongo.ExecutedQuery{Stage: "IXSCAN", Index: "a_1", Keys: 21, Matched: 5}, manyKeys},
		{embedmongo.ExecutedQuery{Stage: "IXSCAN", Index: "a_1", SortsRows: true}, sortsRows},
		{embedmongo.ExecutedQuery{Stage: "IDHACK", Keys: 1, Matched: 1, SortsRows: true}, ""},
		{embedmongo.ExecutedQuery{Stage: "COLLSCAN", Keys: 1, Matched: 1}, readsAll},
	} {
		e := executed{indexes: map[string]bool{}, faults: map[fault]bool{}}
		e.add(c.q)
		if c.want == "" && len(e.faults) > 0 || c.want != "" && !(len(e.faults) == 1 && e.faults[c.want]) {
			t.Errorf("%+v: %v, want %q", c.q, e.faults, c.want)
		}
	}
}

// TestHashedKeyIsTargeted checks that a row that is placed by a hash of its _id is found by _id alone.
func TestHashedKeyIsTargeted(t *testing.T) {
	t.Parallel()
	key := bson.D{{Key: "_id", Value: "hashed"}}
	for filter, want := range map[string]bool{
		`{"_id":"a"}`: true, `{"_id":{"$in":["a","b"]}}`: true,
		`{"_id":{"$gt":"a"}}`: false, `{"websiteId":1}`: false,
	} {
		var raw bson.Raw
		if err := bson.UnmarshalExtJSON([]byte(filter), false, &raw); err != nil {
			t.Fatal(err)
		}
		if got := (sharding.Query{Command: "find", Filter: raw}).Targeted(key); got != want {
			t.Errorf("%s is targeted: %v", filter, got)
		}
	}
}

// TestExemptions checks that the exemptions cover no more queries than intended, and that each has a reason.
func TestExemptions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"find webhooks_deliveries by status, webhookId $nin": true, "find webhooks_deliveries by webhookId": false,
		"find accounts_audit by nothing": true, "find accounts_audit by createdAt $gte": false,
		"find conversations_messages by nothing": false,
	} {
		if (exempt(text) != "") != want {
			t.Errorf("%s is exempt: %v", text, !want)
		}
	}
	for begin, why := range everywhere {
		if strings.TrimSpace(why) == "" {
			t.Errorf("%s has no reason", begin)
		}
	}
}

// TestUnknownCommandIsAnError checks that an unknown command doesn't pass as one without a query.
func TestUnknownCommandIsAnError(t *testing.T) {
	t.Parallel()
	body, err := bson.Marshal(bson.D{{Key: "mapReduce", Value: "rows"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sharding.Queries(sharding.Command{Body: body}); err == nil {
		t.Error("no error")
	}
}

// recorded returns a collection behind a proxy, and its queries.
func recorded(t *testing.T) (asked func() map[string]sharding.Query, c *mongo.Collection) {
	t.Helper()
	store, err := embedmongo.Start(t.Context(), embedmongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	queries := map[string]sharding.Query{}
	proxy, err := sharding.Listen(store.Addr(), func(c sharding.Command) {
		some, err := sharding.Queries(c)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, q := range some {
			queries[q.String()] = q
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	address := "mongodb://" + proxy.Addr() + "/?directConnection=true&replicaSet=rs0"
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Disconnect(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() map[string]sharding.Query {
		mu.Lock()
		defer mu.Unlock()
		return queries
	}, client.Database("test").Collection("rows")
}

func second[T any](_ T, err error) error { return err }

// known ignores the error that there is no such row.
func known(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	return err
}
