package stores

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
)

// fed is a log with a relay and a feed over Redis, and the records read from the feed.
type fed struct {
	t     *testing.T
	log   *outbox.Log
	redis *miniredis.Miniredis
	feed  feed.Feed

	mu    sync.Mutex
	got   []int64
	types []contract.EventType
}

func startFeed(t *testing.T) *fed {
	t.Helper()
	db, tele := connect(t, uri, fresh())
	server := miniredis.RunT(t)
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + server.Addr()}, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	log := outbox.NewLog(db, tele)
	log.PublishTo(client)
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &fed{t: t, log: log, redis: server, feed: feed.Feed{Name: tele.Component, Log: log, Redis: client}}
	ctx, stop := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = log.Relay(ctx) })
	tasks.Go(func() { f.gather(ctx) })
	t.Cleanup(func() { stop(); tasks.Wait() })
	return f
}

func (f *fed) gather(ctx context.Context) {
	var pos int64
	for ctx.Err() == nil {
		records, err := f.feed.Next(ctx, pos)
		if err != nil && ctx.Err() == nil {
			f.t.Error(err)
			return
		}
		f.mu.Lock()
		for _, r := range records {
			pos = r.Pos
			f.got, f.types = append(f.got, pos), append(f.types, r.Type)
		}
		f.mu.Unlock()
	}
}

func (f *fed) add(n int) {
	f.t.Helper()
	for i := range n {
		if err := f.log.Append(f.t.Context(), website(1), int64(i), testData{typ: "counted"}); err != nil {
			f.t.Fatal(err)
		}
	}
}

// want waits until n records arrived, and checks that each arrived once and in order.
func (f *fed) want(n int) {
	f.t.Helper()
	eventually(f.t, fmt.Sprint(n, " records arrive"), func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.got) >= n
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, pos := range f.got {
		if pos != int64(i+1) {
			f.t.Fatalf("record %d is at %d", i, pos)
		}
	}
}

const stream = "fivechat:events:test"

func TestFeedSurvivesRedis(t *testing.T) {
	t.Parallel()
	f := startFeed(t)
	f.add(30)
	f.want(30)
	eventually(t, "Redis carries the log", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) == 30
	})

	f.redis.Close() // Redis is unavailable
	f.add(10)
	f.want(40)
	f.redis.FlushAll() // Redis is back, empty
	if err := f.redis.Restart(); err != nil {
		t.Fatal(err)
	}
	f.add(10)
	f.want(50)
	eventually(t, "Redis carries the log again", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) > 0 && s[len(s)-1].ID == "50-0"
	})
}

// TestFeedIgnoresForgedEntries checks that a client that writes to Redis can neither add a record nor suppress one.
func TestFeedIgnoresForgedEntries(t *testing.T) {
	t.Parallel()
	f := startFeed(t)
	f.add(3)
	f.want(3)
	eventually(t, "Redis carries the log", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) == 3
	})
	const forged = `{"id":"forged","websiteId":1,"type":"forged","key":1,"at":"2026-01-01T00:00:00Z","data":"{}","pos":4}`
	if _, err := f.redis.XAdd(stream, "4-0", []string{"e", forged}); err != nil {
		t.Fatal(err)
	}
	signed, err := f.redis.Stream(stream)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.redis.XAdd(stream, "5-0", signed[0].Values); err != nil { // an authentic entry, replayed
		t.Fatal(err)
	}
	f.add(2)
	f.want(5)
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, typ := range f.types {
		if typ != "counted" {
			t.Errorf("record %d is %s", i+1, typ)
		}
	}
}

// TestLongRecordsAreReadFromTheLog checks that Redis gets an entry without data for a long record. So it holds few
// bytes, and readers are still notified.
func TestLongRecordsAreReadFromTheLog(t *testing.T) {
	t.Parallel()
	f := startFeed(t)
	text := strings.Repeat("x", 64<<10)
	for i := range 20 {
		if err := f.log.Append(t.Context(), website(1), int64(i), testData{"counted", text[:1+(i%2)*(len(text)-1)]}); err !=
			nil {
			t.Fatal(err)
		}
	}
	f.want(20)
	eventually(t, "Redis has an entry for each", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) == 20
	})
	entries, err := f.redis.Stream(stream)
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
	f := startFeed(t)
	if _, err := f.redis.XAdd(stream, "900-0", []string{"e", "of a database that is gone"}); err != nil {
		t.Fatal(err)
	}
	f.add(3)
	f.want(3)
	eventually(t, "Redis carries this log", func() bool {
		s, err := f.redis.Stream(stream)
		return err == nil && len(s) == 3 && s[0].ID == "1-0"
	})
}

func TestLogIsReadByWebsite(t *testing.T) {
	t.Parallel()
	db, tele := connect(t, uri, fresh())
	log := outbox.NewLog(db, tele)
	records := mongokit.GlobalOf[outbox.Record](db, "test_outbox", "event")
	for pos := range int64(4) {
		r := outbox.Record{ID: fmt.Sprint(pos), Website: website(1 + pos%2), Type: "counted", Pos: pos + 1, At: noon}
		if err := records.Insert(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		website, after, limit int64
		want                  string
	}{{1, 0, 10, "[1 3]"}, {1, 1, 10, "[3]"}, {2, 0, 1, "[2]"}, {3, 0, 10, "[]"}} {
		found, err := log.Of(t.Context(), website(c.website), c.after, c.limit)
		got := []int64{}
		for _, r := range found {
			got = append(got, r.Pos)
		}
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}
