package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// round is how many requests go to one system before it is the other's turn. The kernel counts processor time in
// hundredths of a second, so requests that take little of it are sent more often.
const round = 250

// instance is a system in a process of its own.
type instance struct {
	name string
	client
	demo *system.Demo
	pid  int
	used time.Duration // of the processors, in the rounds so far
	last time.Duration // in the last one
}

// BenchmarkTelemetry compares three systems: one with metrics and spans, at the default sampling, one with metrics alone,
// and one with neither (OTEL_SDK_DISABLED). Rounds take turns, so that what the machine does beside them falls on all
// alike. µs/req is the processor time of a request in the system's process, client and collector not included; the ratios
// are to the one with neither, each the median of the rounds'. A few rounds say little: -benchtime 10000x.
func BenchmarkTelemetry(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "fivechat")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "fivechat.dev/deploy/fivechat")
	build.Dir = harness.Root(b)
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var spans atomic.Int64 // batches of them
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		spans.Add(1)
	}))
	b.Cleanup(collector.Close)
	quotas := plenty(b)
	systems := []*instance{
		launch(b, "off", binary, "FIVECHAT_QUOTAS="+quotas, "OTEL_SDK_DISABLED=true"),
		launch(b, "metrics", binary, "FIVECHAT_QUOTAS="+quotas),
		launch(b, "metrics+spans", binary, "FIVECHAT_QUOTAS="+quotas, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL),
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

// launch starts a system with a demo, whose environment is env alone, and waits until it answers.
func launch(b *testing.B, name, binary string, env ...string) *instance {
	b.Helper()
	dir := b.TempDir()
	c := exec.Command(binary, "run", "--demo", "--listen", harness.FreeAddrs(b, 1)[0], "--data", dir)
	var log bytes.Buffer
	c.Env, c.Stderr = append(env, "HOME="+dir), &log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // also where this process is killed
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			b.Errorf("%v\n%s", err, &log)
		}
	})
	s := &instance{name: name, pid: c.Process.Pid}
	harness.Eventually(b, 30*time.Second, "the system runs", func() (bool, any) {
		text, err := os.ReadFile(filepath.Join(dir, "demo.json"))
		if err == nil {
			err = json.Unmarshal(text, &s.demo)
		}
		return err == nil, err
	})
	s.client = client{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, s.demo.URL, s.demo.Websites[0].Tokens["READ_WRITE"]}
	return s
}

// measured is ask, with the processor time that the system's process used meanwhile.
func (s *instance) measured(b *testing.B, method, path, body string, n int) {
	before := s.processors(b)
	s.ask(b, method, path, body, n)
	s.last = s.processors(b) - before
	s.used += s.last
}

func (s *instance) processors(b *testing.B) time.Duration {
	p, err := procfs.NewProc(s.pid)
	if err != nil {
		b.Fatal(err)
	}
	stat, err := p.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(stat.CPUTime() * float64(time.Second))
}

// ask sends n requests by some clients at once. {client} and {conversation} stand for what there is.
func (s *instance) ask(b *testing.B, method, path, body string, n int) {
	path = strings.ReplaceAll(path, "{client}", s.demo.Websites[0].ClientToken)
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
