package rowcount_test

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

// TestFoldedChangesStayForSlowReaders: a reader that has read the sums of one fold finds every later change, even if
// other folds run before it reads the changes. So a fold deletes no change that was folded within the last minute.
func TestFoldedChangesStayForSlowReaders(t *testing.T) {
	t.Parallel()
	b, of := openJar(t, storetest.Database()), storetest.Website(1)
	changes := mongokit.Tenanted[bson.M](b.db, "test_tally_changes", "change")
	const (
		folds = 3
		each  = 70 // more than a reader leaves unfolded
	)
	b.sum(t, of, "red")
	for fold := range folds {
		for range each {
			if err := b.put(t.Context(), of, "red"); err != nil {
				t.Fatal(err)
			}
		}
		storetest.EventuallyWithin(t, 30*time.Second, "the changes are folded", func() (bool, any) {
			b.sum(t, of, "red")
			n, err := changes.Count(
				t.Context(),
				of,
				bson.D{{Key: "fold", Value: bson.D{{Key: "$lt", Value: int64(1) << 60}}}},
			)
			return err == nil && n >= int64(fold*each+1), n
		})
	}
	if n, err := changes.Count(t.Context(), of, nil); err != nil || n != folds*each {
		t.Errorf("%d changes are left of %d, %v", n, folds*each, err)
	}
	b.agrees(t, of, "red")
}

// TestKeptSumsCountExactly: another process folds changes while this one still uses the sums that it has read before.
func TestKeptSumsCountExactly(t *testing.T) {
	t.Parallel()
	database, of := storetest.Database(), storetest.Website(1)
	one, other := openJar(t, database), openJar(t, database)
	one.sum(t, of, "red")
	for n := range int64(150) {
		if err := other.put(t.Context(), of, "red"); err != nil {
			t.Fatal(err)
		}
		other.sum(t, of, "red")
		if have := one.sum(t, of, "red"); have != n+1 {
			t.Fatalf("%d rows, not %d", have, n+1)
		}
	}
}
