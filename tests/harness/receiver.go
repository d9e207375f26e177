package harness

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"
)

// Received is a request that a Receiver got.
type Received struct {
	Path   string
	Header http.Header
	Body   []byte
	At     time.Time
}

// Object returns the body.
func (r Received) Object(t testing.TB) Object {
	t.Helper()
	return Answer{t: t, Body: r.Body}.Object()
}

// Receiver is a webhook's endpoint: without TLS, on loopback unless the system under test runs on another machine.
type Receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []Received
}

// Receive starts a Receiver that answers as answer does. If answer is nil, it accepts everything.
func Receive(t testing.TB, answer http.HandlerFunc) *Receiver {
	t.Helper()
	r := &Receiver{}
	r.Server = serve(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, Received{req.URL.Path, req.Header, body, time.Now()})
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	})
	t.Cleanup(r.Close)
	return r
}

// Got returns the requests received so far.
func (r *Receiver) Got() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.got...)
}

// acceptingURL returns the URL of a receiver that accepts everything and lives as long as the test binary.
var acceptingURL = sync.OnceValue(func() string {
	return serve(func(http.ResponseWriter, *http.Request) {}).URL
})

// serve listens on loopback. If the system is on another machine, it listens at this machine's address from
// FIVECHAT_TEST_HOST.
func serve(answer http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(answer)
	if host := os.Getenv("FIVECHAT_TEST_HOST"); host != "" {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			panic("FIVECHAT_TEST_HOST: " + err.Error()) // as httptest does if it cannot listen
		}
		_ = s.Listener.Close() // no client knows its address yet
		s.Listener = l
	}
	s.Start()
	return s
}

// NewWebhook creates a webhook with a URL and the types of events it receives.
func (w *Website) NewWebhook(t testing.TB, url string, events ...string) Object {
	t.Helper()
	return w.Agent().Send(t, 201, "POST", "/webhooks", Map{"url": url, "events": events})
}

// NewDelivery creates a delivery that its webhook's endpoint accepts, and returns its id.
func (w *Website) NewDelivery(t testing.TB, webhook string) string {
	t.Helper()
	delivery := PathID(w.Agent().Send(t, 202, "POST", "/webhooks/"+webhook+"/test", nil).Int("id"))
	w.Delivered(t, webhook, delivery, "DELIVERED")
	return delivery
}

// Delivered waits until a delivery has a status, and returns it.
func (w *Website) Delivered(t testing.TB, webhook, delivery, status string) (d Object) {
	t.Helper()
	Eventually(t, 2*Patience, "the delivery is "+status, func() (bool, any) {
		d = w.Agent().Get(t, "/webhooks/"+webhook+"/deliveries/"+delivery)
		return d.Text("status") == status, d
	})
	return d
}
