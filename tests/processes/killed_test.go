package processes_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// outlasts is longer than the lease of a request whose process has died.
const outlasts = 90 * time.Second

// repeated holds the messages that a visitor posted to a killed replica, and where to post them again.
type repeated struct {
	w            *harness.Website
	v            harness.Session
	path         string
	keys         []string // every sent key, which is also the message's text
	acknowledged map[string]bool
}

// killed kills a replica of the conversations service while a visitor's messages are posted to it, each with an
// idempotency key.
func killed(t *testing.T, f *cluster.Cluster) repeated {
	const writers, acknowledged = 16, 64 // the replica is killed after this many responses
	other, processes := f.Replica(t)
	w := f.Website(t, harness.Free)
	v := w.Visit(t, nil)
	r := repeated{
		w: w, v: v, path: "/visitor/conversations/" + v.Open(t, "first") + "/messages",
		acknowledged: map[string]bool{},
	}
	c := http.Client{Timeout: 20 * time.Second}
	var mu sync.Mutex
	post := func() (alive bool) {
		key := harness.Unique("key-")
		req, err := http.NewRequestWithContext(t.Context(), "POST", other.URL+r.path,
			strings.NewReader(`{"content":"`+key+`"}`))
		if err != nil {
			t.Error(err)
			return false
		}
		req.Header.Set("Idempotency-Key", key)
		req.Header.Set("X-Visitor-Id", v.Token)
		req.Header.Set("X-Visitor-Secret", v.Secret)
		mu.Lock()
		r.keys = append(r.keys, key)
		mu.Unlock()
		resp, err := c.Do(req)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusCreated {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if r.acknowledged[key] = true; len(r.acknowledged) == acknowledged {
			processes[1].Kill(t)
		}
		return true
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for post() {
			}
		})
	}
	all.Wait()
	if len(r.acknowledged) < acknowledged || len(r.keys) == len(r.acknowledged) {
		t.Errorf("of %d messages %d were acknowledged", len(r.keys), len(r.acknowledged))
	}
	return r
}

// again posts every message again, to a living replica. Each is stored once, even if its response was lost.
func (r repeated) again(t *testing.T) {
	for _, key := range r.keys {
		harness.Eventually(t, outlasts, "a request whose process died is decided", func() (bool, any) {
			a := r.v.With("Idempotency-Key", key).Do(t, "POST", r.path, harness.Map{"content": key})
			switch {
			case a.Status == http.StatusCreated:
				if replayed := a.Header.Get("Idempotency-Replayed") == "true"; r.acknowledged[key] && !replayed {
					t.Errorf("an acknowledged message was posted again: %s", a.Body)
				}
				return true, nil
			case a.Status == http.StatusConflict && a.Object().Text("code") == "idempotency_answer_lost" && !r.acknowledged[key]:
				return true, nil
			case a.Status != http.StatusConflict || a.Object().Text("code") != "idempotency_in_progress":
				t.Errorf("%d %s", a.Status, a.Body)
				return true, nil
			}
			return false, string(a.Body)
		})
	}
	stored := map[string]int{}
	for _, m := range r.w.Agent().Get(t, strings.TrimPrefix(r.path, "/visitor")).List("messages") {
		stored[m.Text("content")]++
	}
	for _, key := range r.keys {
		if stored[key] != 1 {
			t.Errorf("message %s is stored %d times", key, stored[key])
		}
	}
}
