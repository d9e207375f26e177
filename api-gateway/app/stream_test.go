package app_test

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/store/rediskit"
)

// TestStreamEndsWithItsToken: an announced revocation ends the streams that the token opened, and no others.
func TestStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	h := open(t, func(c *app.Config) { c.Redis.URL = "redis://" + redis.Addr() })
	listening(t, redis, 1)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	read := func(token string) chan error {
		req, err := http.NewRequestWithContext(t.Context(), "GET", h.public+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		ended := make(chan error, 1)
		go func() {
			defer resp.Body.Close()
			_, err := resp.Body.Read(make([]byte, 1))
			ended <- err
		}()
		return ended
	}
	revoked, kept := read(readFree), read(bothPro)
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	h.accounts.remove(hashOf(readFree))
	if err := client.Forget(t.Context(), "token", hashOf(readFree)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-revoked:
	case <-kept:
		t.Error("the stream of another token ended")
	case <-time.After(5 * time.Second):
		t.Error("the stream outlasts its token")
	}
}

// TestStreamsPassWithoutTimeout: a stream outlasts the timeout of requests, arrives as it is written, and ends with the
// gateway.
func TestStreamsPassWithoutTimeout(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	h := open(t, func(c *app.Config) { c.Timeout = timeout })
	next, asked := make(chan string), make(chan *http.Request, 1)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		asked <- r
		for {
			select {
			case frame := <-next:
				_, _ = w.Write([]byte(frame))
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return true
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", h.public+"/visitor/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-visitor-id", someone)
	req.Header.Set("x-visitor-secret", secret)
	req.Header.Set("Last-Event-ID", "1.2.3")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	upstream := <-asked
	if got := upstream.Header; got.Get("Last-Event-ID") != "1.2.3" || got.Get("X-Fivechat-Timeout-Ms") != "" ||
		got.Get("X-Visitor-Id")+got.Get("X-Visitor-Secret") != "" {
		t.Errorf("the service saw %v", got)
	}
	in := bufio.NewReader(resp.Body)
	over := time.After(3 * timeout)
	for frames := 0; ; frames++ {
		select {
		case next <- "data: x\n":
			if line, err := in.ReadString('\n'); err != nil || line != "data: x\n" {
				t.Fatalf("after %d frames: %q, %v", frames, line, err)
			}
			continue
		case <-over:
		}
		break
	}
	ended := make(chan error, 1)
	go func() { _, err := in.ReadString('\n'); ended <- err }()
	if err := h.running.Stop(context.Background()); err != nil {
		t.Error("stop:", err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the stream went on")
		}
	case <-time.After(5 * time.Second):
		t.Error("the stream outlasts the gateway")
	}
}
