// Package processes_test runs the whole system as seven separate processes, configured only by their environment.
package processes_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/journeys"
)

// TestProcesses runs every journey with separate processes, checks the admin ports, and stops the processes one by one.
func TestProcesses(t *testing.T) {
	t.Parallel()
	binaries := cluster.Build(t)
	t.Run("missing settings are named", func(t *testing.T) {
		for _, name := range append([]string{cluster.Gateway}, cluster.Services...) {
			p := cluster.Start(t, filepath.Join(binaries, name), nil)
			if code := p.ExitCode(t); code == 0 || !strings.Contains(p.Log.String(), "FIVECHAT_ASSERTION_KEYS") {
				t.Errorf("%s without settings ends with %d and says %s", name, code, p.Log)
			}
		}
	})
	f := cluster.Launch(t, binaries, nil)
	var sent repeated
	t.Run("a replica is killed", func(t *testing.T) { sent = killed(t, f) })
	t.Run("journeys", func(t *testing.T) { journeys.Run(t, f.System) })
	t.Run("streams of two replicas", func(t *testing.T) { twoReplicas(t, f) })
	t.Run("webhooks are killed", func(inner *testing.T) { webhooksKilled(inner, t, f) })
	t.Run("changes at two edges", func(t *testing.T) { twoEdges(t, f) })
	t.Run("admin ports", func(t *testing.T) { adminPorts(t, f) })
	t.Run("a service refuses requests without a valid assertion", func(t *testing.T) { withoutAssertion(t, f) })
	t.Run("messages to the killed replica are repeated", func(t *testing.T) { sent.again(t) })
	t.Run("requests in progress are finished", func(t *testing.T) { finishesRequests(t, f) })
	for _, p := range f.Services {
		p.Terminate(t)
	}
	for _, p := range f.All() {
		if log := p.Log.String(); strings.Contains(log, "panicked") || strings.Contains(log, "goroutine ") {
			t.Errorf("%s panicked:\n%s", p.Name, log)
		}
	}
}

// twoReplicas checks that events of one replica reach the other, that a stream resumes at the other replica, and that a
// replica that stops ends its streams.
func twoReplicas(t *testing.T, f *cluster.Cluster) {
	other, processes := f.Replica(t)
	w := f.Website(t, harness.Free)
	_, secret := w.Token(t, harness.ReadWrite)
	v := w.Visit(t, nil)
	here, there := v.Events(t, "/visitor/events", ""), other.Bearer(secret).Events(t, "/events", "")
	here.Want(t, "ready")
	there.Want(t, "ready")
	token := v.Open(t, "one")
	here.Want(t, "conversation.opened", "message.created")
	there.Want(t, "conversation.opened", "message.created")
	other.Bearer(secret).Do(t, "POST", "/conversations/"+token+"/typing", harness.Map{"typing": true}).Want(t, 204)
	here.Want(t, "typing")
	other.Bearer(secret).Send(t, 201, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "two"})
	here.Want(t, "message.created")
	there.Want(t, "typing", "message.created")
	here.Close()
	v.Say(t, token, "three")
	there.Want(t, "message.created")
	moved := other.Proven(v.Token, v.Secret).Events(t, "/visitor/events", here.Last)
	if f := moved.Next(t); f.Event != "ready" || !f.Data.Bool("resumed") {
		t.Errorf("a moved stream begins with %+v", f)
	}
	if f := moved.Want(t, "message.created")[0]; f.Happened().Object("message").Text("content") != "three" {
		t.Errorf("a moved stream continues with %s", f.Data)
	}
	for _, p := range processes {
		p.Terminate(t)
	}
	for _, s := range []*harness.Stream{there, moved} {
		if f, comes := s.Try(t); comes {
			t.Errorf("after the end: %+v", f)
		}
	}
	back := v.Events(t, "/visitor/events", moved.Last)
	back.Want(t, "ready")
	v.Say(t, token, "four")
	if f := back.Want(t, "message.created")[0]; f.Happened().Object("message").Text("content") != "four" {
		t.Errorf("a stream that moved back continues with %s", f.Data)
	}
}

func adminPorts(t *testing.T, f *cluster.Cluster) {
	for _, p := range f.All() {
		for path, want := range map[string]string{"/livez": "ok", "/readyz": "ok", "/metrics": "go_goroutines"} {
			if status, body := p.Get(t, path); status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s%s: %d %.200s", p.Name, path, status, body)
			}
		}
		for _, path := range []string{"/nothing", "/debug/pprof/"} { // profiles are off by default
			if status, _ := p.Get(t, path); status != http.StatusNotFound {
				t.Errorf("%s%s: %d", p.Name, path, status)
			}
		}
		for _, path := range harness.AdminPaths {
			resp, err := http.Get("http://" + p.Addr + path)
			if err != nil {
				t.Error(err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s serves %s on its public port: %d", p.Name, path, resp.StatusCode)
			}
		}
	}
	metrics := ""
	for _, p := range f.Services {
		_, body := p.Get(t, "/metrics")
		if !strings.Contains(body, "fivechat_operation_duration_seconds") {
			t.Errorf("%s has no metric of operations", p.Name)
		}
		metrics += body
	}
	for _, secret := range []string{"conv_", "vis_", "5c_", f.OperatorKey} {
		if strings.Contains(metrics, secret) {
			t.Errorf("the metrics contain %q", secret)
		}
	}
}

// withoutAssertion sends requests to the services directly, without an assertion and with one that another key signed.
func withoutAssertion(t *testing.T, f *cluster.Cluster) {
	w := f.World(t, harness.Pro)
	keys, err := identity.NewKeyring([]byte(strings.Repeat("another key ", 4)))
	if err != nil {
		t.Fatal(err)
	}
	site, err := tenant.New(w.ID)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := keys.Sign(identity.Principal{
		Kind: identity.Token, Website: site, Level: identity.ReadWrite,
		Plan: identity.Pro,
	})
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string][]string{
		"accounts":      {"/users", "/operator/websites", "/internal/website"},
		"conversations": {"/conversations", "/internal/events?after=0"},
		"statistics":    {"/statistics/current"}, "tickets": {"/tickets", "/internal/events?after=0"},
		"webhooks": {"/webhooks"}, "mail": {"/mail"}, "files": {"/internal/stored"},
		"workspace": {"/canned-replies", "/views"},
		"visitors":  {"/visitors", "/internal/visitors?ids=1"}, "widgets": {"/internal/widgets/" + w.ClientToken},
	}
	for _, p := range f.Services {
		for _, path := range paths[p.Name] {
			for name, c := range map[string]harness.Client{
				"none":     harness.NewClient("http://" + p.Addr),
				"forged":   harness.NewClient("http://"+p.Addr).With(identity.Header, forged),
				"a bearer": harness.NewClient("http://"+p.Addr).With("Authorization", "Bearer "+f.OperatorKey),
			} {
				if a := c.Do(t, "GET", path, nil); a.Status != http.StatusUnauthorized {
					t.Errorf("%s%s for %s: status %d: %.200s", p.Name, path, name, a.Status, a.Body)
				}
			}
		}
	}
}

// finishesRequests stops the gateway during requests. Every accepted request gets its response, and afterwards the port
// is closed.
func finishesRequests(t *testing.T, f *cluster.Cluster) {
	w := f.World(t, harness.Free)
	stop, done := make(chan struct{}), make(chan struct{})
	c := http.Client{Timeout: 10 * time.Second}
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			resp, err := c.Get(f.URL + "/widgets/" + w.ClientToken)
			if err != nil {
				continue // refused before it was accepted
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("while the gateway stops, a request has the status %d", resp.StatusCode)
			}
		}
	}()
	f.Gateway.Terminate(t)
	close(stop)
	<-done
	if resp, err := c.Get(f.URL + "/health"); err == nil {
		resp.Body.Close()
		t.Errorf("the gateway has stopped, but responds with %d", resp.StatusCode)
	}
}
