package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/alone"
)

// round is how many requests each system is sent before its processor time is read. Requests that take little are sent more
// often.
const round = 250

// instance is a system in a process of its own.
type instance struct {
	name string
	*alone.System
	client
	used  time.Duration // of the processors, in the rounds so far
	paths []string      // that are asked for
}

// BenchmarkTelemetry compares three systems: one with metrics and spans, at the default sampling, one with metrics alone,
// and one with neither (OTEL_SDK_DISABLED). They are asked in turn, request for request, so that what the machine does beside
// them falls on all alike. µs/req is the processor time of a request in the system's process, client and collector not
// included; the ratios are to the one with neither, each the median of the rounds', and ± is how far the middle half of
// them is from it. A few rounds say little: -benchtime 10000x.
func BenchmarkTelemetry(b *testing.B) {
	binary := build(b)
	var spans atomic.Int64 // batches of them
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		spans.Add(1)
	}))
	b.Cleanup(collector.Close)
	systems := []*instance{
		launch(b, "off", binary, "OTEL_SDK_DISABLED=true"),
		launch(b, "metrics", binary),
		launch(b, "metrics+spans", binary, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL),
	}
	for _, s := range systems {
		s.do(b, "POST", "/conversations/import", rows(0, 100), 200)
	}
	for _, r := range []struct {
		name, method, path, body string
		times                    int // each of b.N is so many requests
	}{
		{"get_widget", "GET", "/widgets/{client}", "", 40},
		{"get_conversation_20", "GET", "/conversations/{conversation}", "", 1},
		{"list_20", "GET", "/conversations", "", 1},
		{"post_message", "POST", "/conversations/{conversation}/messages", `{"content":"Thank you, that is what I was looking for."}`, 1},
	} {
		b.Run(r.name, func(b *testing.B) {
			ratios := make([][]float64, len(systems))
			for _, s := range systems {
				s.aim(b, r.path)
			}
			askAll(b, systems, r.method, r.body, min(b.N, round)) // to warm up
			for _, s := range systems {
				s.used = 0
			}
			for done := 0; done < b.N; done += round {
				before := make([]time.Duration, len(systems))
				for i, s := range systems {
					before[i] = s.processors(b)
				}
				askAll(b, systems, r.method, r.body, r.times*min(round, b.N-done))
				var off time.Duration
				for i, s := range systems {
					used := s.processors(b) - before[i]
					if i == 0 {
						off = max(used, 1)
					}
					s.used += used
					ratios[i] = append(ratios[i], float64(used)/float64(off))
				}
			}
			for i, s := range systems {
				b.ReportMetric(float64(s.used.Microseconds())/float64(r.times*b.N), s.name+"-µs/req")
				if i > 0 {
					slices.Sort(ratios[i])
					n := len(ratios[i])
					b.ReportMetric(ratios[i][n/2], s.name+"/off")
					b.ReportMetric((ratios[i][n*3/4]-ratios[i][n/4])/2, s.name+"±")
				}
			}
		})
	}
	if spans.Load() == 0 {
		b.Error("no span was sent anywhere")
	}
}

// launch starts a system whose environment is env alone.
func launch(b *testing.B, name, binary string, env ...string) *instance {
	b.Helper()
	s := start(b, binary, env...)
	site := s.Demo.Websites[0]
	return &instance{name: name, System: s, client: client{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, s.Demo.URL, site.Tokens["READ_WRITE"]}}
}

func (s *instance) processors(b *testing.B) time.Duration {
	used, err := alone.Processors(s.PID)
	if err != nil {
		b.Fatal(err)
	}
	return used
}

// aim has requests go to path, in which {client} and {conversation} stand for what there is.
func (s *instance) aim(b *testing.B, path string) {
	path = strings.ReplaceAll(path, "{client}", s.Demo.Websites[0].ClientToken)
	s.paths = []string{path}
	if strings.Contains(path, "{conversation}") {
		s.paths = s.paths[:0]
		for _, t := range tokenForm.FindAllString(s.do(b, "GET", "/conversations?limit=100", "", http.StatusOK), -1) {
			s.paths = append(s.paths, strings.ReplaceAll(path, "{conversation}", t))
		}
	}
}

// askAll sends n requests to each system, by some clients at once.
func askAll(b *testing.B, systems []*instance, method, body string, n int) {
	status := http.StatusOK
	if method == "POST" {
		status = http.StatusCreated
	}
	var turn atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := int(turn.Add(1)); i <= n; i = int(turn.Add(1)) {
				for j := range systems {
					s := systems[(i+j)%len(systems)]
					s.do(b, method, s.paths[i%len(s.paths)], body, status)
				}
			}
		})
	}
	all.Wait()
}
