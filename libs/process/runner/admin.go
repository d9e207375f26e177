package runner

import (
	"context"
	"errors"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin is the name of the listener for operators and probes. It must not be reachable from the internet.
const Admin = "admin"

// readyTimeout bounds one readiness check.
const readyTimeout = 2 * time.Second

// Ready returns nil if the component can take requests. The error says why it can't: it is stopping, or a dependency
// doesn't respond within two seconds.
func (r *Running) Ready(ctx context.Context) error {
	if !r.ready.Load() {
		return errors.New("stopping")
	}
	if r.unit.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return r.unit.Ready(ctx)
}

// Name returns the component's name.
func (r *Running) Name() string { return r.unit.Name }

// Gatherer returns the component's metrics.
func (r *Running) Gatherer() prometheus.Gatherer { return r.unit.Telemetry.Registry }

// Admin handles the admin listener: /livez (the process runs), /readyz (see Ready), /metrics, /loglevel and, if
// AdminAccess enables it, /debug/pprof.
func (r *Running) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		if err := r.Ready(req.Context()); err != nil {
			http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
	mux.Handle(
		"GET /metrics",
		promhttp.HandlerFor(r.unit.Telemetry.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}),
	)
	mux.HandleFunc("GET /loglevel", r.logLevel)
	mux.HandleFunc("PUT /loglevel", r.logLevel)
	if r.unit.Access.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return r.unit.Access.Guard(mux)
}
