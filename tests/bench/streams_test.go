package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/process"
)

const (
	streams = 5_000
	perHead = 5 // a visitor's open pages
	patient = 60 * time.Second
)

// BenchmarkStreams opens 5,000 streams of visitors to a system in its own process, and then measures how long an
// agent's message takes to reach its visitor. The memory is the process's resident memory with all streams open.
func BenchmarkStreams(b *testing.B) {
	s := startDemo(b)
	before := s.resident(b)
	visitors := make([]guest, streams/perHead)
	for i := range visitors {
		visitors[i] = s.visitor(b)
	}
	talking := visitors[0]
	conversation := tokenForm.FindString(s.ask(b, "POST", "/visitor/conversations", `{"content":"Hello?"}`, "x-visitor-id",
		talking.token, "x-visitor-secret", talking.secret))
	received := make(chan string, 64)
	for _, v := range visitors {
		for range perHead {
			s.listen(b, v, func(text string) {
				if v == talking {
					received <- text
				}
			})
		}
	}
	open := s.resident(b)
	var took []time.Duration
	for b.Loop() {
		text := fmt.Sprint("message ", len(took))
		start := time.Now()
		s.ask(b, "POST", "/conversations/"+conversation+"/messages", `{"content":"`+text+`"}`, "Authorization",
			"Bearer "+s.token)
		for range perHead {
			select {
			case got := <-received:
				if got != text {
					b.Fatalf("received %q, want %q", got, text)
				}
			case <-time.After(patient):
				b.Fatal("a stream does not get a message")
			}
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(streams, "streams")
	b.ReportMetric(before, "idle-MB")
	b.ReportMetric(open, "open-MB")
	b.ReportMetric((open-before)*1000/streams, "KB/stream")
}

// BenchmarkWidgetScript loads the widget's script, and reports its transferred bytes.
func BenchmarkWidgetScript(b *testing.B) {
	s, err := system.Start(b.Context(), system.Options{Demo: true, Settings: generous(b), Log: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	c := client{
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}},
		s.URL(), "",
	}
	size := 0
	for b.Loop() {
		size = len(c.do(b, "GET", "/widget/"+s.Demo.Websites[0].ClientToken, "", 200, "Accept-Encoding", "gzip"))
	}
	b.ReportMetric(float64(size), "bytes")
}

// demoProcess is a running system.
type demoProcess struct {
	pid                int
	url, client, token string
	http               *http.Client
}

// startDemo builds the program and runs it with the demo's websites.
func startDemo(b *testing.B) demoProcess {
	b.Helper()
	s := start(b, build(b))
	site := s.Demo.Websites[0]
	return demoProcess{
		s.PID, s.Demo.URL, site.ClientToken, site.Tokens["READ_WRITE"],
		&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
}

// guest is a visitor's credential.
type guest struct{ token, secret string }

var (
	visitorToken  = regexp.MustCompile(`vis_[a-z0-9]+`)
	visitorSecret = regexp.MustCompile(`vsec_[a-z0-9]+`)
)

// resident is the process's memory in megabytes.
func (p demoProcess) resident(b *testing.B) float64 {
	b.Helper()
	n, err := process.Memory(p.pid)
	if err != nil {
		b.Skipf("the process's memory is unknown here: %v", err)
	}
	return float64(n) / 1e6
}

func (p demoProcess) ask(b *testing.B, method, path, body string, header ...string) string {
	b.Helper()
	return client{p.http, p.url, ""}.do(b, method, path, body, 201, header...)
}

func (p demoProcess) visitor(b *testing.B) guest {
	b.Helper()
	made := p.ask(b, "POST", "/visitor/sessions", `{"clientToken":"`+p.client+`"}`)
	return guest{visitorToken.FindString(made), visitorSecret.FindString(made)}
}

// listen opens a visitor's stream, and calls received with the agents' messages. It returns when the stream is open.
func (p demoProcess) listen(b *testing.B, visitor guest, received func(string)) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", p.url+"/visitor/events", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("x-visitor-id", visitor.token)
	req.Header.Set("x-visitor-secret", visitor.secret)
	resp, err := p.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("a stream responds with %s", resp.Status)
	}
	ready := make(chan struct{})
	go func() {
		defer resp.Body.Close()
		open := false
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			data, is := strings.CutPrefix(lines.Text(), "data: ")
			if !is {
				continue
			}
			if !open {
				open = true
				close(ready)
				continue
			}
			var e struct {
				Data struct {
					Message struct{ Content, SenderType string }
				}
			}
			if json.Unmarshal([]byte(data), &e) == nil && e.Data.Message.SenderType == "USER" {
				received(e.Data.Message.Content)
			}
		}
	}()
	<-ready
}
