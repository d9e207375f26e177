package mongokit_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/store/internal/storetest"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// TestAwait checks that Await waits for a store that starts later, and gives up on one that doesn't after the given
// time.
func TestAwait(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	there, query, _ := strings.Cut(strings.TrimPrefix(storetest.URI(), "mongodb://"), "/")
	db, _ := storetest.ConnectTo(t, "mongodb://"+addr+"/"+query, storetest.Database())

	line := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "store",
		addr, there)
	t.Cleanup(line.Stop)

	waited := 0
	count := func(error) { waited++ }
	if err := db.Await(t.Context(), time.Millisecond, count); err == nil || waited != 1 {
		t.Fatalf("no store: %v, %d retries reported", err, waited)
	}
	if err := db.Await(t.Context(), 0, count); err == nil || waited != 1 {
		t.Fatalf("no store and no wait: %v, %d retries reported", err, waited)
	}
	err = db.Await(t.Context(), time.Minute, func(err error) {
		count(err)
		if err := line.Start(); err != nil {
			t.Error(err)
		}
	})
	if err != nil || waited != 2 {
		t.Errorf("a store that starts later: %v, %d retries reported", err, waited)
	}
	if err := db.Await(t.Context(), time.Minute, count); err != nil || waited != 2 {
		t.Errorf("a running store: %v, %d retries reported", err, waited)
	}
}
