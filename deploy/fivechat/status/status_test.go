package status

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// fake is a component whose metrics a test writes.
type fake struct {
	name     string
	away     error
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	lag, up  prometheus.Gauge
}

func newFake(name, metric, label string) *fake {
	up := prometheus.GaugeOpts{Name: "fivechat_dependency_up", ConstLabels: prometheus.Labels{"dependency": "redis"}}
	version := prometheus.GaugeOpts{Name: "fivechat_build_info", ConstLabels: prometheus.Labels{"version": "v1.2.3"}}
	duration := prometheus.HistogramOpts{Name: metric, Buckets: []float64{0.1, 1}}
	f := &fake{
		name: name, registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(duration, []string{label}),
		lag:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivechat_follower_lag_seconds"}),
		up:       prometheus.NewGauge(up),
	}
	f.registry.MustRegister(f.requests, f.lag, f.up, prometheus.NewGauge(version))
	return f
}

func (f *fake) Name() string                  { return f.name }
func (f *fake) Ready(context.Context) error   { return f.away }
func (f *fake) Gatherer() prometheus.Gatherer { return f.registry }

func (f *fake) answer(n int, outcome string, seconds float64) {
	for range n {
		f.requests.WithLabelValues(outcome).Observe(seconds)
	}
}

func near(got *float64, want float64) bool { return got != nil && *got > want-1e-9 && *got < want+1e-9 }

// TestFigures: rates, errors and times are those of the window, whatever was before it.
func TestFigures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		edge, service := newFake("api-gateway", edgeRequests, "http_response_status_code"),
			newFake("tickets", operations, "outcome")
		edge.answer(1000, "503", 5) // long ago
		b := New([]Component{edge, service})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		synctest.Wait()
		if s, err := b.Status(ctx); err != nil || s.Components[0].RequestsPerSecond != 0 ||
			s.Components[0].P99Seconds != nil {
			t.Errorf("before anything happened in the window: %+v, %v", s, err)
		}
		time.Sleep(10 * time.Second)
		edge.answer(98, "200", 0.05)
		edge.answer(2, "500", 0.5)
		edge.answer(100, "404", 0.05)
		service.answer(10, "ok", 0.05)
		service.answer(5, "not_found", 0.05)
		service.answer(5, "unavailable", 30)
		service.lag.Set(2.5)
		service.up.Set(1)
		service.away = errors.New("store: away")
		time.Sleep(10 * time.Second)
		s, err := b.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		e, o := s.Components[0], s.Components[1]
		if s.WindowSeconds != 20 || s.Ready || e.RequestsPerSecond != 10 || e.ErrorsPerSecond != 0.1 ||
			!near(e.P99Seconds, 0.1) || !e.Ready || e.Version != "v1.2.3" || e.Dependencies["redis"] {
			t.Errorf("the edge: %+v in %v s", e, s.WindowSeconds)
		}
		if o.Ready || o.Reason != "store: away" || o.RequestsPerSecond != 1 || o.ErrorsPerSecond != 0.25 ||
			!near(o.LagSeconds, 2.5) || !near(o.P99Seconds, 1) || !o.Dependencies["redis"] {
			t.Errorf("the service: %+v", o)
		}
		time.Sleep(5 * time.Minute)
		if s, err = b.Status(ctx); err != nil || s.WindowSeconds > window.Seconds() ||
			s.Components[0].RequestsPerSecond != 0 {
			t.Errorf("after all of it left the window: %+v, %v", s, err)
		}
		for range 10_000 {
			time.Sleep(freshly / 10)
			if _, err := b.Status(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(b.samples); n > int(window/freshly)+1 {
			t.Errorf("%d samples are kept", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestThePage: a client that asks for JSON gets it, and every other a page that needs no script.
func TestThePage(t *testing.T) {
	t.Parallel()
	f := newFake("<tickets>", operations, "outcome")
	f.away = errors.New("store: <away>")
	b := New([]Component{f})
	for accept, media := range map[string]string{
		"": "text/html", "*/*": "text/html", "application/json": "application/json",
		"text/html,application/json;q=0.9": "text/html", "application/json, text/html": "application/json",
	} {
		r := httptest.NewRequest("GET", "/status", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		body := w.Body.String()
		if got := w.Header().Get("Content-Type"); w.Code != 200 || !strings.HasPrefix(got, media+";") ||
			w.Header().Get("Vary") != "Accept" {
			t.Errorf("%q is answered %d %s", accept, w.Code, got)
		}
		if media == "application/json" {
			var s Status
			if err := json.Unmarshal([]byte(body), &s); err != nil || len(s.Components) != 1 ||
				s.Components[0].Reason != "store: <away>" {
				t.Errorf("%v in %s", err, body)
			}
			continue
		}
		for _, want := range []string{
			"&lt;tickets&gt;", "store: &lt;away&gt;", "not all components are ready",
			"away:</span> redis", "v1.2.3", "– Fivechat</title>",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("the page does not show %q:\n%s", want, body)
			}
		}
		if regexp.MustCompile(`(?i)<script|http-equiv="refresh"|ZgotmplZ| on\w+=`).MatchString(body) {
			t.Errorf("the page has a script, reloads itself, or is broken:\n%s", body)
		}
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest("GET", "/status?refresh", nil))
	if !strings.Contains(w.Body.String(), `<meta http-equiv="refresh" content="5">`) {
		t.Error("the page does not reload itself where it is asked to")
	}
}

// TestFormats: figures are short.
func TestFormats(t *testing.T) {
	t.Parallel()
	value := func(f float64) *float64 { return &f }
	for got, want := range map[string]string{
		rate(0): "0/s", rate(0.001): "<0.01/s", rate(0.126): "0.13/s", rate(1234.5): "1234/s",
		span(nil): "–", span(value(0.0234)): "23 ms", span(value(12.34)): "12.3 s",
		share(Figures{}): "–", share(Figures{RequestsPerSecond: 8, ErrorsPerSecond: 1}): "12.5 %",
		share(Figures{RequestsPerSecond: 8}): "0 %",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
