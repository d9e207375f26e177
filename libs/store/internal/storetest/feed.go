package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
)

// Feed is a log with a relay and a feed over Redis, and the records read from the feed.
type Feed struct {
	t     *testing.T
	Log   *outbox.Log
	Redis *miniredis.Miniredis
	Feed  feed.Feed

	mu    sync.Mutex
	got   []int64
	types []contract.EventType
}

// StartFeed starts a log with a relay and a reader, until the test ends.
func StartFeed(t *testing.T) *Feed {
	t.Helper()
	db, tele := Connect(t, Database())
	server := miniredis.RunT(t)
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + server.Addr()}, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	log := outbox.NewLog(db, tele)
	log.PublishTo(client)
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &Feed{t: t, Log: log, Redis: server, Feed: feed.Feed{Name: tele.Component, Log: log, Redis: client}}
	ctx, stop := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = log.Relay(ctx) })
	tasks.Go(func() { f.gather(ctx) })
	t.Cleanup(func() { stop(); tasks.Wait() })
	return f
}

func (f *Feed) gather(ctx context.Context) {
	var pos int64
	for ctx.Err() == nil {
		records, err := f.Feed.Next(ctx, pos)
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

// Add appends n records.
func (f *Feed) Add(n int) {
	f.t.Helper()
	for i := range n {
		if err := f.Log.Append(f.t.Context(), Website(1), int64(i), Event("counted", nil)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// Want waits until n records arrived, and checks that each arrived once and in order.
func (f *Feed) Want(n int) {
	f.t.Helper()
	Eventually(f.t, fmt.Sprint(n, " records arrive"), func() bool {
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

// Types returns the types of the records that arrived.
func (f *Feed) Types() []contract.EventType {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.types)
}
