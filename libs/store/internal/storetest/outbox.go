package storetest

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// NewLog returns a log in a database of its own.
func NewLog(t *testing.T) (*mongokit.DB, *telemetry.Telemetry, *outbox.Log) {
	t.Helper()
	db, tele := Connect(t, Database())
	log := outbox.NewLog(db, tele)
	if err := db.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, tele, log
}

// Relay runs a log's relay until stop, which waits for its end.
func Relay(t *testing.T, log *outbox.Log) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var relay sync.WaitGroup
	relay.Go(func() { _ = log.Relay(ctx) })
	return func() {
		cancel()
		relay.Wait()
	}
}

// Remote returns a log as another service reads it.
func Remote(t *testing.T, log *outbox.Log, tele *telemetry.Telemetry) outbox.Remote {
	t.Helper()
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	router := httpkit.NewRouter(tele, keys)
	log.Serve(router, operation.Standard(tele))
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return outbox.Remote{Client: httpkit.NewClient(server.URL, keys, tele)}
}

// Gauge returns a gauge's value, or 0 if it doesn't exist yet.
func Gauge(t *testing.T, r *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}
