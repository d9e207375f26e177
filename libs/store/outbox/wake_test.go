package outbox_test

import (
	"context"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
)

// TestReplicasWakeTheHolderOfTheLease: the replica that assigns positions doesn't poll while it is subscribed. The
// replica that has stored a record wakes it. Without Redis it polls again.
func TestReplicasWakeTheHolderOfTheLease(t *testing.T) {
	t.Parallel()
	database, server := storetest.Database(), miniredis.RunT(t)
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*mongokit.DB, *outbox.Log) {
		db, tele := storetest.Connect(t, database)
		redis, err := rediskit.Connect(rediskit.Config{URL: "redis://" + server.Addr()}, keys)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = redis.Close() })
		log := outbox.NewLog(db, tele)
		log.PublishTo(redis)
		log.NeverPoll()
		if err := db.EnsureIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		return db, log
	}
	dbs, logs := [2]*mongokit.DB{}, [2]*outbox.Log{}
	for i := range logs {
		dbs[i], logs[i] = open()
		defer storetest.Relay(t, logs[i])()
	}
	written := 0
	write := func(by int) {
		t.Helper()
		if err := dbs[by].Tx(t.Context(), func(ctx context.Context) error {
			return logs[by].Append(ctx, storetest.Website(1), 7, storetest.Event("counted", nil))
		}); err != nil {
			t.Fatal(err)
		}
		written++
		storetest.Eventually(t, "the record has a position", func() bool {
			head, err := logs[0].Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return head == int64(written)
		})
	}
	listen := func(want bool) {
		t.Helper()
		storetest.Eventually(t, "both notice whether Redis responds", func() bool {
			return logs[0].Listening() == want && logs[1].Listening() == want
		})
	}
	listen(true)
	for _, by := range []int{0, 1, 0, 1} {
		write(by)
	}
	server.Close()
	listen(false)
	for _, by := range []int{0, 1} {
		write(by)
	}
}
