package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/alone"
)

// round is how many requests go to one system before it is the other's turn. Requests that take little are sent more often.
const round = 250

// instance is a system in a process of its own.
type instance struct {
	name string
	*alone.System
	client
	used time.Duration // of the processors, in the rounds so far
	last time.Duration // in the last one
}

// BenchmarkTelemetry compares three systems: one with metrics and spans, at the default sampling, one with metrics alone,
// and one with neither (OTEL_SDK_DISABLED). Rounds take turns, so that what the machine does beside them falls on all
// alike. µs/req is the processor time of a request in the system's process, client and collector not included; the ratios
// are to the one with neither, each the median of the rounds'. A few rounds say little: -benchtime 10000x.
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
				s.ask(b, r.method, r.path, r.body, min(b.N, round)) // to warm up
				s.used = 0
			}
			for done, turn := 0, 0; done < b.N; done, turn = done+round, turn+1 {
				for i := range systems {
					systems[(turn+i)%len(systems)].measured(b, r.method, r.path, r.body, r.times*min(round, b.N-done))
				}
				for i, s := range systems {
					ratios[i] = append(ratios[i], float64(s.last)/float64(max(systems[0].last, 1)))
				}
			}
			for i, s := range systems {
				b.ReportMetric(float64(s.used.Microseconds())/float64(r.times*b.N), s.name+"-µs/req")
				if i > 0 {
					slices.Sort(ratios[i])
					b.ReportMetric(ratios[i][len(ratios[i])/2], s.name+"/off")
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

// measured is ask, with the processor time that the system's process used meanwhile.
func (s *instance) measured(b *testing.B, method, path, body string, n int) {
	before := s.processors(b)
	s.ask(b, method, path, body, n)
	s.last = s.processors(b) - before
	s.used += s.last
}

func (s *instance) processors(b *testing.B) time.Duration {
	used, err := alone.Processors(s.PID)
	if err != nil {
		b.Fatal(err)
	}
	return used
}

// ask sends n requests by some clients at once. {client} and {conversation} stand for what there is.
func (s *instance) ask(b *testing.B, method, path, body string, n int) {
	path = strings.ReplaceAll(path, "{client}", s.Demo.Websites[0].ClientToken)
	status := http.StatusOK
	if method == "POST" {
		status = http.StatusCreated
	}
	paths := []string{path}
	if strings.Contains(path, "{conversation}") {
		paths = paths[:0]
		for _, t := range tokenForm.FindAllString(s.do(b, "GET", "/conversations?limit=100", "", http.StatusOK), -1) {
			paths = append(paths, strings.ReplaceAll(path, "{conversation}", t))
		}
	}
	var turn atomic.Int64
	done := make(chan struct{}, clients)
	for range clients {
		go func() {
			for i := turn.Add(1); int(i) <= n; i = turn.Add(1) {
				s.do(b, method, paths[int(i)%len(paths)], body, status)
			}
			done <- struct{}{}
		}()
	}
	for range clients {
		<-done
	}
}
