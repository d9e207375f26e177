// Package bench measures requests through the edge, with the whole system in one process and its data on disk. It
// reports requests per second and the processor time of one request, including the client's. On a shared machine only
// the latter, and ratios within one run, can be compared.
package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

const (
	clients       = 16
	conversations = 2_000
	turns         = 20
)

var tokenForm = regexp.MustCompile(`conv_[a-z0-9]+`)

// generous returns the settings of a system whose quotas no benchmark exhausts.
func generous(b *testing.B) *system.Settings {
	b.Helper()
	path, err := harness.GenerousQuotas(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	settings := system.DefaultSettings()
	settings.Gateway.QuotasFile = path
	return &settings
}

// demo starts the whole system with the demo's websites, its data in a folder, and returns a client of the first of
// them.
func demo(b *testing.B, dir string) (*system.System, client) {
	b.Helper()
	s, err := system.Start(b.Context(), system.Options{Data: dir, Settings: generous(b), Demo: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return s, client{
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}, s.URL(),
		s.Demo.Websites[0].Tokens["READ_WRITE"],
	}
}

// build builds the program.
func build(b *testing.B) string {
	b.Helper()
	binaries, err := process.Build(b.Context(), map[string]string{"fivechat": process.Fivechat})
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Join(binaries, "fivechat")
}

// start runs the program in its own process, with env as its only environment.
func start(b *testing.B, binary string, env ...string) *process.System {
	b.Helper()
	s, err := process.Start(b.Context(), binary, b.TempDir(), env...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func BenchmarkEdge(b *testing.B) {
	s, c := demo(b, b.TempDir())
	site := s.Demo.Websites[0]
	for first := 0; first < conversations; first += 100 {
		c.do(b, "POST", "/conversations/import", rows(first, 100), 200)
	}
	tokens := tokenForm.FindAllString(c.do(b, "GET", "/conversations?limit=100", "", 200), -1)
	every := func(suffix string) []string {
		paths := make([]string, len(tokens))
		for i, t := range tokens {
			paths[i] = "/conversations/" + t + suffix
		}
		return paths
	}
	message := `{"content":"Thank you, that is what I was looking for."}`
	for _, r := range []struct {
		name, method string
		paths        []string // used in turn
		body         string
	}{
		{"get_conversation_20", "GET", every(""), ""},
		{"list_20_of_2000", "GET", []string{"/conversations"}, ""},
		{"get_widget", "GET", []string{"/widgets/" + site.ClientToken}, ""},
		{"statistics", "GET", []string{"/statistics/current"}, ""},
		{"post_message", "POST", every("/messages"), message},
		{"create_ticket", "POST", []string{"/tickets"}, `{"title":"Where is my parcel?"}`},
	} {
		status := 200
		if r.method == "POST" {
			status = 201
		}
		b.Run(r.name, func(b *testing.B) {
			b.SetParallelism(clients / 2)
			var turn atomic.Int64
			before, start := processorTime(b), time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.do(b, r.method, r.paths[int(turn.Add(1))%len(r.paths)], r.body, status)
				}
			})
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "req/s")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/req")
		})
	}
}

type client struct {
	http       *http.Client
	url, token string
}

// do sends a request, with more headers given as pairs of name and value.
func (c client) do(b *testing.B, method, path, body string, status int, header ...string) string {
	req, err := http.NewRequestWithContext(b.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return ""
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		b.Error(err)
		return ""
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		b.Errorf("%s %s: %d %v %s", method, path, resp.StatusCode, err, answer)
	}
	return string(answer)
}

func rows(first, n int) string {
	var s strings.Builder
	s.WriteString(`{"rows":[`)
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"key":"%d","topics":["Travel"],"turns":[`, first+i)
		for j := range turns {
			if j > 0 {
				s.WriteByte(',')
			}
			fmt.Fprintf(&s, `{"from":%q,"text":"Turn %d of a conversation about flights, hotels and what else there is."}`,
				[]string{"visitor", "agent"}[j%2], j)
		}
		s.WriteString("]}")
	}
	s.WriteString("]}")
	return s.String()
}

// processorTime is the processor time of this process.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
