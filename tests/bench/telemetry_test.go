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
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// round is how many requests go to one system before it is the other's turn.
const round = 500

// instance is a system in a process of its own.
type instance struct {
	client
	demo *system.Demo
	pid  int
	used time.Duration // of the processors, in the rounds so far
}

// BenchmarkTelemetry compares a system with spans, at the default sampling, and all metrics with one that has neither
// (OTEL_SDK_DISABLED), in rounds that take turns, so that what the machine does beside them falls on both alike. on-µs
// and off-µs are the processor time of a request in each system's process, client and collector not included, and on/off
// their ratio. Figures of less than some ten thousand requests say little: -benchtime 20000x.
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
	on := launch(b, binary, "FIVECHAT_QUOTAS="+quotas, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL)
	off := launch(b, binary, "FIVECHAT_QUOTAS="+quotas, "OTEL_SDK_DISABLED=true")
	for _, s := range []*instance{on, off} {
		s.do(b, "POST", "/conversations/import", rows(0, 100), 200)
	}
	for _, r := range []struct{ name, method, path, body string }{
		{"get_widget", "GET", "/widgets/{client}", ""},
		{"get_conversation_20", "GET", "/conversations/{conversation}", ""},
		{"list_20", "GET", "/conversations", ""},
		{"post_message", "POST", "/conversations/{conversation}/messages", `{"content":"Thank you, that is what I was looking for."}`},
	} {
		b.Run(r.name, func(b *testing.B) {
			on.used, off.used = 0, 0
			for _, s := range []*instance{on, off} {
				s.ask(b, r.method, r.path, r.body, min(b.N, round)) // to warm up
			}
			for done, turn := 0, 0; done < b.N; done, turn = done+round, turn+1 {
				n := min(round, b.N-done)
				first, second := on, off
				if turn%2 == 1 {
					first, second = off, on
				}
				first.measured(b, r.method, r.path, r.body, n)
				second.measured(b, r.method, r.path, r.body, n)
			}
			b.ReportMetric(float64(on.used.Microseconds())/float64(b.N), "on-µs/req")
			b.ReportMetric(float64(off.used.Microseconds())/float64(b.N), "off-µs/req")
			if off.used > 0 {
				b.ReportMetric(float64(on.used)/float64(off.used), "on/off")
			}
		})
	}
	if spans.Load() == 0 {
		b.Error("no span was sent anywhere")
	}
}

// launch starts a system with a demo, whose environment is env alone, and waits until it answers.
func launch(b *testing.B, binary string, env ...string) *instance {
	b.Helper()
	dir := b.TempDir()
	c := exec.Command(binary, "run", "--demo", "--listen", harness.FreeAddrs(b, 1)[0], "--data", dir)
	var log bytes.Buffer
	c.Env, c.Stderr = append(env, "HOME="+dir), &log
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			b.Errorf("%v\n%s", err, &log)
		}
	})
	s := &instance{pid: c.Process.Pid}
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
	s.used += s.processors(b) - before
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
