package stores

import (
	"net"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// TestAwait: a store that is there later is waited for; one that never is, no longer than was said.
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
	there, query, _ := strings.Cut(strings.TrimPrefix(uri, "mongodb://"), "/")
	db, _ := connect(t, "mongodb://"+addr+"/"+query, fresh())

	line := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "store", addr, there)
	t.Cleanup(line.Stop)

	waited := 0
	count := func(error) { waited++ }
	if err := db.Await(t.Context(), time.Millisecond, count); err == nil || waited != 1 {
		t.Fatalf("nobody is there: %v, and it was told %d times", err, waited)
	}
	if err := db.Await(t.Context(), 0, count); err == nil || waited != 1 {
		t.Fatalf("nobody is there, and nobody waits: %v, and it was told %d times", err, waited)
	}
	err = db.Await(t.Context(), time.Minute, func(err error) {
		count(err)
		if err := line.Start(); err != nil {
			t.Error(err)
		}
	})
	if err != nil || waited != 2 {
		t.Errorf("after a while: %v, and it was told %d times", err, waited)
	}
	if err := db.Await(t.Context(), time.Minute, count); err != nil || waited != 2 {
		t.Errorf("once it is there: %v, and it was told %d times", err, waited)
	}
}
