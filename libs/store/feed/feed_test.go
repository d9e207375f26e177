package feed_test

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
)

const stream = "fivechat:events:test"

func TestFeedSurvivesRedis(t *testing.T) {
	t.Parallel()
	f := storetest.StartFeed(t)
	f.Add(30)
	f.Want(30)
	storetest.Eventually(t, "Redis carries the log", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) == 30
	})

	f.Redis.Close() // Redis is unavailable
	f.Add(10)
	f.Want(40)
	f.Redis.FlushAll() // Redis is back, empty
	if err := f.Redis.Restart(); err != nil {
		t.Fatal(err)
	}
	f.Add(10)
	f.Want(50)
	storetest.Eventually(t, "Redis carries the log again", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) > 0 && s[len(s)-1].ID == "50-0"
	})
}

// TestFeedIgnoresForgedEntries checks that a client that writes to Redis can neither add a record nor suppress one.
func TestFeedIgnoresForgedEntries(t *testing.T) {
	t.Parallel()
	f := storetest.StartFeed(t)
	f.Add(3)
	f.Want(3)
	storetest.Eventually(t, "Redis carries the log", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) == 3
	})
	const forged = `{"id":"forged","websiteId":1,"type":"forged","key":1,"at":"2026-01-01T00:00:00Z","data":"{}","pos":4}`
	if _, err := f.Redis.XAdd(stream, "4-0", []string{"e", forged}); err != nil {
		t.Fatal(err)
	}
	signed, err := f.Redis.Stream(stream)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Redis.XAdd(stream, "5-0", signed[0].Values); err != nil { // an authentic entry, replayed
		t.Fatal(err)
	}
	f.Add(2)
	f.Want(5)
	for i, typ := range f.Types() {
		if typ != "counted" {
			t.Errorf("record %d is %s", i+1, typ)
		}
	}
}

// TestLongRecordsAreReadFromTheLog checks that Redis gets an entry without data for a long record. So it holds few
// bytes, and readers are still notified.
func TestLongRecordsAreReadFromTheLog(t *testing.T) {
	t.Parallel()
	f := storetest.StartFeed(t)
	text := strings.Repeat("x", 64<<10)
	for i := range 20 {
		data := storetest.Event("counted", text[:1+(i%2)*(len(text)-1)])
		if err := f.Log.Append(t.Context(), storetest.Website(1), int64(i), data); err != nil {
			t.Fatal(err)
		}
	}
	f.Want(20)
	storetest.Eventually(t, "Redis has an entry for each", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) == 20
	})
	entries, err := f.Redis.Stream(stream)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if size := len(strings.Join(e.Values, "")); size > 8<<10 {
			t.Errorf("entry %s has %d bytes", e.ID, size)
		}
	}
}

func TestStreamOfAnotherDatabaseIsReplaced(t *testing.T) {
	t.Parallel()
	f := storetest.StartFeed(t)
	if _, err := f.Redis.XAdd(stream, "900-0", []string{"e", "of a database that is gone"}); err != nil {
		t.Fatal(err)
	}
	f.Add(3)
	f.Want(3)
	storetest.Eventually(t, "Redis carries this log", func() bool {
		s, err := f.Redis.Stream(stream)
		return err == nil && len(s) == 3 && s[0].ID == "1-0"
	})
}

func TestLogIsReadByWebsite(t *testing.T) {
	t.Parallel()
	db, tele := storetest.Connect(t, storetest.Database())
	log := outbox.NewLog(db, tele)
	records := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	for pos := range int64(4) {
		r := outbox.Record{
			ID:      fmt.Sprint(pos),
			Website: storetest.Website(1 + pos%2),
			Type:    "counted",
			Pos:     pos + 1,
			At:      storetest.Noon,
		}
		if err := records.Insert(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		website, after, limit int64
		want                  string
	}{{1, 0, 10, "[1 3]"}, {1, 1, 10, "[3]"}, {2, 0, 1, "[2]"}, {3, 0, 10, "[]"}} {
		found, err := log.Of(t.Context(), storetest.Website(c.website), c.after, c.limit)
		got := []int64{}
		for _, r := range found {
			got = append(got, r.Pos)
		}
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}
