package mongokit

import (
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestAboveLimit checks that a count above its limit is remembered by its whole query, and for ten seconds.
func TestAboveLimit(t *testing.T) {
	t.Parallel()
	query := func(website int64, word string, most int64) countQuery {
		q, err := countQueryOf(bson.D{{Key: TenantKey, Value: website}, {Key: "terms", Value: word}}, nil, most)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	synctest.Test(t, func(t *testing.T) {
		a := newAboveLimit()
		a.add(query(1, "hello", 10))
		for _, other := range []countQuery{query(2, "hello", 10), query(1, "help", 10), query(1, "hello", 20)} {
			if a.holds(other) {
				t.Error("another query is taken for it")
			}
		}
		time.Sleep(aboveFor - time.Millisecond)
		if !a.holds(query(1, "hello", 10)) {
			t.Error("forgotten early")
		}
		time.Sleep(time.Millisecond)
		if a.holds(query(1, "hello", 10)) {
			t.Error("still remembered")
		}
	})
}
