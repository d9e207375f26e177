package mongokit_test

import (
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
)

// TestReadsEndByBytes checks that Part ends early and reports it, that List fails for too many bytes, and that Each has
// no such bound.
func TestReadsEndByBytes(t *testing.T) {
	t.Parallel()
	_, c := notes(t)
	const rows = 150
	text := strings.Repeat("x", 64<<10)
	for i := range int64(rows) {
		if err := c.Insert(t.Context(), storetest.Website(1), note{
			ID: i + 1, Website: storetest.Website(1), Text: text, At: noon,
		}); err != nil {
			t.Fatal(err)
		}
	}
	byID := bson.D{{Key: "_id", Value: 1}}
	for name, want := range map[string]struct {
		q    mongokit.Query
		rows int
		cut  bool
	}{
		"default bound":             {mongokit.Query{Sort: byID}, 63, true},
		"explicit bound":            {mongokit.Query{Sort: byID, Bytes: 1 << 20}, 15, true},
		"one row is always read":    {mongokit.Query{Sort: byID, Bytes: 1}, 1, true},
		"limit before bytes":        {mongokit.Query{Sort: byID, Limit: 5}, 5, false},
		"several batches":           {mongokit.Query{Sort: byID, Bytes: 1 << 30}, rows, false},
		"limit of a batch, exactly": {mongokit.Query{Sort: byID, Limit: 32}, 32, false},
		"without the long field":    {mongokit.Query{Sort: byID, Omit: "text"}, rows, false},
	} {
		found, cut, err := c.Part(t.Context(), storetest.Website(1), nil, want.q)
		if err != nil || len(found) != want.rows || cut != want.cut || found[len(found)-1].ID != int64(want.rows) {
			t.Errorf("%s: %d rows, cut short: %v, %v", name, len(found), cut, err)
		}
		if _, err := c.List(t.Context(), storetest.Website(1), nil, want.q); errors.Is(
			err,
			mongokit.ErrReadTooLarge,
		) != want.cut {
			t.Errorf("%s: List returns %v", name, err)
		}
	}
	each := 0
	if err := c.Each(t.Context(), storetest.Website(1), nil, mongokit.Query{}, func(note) { each++ }); err != nil ||
		each != rows {
		t.Errorf("Each returns %d rows, %v", each, err)
	}
	seen := 0
	for w := (paging.Window{Limit: 100}); ; {
		page, err := mongokit.Newest(t.Context(), c, storetest.Website(1), nil, w, mongokit.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(page.Rows); !page.More {
			break
		}
		w.Cursor = page.Next
	}
	if seen != rows {
		t.Errorf("pages by cursor have %d rows of %d", seen, rows)
	}
}
