package outbox_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/store/internal/storetest"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
)

// TestRelayRestoresTheEndOfALostStream: Redis has lost the records of a stream, which waiting readers have not got. The
// relay adds an entry at the end, so that they wake up and read the log. It doesn't publish all records again.
func TestRelayRestoresTheEndOfALostStream(t *testing.T) {
	t.Parallel()
	_, _, log := storetest.NewLog(t)
	server := miniredis.RunT(t)
	redis, err := rediskit.Connect(rediskit.Config{URL: "redis://" + server.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	log.PublishTo(redis)
	for range 3 {
		if err := log.Append(t.Context(), storetest.Website(1), 7, storetest.Event("counted", nil)); err != nil {
			t.Fatal(err)
		}
	}
	key := "fivechat:" + outbox.StreamName("test")
	ids := func() (ids []string) {
		entries, err := server.Stream(key)
		if err != nil {
			return nil // it doesn't exist
		}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return ids
	}
	stop := storetest.Relay(t, log)
	storetest.Eventually(t, "the records are published", func() bool { return len(ids()) == 3 })
	storetest.Eventually(t, "the published position is stored", func() bool {
		published, err := log.Published(t.Context())
		return err == nil && published == 3
	})
	stop()
	server.Del(key)
	defer storetest.Relay(t, log)()
	storetest.Eventually(t, "the end is published", func() bool { return len(ids()) > 0 })
	if have := ids(); len(have) != 1 || have[0] != "3-0" {
		t.Errorf("the stream has %v", have)
	}
}
