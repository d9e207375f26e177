package k8s_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// mostTold bounds the failures that are logged one by one.
const mostTold = 5

// load sends the requests of visitors and agents during a change of the cluster.
type load struct {
	t      *testing.T
	site   *harness.Website
	client *http.Client
	asked  atomic.Int64
	failed atomic.Int64
	stop   context.CancelFunc
	all    sync.WaitGroup

	mu   sync.Mutex
	said []string // the acknowledged messages
}

// begin starts clients, each of which sends one request after the other over kept connections until the load ends:
// visitors who write and read, agents who reply and list, pages that get the widget's settings.
func begin(t *testing.T, s harness.System, callers int) *load {
	t.Helper()
	w := s.Website(t, harness.Pro)
	secret := "Bearer " + w.Secret(harness.ReadWrite)
	ctx, stop := context.WithCancel(t.Context())
	l := &load{t: t, site: w, stop: stop, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 4 * callers},
	}}
	for range callers {
		v := w.Visit(t, nil)
		token := v.Open(t, "Hello")
		visitor := func(method, path string, body harness.Map) {
			l.ask(ctx, method, path, body, "x-visitor-id", v.Token, "x-visitor-secret", v.Secret)
		}
		agent := func(method, path string, body harness.Map) { l.ask(ctx, method, path, body, "Authorization", secret) }
		l.all.Go(func() {
			for ctx.Err() == nil {
				visitor("POST", "/visitor/conversations/"+token+"/messages",
					harness.Map{"content": harness.Unique("Are you there? ")})
				agent("POST", "/conversations/"+token+"/messages", harness.Map{"content": harness.Unique("I am. ")})
				visitor("GET", "/visitor/conversations/"+token+"/messages?after=0", nil)
				agent("GET", "/conversations?limit=5", nil)
				agent("GET", "/statistics/current", nil)
				agent("POST", "/tickets", harness.Map{"title": "A ticket"})
				l.ask(ctx, "GET", "/widgets/"+w.ClientToken, nil, "Accept", "application/json")
			}
		})
	}
	t.Cleanup(stop)
	return l
}

// ask sends one request, once. It is counted unless the load ended meanwhile.
func (l *load) ask(ctx context.Context, method, path string, body harness.Map, header ...string) {
	if ctx.Err() != nil {
		return
	}
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			l.t.Error(err)
			return
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, l.site.URL+path, content)
	if err != nil {
		l.t.Error(err)
		return
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", harness.Unique("load-"))
	}
	start := time.Now()
	err = l.once(req)
	l.asked.Add(1)
	if err != nil && l.failed.Add(1) <= mostTold {
		l.t.Logf("%s %s failed after %v: %v", method, path, time.Since(start).Round(time.Millisecond), err)
	}
	if content, is := body["content"].(string); is && err == nil {
		l.mu.Lock()
		l.said = append(l.said, content)
		l.mu.Unlock()
	}
}

func (l *load) once(req *http.Request) error {
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%d %.200s", resp.StatusCode, answer)
	}
	return err
}

// end stops the clients and returns the number of requests and of failures.
func (l *load) end() (asked, failed int64) {
	l.stop()
	l.all.Wait()
	l.client.CloseIdleConnections()
	return l.asked.Load(), l.failed.Load()
}

// assertStored checks that each acknowledged message is stored exactly once.
func (l *load) assertStored(t *testing.T) {
	t.Helper()
	there := map[string]int64{} // ids by content
	query, more := "", true
	for range harness.Pages(t) {
		a := l.site.Agent().Do(t, "GET", "/export/messages"+query, nil).Want(t, 200)
		for line := range bytes.Lines(a.Body) {
			var row struct {
				ID              int64
				Content, Cursor string
				EndOfStream     *bool
			}
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if row.EndOfStream != nil {
				query, more = "?cursor="+url.QueryEscape(row.Cursor), !*row.EndOfStream
				continue
			}
			if id, twice := there[row.Content]; twice && id != row.ID && row.Content != "Hello" {
				t.Errorf("%q is stored twice", row.Content)
			}
			there[row.Content] = row.ID
		}
		if !more {
			break
		}
	}
	for _, content := range l.said {
		if there[content] == 0 {
			t.Errorf("%q was acknowledged but isn't stored", content)
		}
	}
}
