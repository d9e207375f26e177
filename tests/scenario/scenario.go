// Package scenario runs visitors and agents of one website while faults are injected. Each action is repeated until it
// is acknowledged or refused. At the end Check compares the system with what was acknowledged: everything is there
// once, and every consumer of the events has seen it.
package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// The bounds of waiting.
const (
	Decided    = 100 * time.Second // a request whose process died is decided by then: longer than its lease
	settledFor = 60 * time.Second  // until statistics and webhooks have caught up
)

// Exchange is one request and its result: a status and headers, or an error.
type Exchange struct {
	Began, Ended time.Time
	Method, Path string
	Status       int
	Header       http.Header
	Err          error
}

// Scenario is the activity on one website.
type Scenario struct {
	Saw func(Exchange) // if set, called with each request of actors and followers, concurrently

	t        *testing.T
	f        *cluster.Cluster
	w        *harness.Website
	receiver *harness.Receiver
	copies   []*harness.Copy // of a second system, for each export
	done     atomic.Int64
	mu       sync.Mutex
	did      map[string]int // acknowledged actions by kind
}

// Begin creates a website with a webhook for all events.
func Begin(t *testing.T, f *cluster.Cluster) *Scenario {
	t.Helper()
	c := &Scenario{t: t, f: f, w: f.Website(t, harness.Pro), did: map[string]int{}, receiver: harness.Receive(t, nil)}
	c.w.NewWebhook(t, c.receiver.URL, "*")
	return c
}

// Website returns the website.
func (c *Scenario) Website() *harness.Website { return c.w }

// Act lets an actor do one action after the other, until next returns none.
func (c *Scenario) Act(next func() (action string, more bool)) {
	a := &actor{Scenario: c}
	for action, more := next(); more; action, more = next() {
		a.do(action)
		c.done.Add(1)
	}
}

// Done returns how many actions are done.
func (c *Scenario) Done() int64 { return c.done.Load() }

// Follow lets a second system follow all exports until done is called.
func (c *Scenario) Follow() (done func()) {
	agent := map[string]string{"Authorization": "Bearer " + c.w.Secret(harness.Read)}
	ctx, stop := context.WithCancel(c.t.Context())
	var following sync.WaitGroup
	for _, kind := range []string{"conversations", "messages", "visitors", "tickets"} {
		one := harness.NewCopy(kind, "?limit=7", func(path string) (int, []byte, error) {
			return c.once("GET", path, "", agent, nil)
		})
		c.copies = append(c.copies, one)
		following.Go(func() {
			pause := time.NewTicker(100 * time.Millisecond)
			defer pause.Stop()
			for ctx.Err() == nil {
				one.Pull(c.t)
				<-pause.C
			}
		})
	}
	return func() {
		stop()
		following.Wait()
	}
}

// Store returns the database of the system.
func (c *Scenario) Store() *mongo.Database {
	c.t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(c.f.Env["MONGODB_URI"]))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(c.f.Env["MONGODB_DATABASE"])
}

func (c *Scenario) acknowledge(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did[what] += n
}

// untilDecided repeats a request until it is decided. It returns nil if the request was executed but its response was
// lost with a process.
func (c *Scenario) untilDecided(method, path string, header map[string]string, body harness.Map) map[string]any {
	content, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return nil
	}
	key := harness.Unique("key-")
	var answer map[string]any
	harness.Eventually(c.t, Decided, method+" "+path+" is decided", func() (bool, any) {
		status, b, err := c.once(method, path, key, header, content)
		answer = nil
		switch {
		case err != nil || status >= 500 || status == http.StatusTooManyRequests ||
			strings.Contains(string(b), `"idempotency_in_progress"`):
			return false, fmt.Sprint(status, " ", err, " ", string(b))
		case strings.Contains(string(b), `"idempotency_answer_lost"`):
			return true, nil
		case status >= 300:
			c.t.Errorf("%s %s: %d %s", method, path, status, b)
			return true, nil
		case status == http.StatusNoContent:
		case json.Unmarshal(b, &answer) != nil:
			c.t.Errorf("%s %s: %s", method, path, b)
		}
		return true, nil
	})
	return answer
}

func (c *Scenario) once(method, path, key string, header map[string]string, content []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.f.URL+path, bytes.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	began := time.Now()
	resp, err := persistentClient.Do(req)
	if err != nil {
		c.saw(Exchange{began, time.Now(), method, path, 0, nil, err})
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	c.saw(Exchange{began, time.Now(), method, path, resp.StatusCode, resp.Header, err})
	return resp.StatusCode, b, err
}

func (c *Scenario) saw(x Exchange) {
	if c.Saw != nil && c.t.Context().Err() == nil {
		c.Saw(x)
	}
}

var persistentClient = &http.Client{Timeout: 20 * time.Second}
