package operator_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/tests/harness"
)

// TestReindexing: the operator has all rows analysed again. Searches then find what had lost its terms.
func TestReindexing(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	c := w.Visit(t, nil).Open(t, "Do you sell orreries?")
	ticket := w.Agent().Send(t, 201, "POST", "/tickets", harness.Map{"title": "A broken orrery"})
	w.Visit(t, harness.Map{"name": "Orrin Orrery"})
	find := func() (found [3]int64) {
		for i, at := range []string{
			"/conversations?search=orreries", "/tickets?search=broken", "/visitors/rows?search=orrin",
		} {
			found[i] = w.Reader().Get(t, at).Int("total")
		}
		return found
	}
	if found := find(); found != [3]int64{1, 1, 1} {
		t.Fatalf("before: %d", found)
	}
	for collection, lost := range map[string]bson.D{
		"conversations_conversations": {{Key: "terms", Value: bson.A{}}},
		"tickets_tickets":             {{Key: "search.terms", Value: bson.A{}}},
		"visitors_visitors":           {{Key: "search.terms", Value: bson.A{}}},
	} {
		r, err := store(t).Collection(collection).UpdateMany(t.Context(), bson.D{{Key: "websiteId", Value: w.ID}},
			bson.D{{Key: "$set", Value: lost}})
		if err != nil || r.ModifiedCount == 0 {
			t.Fatalf("%s: %+v %v", collection, r, err)
		}
	}
	if found := find(); found != [3]int64{} {
		t.Fatalf("without terms: %d", found)
	}
	for _, index := range []string{"conversations", "tickets", "visitors"} {
		got := w.Operator().Send(t, 202, "POST", "/operator/search/"+index+"/reindex", nil)
		if got.M["index"] != index || got.Int("newest") < 1 || got.Int("last") > got.Int("newest") {
			t.Errorf("the state of the index: %s", got)
		}
		w.Agent().Do(t, "POST", "/operator/search/"+index+"/reindex", nil).Want(t, 404)
		w.Agent().Do(t, "GET", "/operator/search/"+index, nil).Want(t, 404)
		harness.Eventually(t, harness.Patience, "all rows are analysed", func() (bool, any) {
			got := w.Operator().Get(t, "/operator/search/"+index)
			return got.M["reindexing"] == false && got.Int("last") == got.Int("newest"), got
		})
	}
	if found := find(); found != [3]int64{1, 1, 1} {
		t.Errorf("after reindexing: %d; conversation %s, ticket %s", found, c, ticket)
	}
	w.Operator().Do(t, "POST", "/operator/search/visits/reindex", nil).Want(t, 404)
}
