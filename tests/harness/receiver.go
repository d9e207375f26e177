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

// Object is the body.
func (r Received) Object(t testing.TB) Object {
	t.Helper()
	return Answer{t: t, Body: r.Body}.Object()
}

// Receiver is where webhooks lead: without TLS, on loopback if the system under test is not elsewhere.
type Receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []Received
}

// Receive starts a Receiver that answers as answer does, or takes everything where that is nil.
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

// Got is what has come so far.
func (r *Receiver) Got() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.got...)
}

// taking is a receiver that takes everything, as long as the test binary runs.
var taking = sync.OnceValue(func() string {
	return serve(func(http.ResponseWriter, *http.Request) {}).URL
})

// serve answers on loopback, or, for a system that is elsewhere, at the address of this machine that FIVECHAT_TEST_HOST
// names.
func serve(answer http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(answer)
	if host := os.Getenv("FIVECHAT_TEST_HOST"); host != "" {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			panic("FIVECHAT_TEST_HOST: " + err.Error()) // as httptest does where it cannot listen
		}
		_ = s.Listener.Close() // nobody has it yet
		s.Listener = l
	}
	s.Start()
	return s
}

// NewWebhook makes a webhook that leads to an address and is told of some types of events.
func (w *Website) NewWebhook(t testing.TB, url string, events ...string) Object {
	t.Helper()
	return w.Agent().Send(t, 201, "POST", "/webhooks", Map{"url": url, "events": events})
}

// NewDelivery makes a delivery to a webhook, which takes it, and gives its id.
func (w *Website) NewDelivery(t testing.TB, webhook string) string {
	t.Helper()
	delivery := PathID(w.Agent().Send(t, 202, "POST", "/webhooks/"+webhook+"/test", nil).Int("id"))
	w.Delivered(t, webhook, delivery, "DELIVERED")
	return delivery
}

// Delivered waits until a delivery has a status, and gives it.
func (w *Website) Delivered(t testing.TB, webhook, delivery, status string) (d Object) {
	t.Helper()
	Eventually(t, 2*Patience, "the delivery is "+status, func() (bool, any) {
		d = w.Agent().Get(t, "/webhooks/"+webhook+"/deliveries/"+delivery)
		return d.Text("status") == status, d
	})
	return d
}
