package stores

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

// TestReadsEndByBytes checks that Part ends early and reports it, that List fails for too many bytes, and that Each has
// no such bound.
func TestReadsEndByBytes(t *testing.T) {
	t.Parallel()
	_, c := notes(t)
	const rows = 150
	text := strings.Repeat("x", 64<<10)
	for i := range int64(rows) {
		if err := c.Insert(t.Context(), website(1), note{ID: i + 1, Website: website(1), Text: text, At: noon}); err != nil {
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
		found, cut, err := c.Part(t.Context(), website(1), nil, want.q)
		if err != nil || len(found) != want.rows || cut != want.cut || found[len(found)-1].ID != int64(want.rows) {
			t.Errorf("%s: %d rows, cut short: %v, %v", name, len(found), cut, err)
		}
		if _, err := c.List(t.Context(), website(1), nil, want.q); errors.Is(err, mongokit.ErrReadTooLarge) != want.cut {
			t.Errorf("%s: List returns %v", name, err)
		}
	}
	each := 0
	if err := c.Each(t.Context(), website(1), nil, mongokit.Query{}, func(note) { each++ }); err != nil || each != rows {
		t.Errorf("Each returns %d rows, %v", each, err)
	}
	seen := 0
	for w := (paging.Window{Limit: 100}); ; {
		page, err := mongokit.Newest(t.Context(), c, website(1), nil, w, "")
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

// TestFollowerAppliesLongRecordsInBatches: the waiting records have many times the bytes of a batch, and each call of
// Apply gets only a few of them.
func TestFollowerAppliesLongRecordsInBatches(t *testing.T) {
	t.Parallel()
	_, tele, log := freshLog(t)
	source := remote(t, log, tele)
	const records, most = 390, 10
	text := strings.Repeat(`"`, 32<<10)
	for i := range int64(records) {
		err := log.Append(t.Context(), website(1), i+1, testData{"counted", map[string]string{"content": text}})
		if err != nil {
			t.Fatal(err)
		}
	}
	stop := relaying(t, log)
	defer stop()
	var mu sync.Mutex
	pos, largest := int64(0), 0
	ctx, cancel := context.WithCancel(t.Context())
	f := feed.Follower{
		Feed: feed.Feed{Name: "test", Log: source}, Telemetry: tele,
		Position: func(context.Context, string) (int64, error) { mu.Lock(); defer mu.Unlock(); return pos, nil },
		Apply: func(_ context.Context, _ string, batch []outbox.Record) error {
			mu.Lock()
			defer mu.Unlock()
			if largest = max(largest, len(batch)); pos == 0 && len(batch) > most {
				return fmt.Errorf("%d records are too many", len(batch))
			}
			for _, r := range batch {
				if r.Pos != pos+1 || len(r.Data) < len(text) {
					t.Errorf("record %d follows %d with %d bytes", r.Pos, pos, len(r.Data))
				}
				pos = r.Pos
			}
			return nil
		},
	}
	var following sync.WaitGroup
	following.Go(func() { _ = f.Run(ctx) })
	eventually(t, "all long records are applied", func() bool { mu.Lock(); defer mu.Unlock(); return pos == records })
	cancel()
	following.Wait()
	if largest <= most || largest > 100 {
		t.Errorf("the largest batch has %d records", largest)
	}
}
