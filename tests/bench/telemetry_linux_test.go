package bench

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fivechat.dev/tests/process"
)

// launches is how often the systems are restarted: two processes of the same program differ by some hundredths.
const launches = 7

// instance is a system in its own process.
type instance struct {
	name string
	*process.System
	client
	paths []string // requested paths
}

// BenchmarkTelemetry compares three systems: one with metrics and spans, at the default sampling, one with metrics
// only, and one with neither (OTEL_SDK_DISABLED). Requests alternate between them, so that other load on the machine
// affects all alike. µs/req is the processor time of a request in the system's process, without client and collector.
// At the end it reports, for all launches together, how much more a request takes than with neither, and the range of
// the launches. Few requests say little: -benchtime 2000x.
func BenchmarkTelemetry(b *testing.B) {
	binary := build(b)
	var spans atomic.Int64 // batches of spans
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		spans.Add(1)
	}))
	b.Cleanup(collector.Close)
	used := map[string][][]float64{} // µs per request by operation, launch and system
	for n := range launches {
		b.Run(fmt.Sprint("launch_", n+1), func(b *testing.B) {
			systems := []*instance{
				launch(b, "off", binary, "OTEL_SDK_DISABLED=true"),
				launch(b, "metrics", binary),
				launch(b, "metrics+spans", binary, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL),
			}
			for _, s := range systems {
				s.do(b, "POST", "/conversations/import", rows(0, 100), 200)
			}
			for _, r := range observed {
				b.Run(r.name, func(b *testing.B) {
					for len(used[r.name]) <= n {
						used[r.name] = append(used[r.name], nil)
					}
					used[r.name][n] = r.measure(b, systems)
				})
			}
		})
	}
	if spans.Load() == 0 {
		b.Error("no span was sent")
	}
	for _, r := range observed {
		for i, what := range []string{1: "metrics", 2: "metrics and spans"} {
			if all := used[r.name]; i > 0 && len(all) > 0 {
				with, without, least, most := 0.0, 0.0, math.Inf(1), 0.0
				for _, one := range all {
					with, without = with+one[i], without+one[0]
					least, most = min(least, one[i]/one[0]), max(most, one[i]/one[0])
				}
				fmt.Printf("%s with %s: x%.3f (launches x%.3f to x%.3f)\n", r.name, what, with/without, least, most)
			}
		}
	}
}

// observedRequest is a request to the systems.
type observedRequest struct {
	name, method, path, body string
	times                    int // each of b.N is this many requests: cheap ones are sent more often
}

var observed = []observedRequest{
	{"get_widget", "GET", "/widgets/{client}", "", 40},
	{"get_conversation_20", "GET", "/conversations/{conversation}", "", 1},
	{"list_20", "GET", "/conversations", "", 1},
	{
		"post_message", "POST", "/conversations/{conversation}/messages",
		`{"content":"Thank you, that is what I was looking for."}`, 1,
	},
}

// measure returns each system's processor time of a request, in microseconds.
func (r observedRequest) measure(b *testing.B, systems []*instance) (used []float64) {
	const warm = 250
	for _, s := range systems {
		s.aim(b, r.path)
	}
	askAll(b, systems, r.method, r.body, min(b.N, warm))
	for _, s := range systems {
		used = append(used, -s.processors(b))
	}
	askAll(b, systems, r.method, r.body, r.times*b.N)
	for i, s := range systems {
		used[i] = (used[i] + s.processors(b)) / float64(r.times*b.N)
		b.ReportMetric(used[i], s.name+"-µs/req")
	}
	return used
}

// launch starts a system with env as its only environment.
func launch(b *testing.B, name, binary string, env ...string) *instance {
	b.Helper()
	s := start(b, binary, env...)
	site := s.Demo.Websites[0]
	return &instance{
		name: name, System: s,
		client: client{
			&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, s.Demo.URL,
			site.Tokens["READ_WRITE"],
		},
	}
}

// processors is the processor time that the system's process has used so far, in microseconds.
func (s *instance) processors(b *testing.B) float64 {
	used, err := process.Processors(s.PID)
	if err != nil {
		b.Fatal(err)
	}
	return float64(used.Nanoseconds()) / 1000
}

// aim directs requests to path, in which {client} and {conversation} are replaced by existing objects.
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

// askAll sends n requests to each system, in some concurrent clients.
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
