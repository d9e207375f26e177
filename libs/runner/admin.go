package runner

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin is the name of the listener that operators and probes use. It is never the public one.
const Admin = "admin"

// readyTimeout bounds one readiness check.
const readyTimeout = 2 * time.Second

// admin answers /livez (the process runs), /readyz (its own dependencies answer, and it is not stopping), /metrics,
// /loglevel and /debug/pprof.
func (r *Running) admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		if !r.ready.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		if r.unit.Ready != nil {
			ctx, cancel := context.WithTimeout(req.Context(), readyTimeout)
			defer cancel()
			if err := r.unit.Ready(ctx); err != nil {
				http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.unit.Telemetry.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /loglevel", r.logLevel)
	mux.HandleFunc("PUT /loglevel", r.logLevel)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
