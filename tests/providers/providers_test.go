// Package providers signs persons in at real identity providers, each in a process of its own.
package providers

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// person can sign in at a provider.
type person struct{ subject, email, username, password string }

var persons = map[string]person{
	"zitadel":  {"id2", "test-user2@zitadel.ch", "test-user2", "verysecure"},
	"mockoidc": {"1234567890", "jane.doe@example.com", "", ""},
}

// world is a system with both providers.
type world struct {
	harness.System

	mongo     *mongo.Client
	providers map[string]string // their addresses
}

func start(t *testing.T) world {
	t.Helper()
	addrs := harness.FreeAddrs(t, 3)
	public := "http://" + addrs[0]
	w := world{providers: map[string]string{"zitadel": "http://" + addrs[1], "mockoidc": "http://" + addrs[2]}}
	dir, err := process.Build(t.Context(), map[string]string{
		"zitadel": "fivechat.dev/tests/providers/zitadel", "mockoidc": "fivechat.dev/tests/providers/mockoidc",
	})
	if err != nil {
		t.Fatal(err)
	}
	launch(t, exec.Command(filepath.Join(dir, "zitadel"), "-addr", addrs[1],
		"-redirect", public+"/auth/oidc/zitadel/callback"))
	launch(t, exec.Command(filepath.Join(dir, "mockoidc"), "-addr", addrs[2]))
	file, err := json.Marshal(harness.Map{"providers": []harness.Map{
		{
			"id": "zitadel", "name": "Zitadel", "issuer": w.providers["zitadel"], "clientId": "web", "clientSecret": "secret",
			"scopes": []string{"openid", "profile", "email", "offline_access"}, "postLogout": public + "/console",
		},
		{
			"id": "mockoidc", "name": "Mock", "issuer": w.providers["mockoidc"] + "/oidc", "clientId": "web",
			"clientSecret": "secret", "clientAuthentication": "post",
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "providers.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := system.DefaultSettings()
	settings.Gateway.Addr, settings.SignIn.PublicURL, settings.SignIn.IdentityProviders = addrs[0], public, path
	s, err := system.Start(t.Context(), system.Options{Settings: &settings, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.System = harness.System{URL: s.URL(), OperatorURL: s.OperatorURL(), OperatorKey: s.OperatorKey()}
	if w.mongo, err = mongo.Connect(options.Client().ApplyURI(s.MongoURI())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.mongo.Disconnect(context.Background()) })
	return w
}

func launch(t *testing.T, c *exec.Cmd) {
	t.Helper()
	p, err := process.Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
}

// walk follows redirects from an address until the system sends the browser to the console. It fills in the provider's
// form if there is one. It returns where the browser is sent, and the session's secret.
func (w world) walk(t *testing.T, address string, who person) (to, session string) {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	cookies := map[string]string{} // the system's; Go's jar doesn't send Secure cookies over http
	var form url.Values
	for range 10 {
		method, body := http.MethodGet, io.Reader(http.NoBody)
		if form != nil {
			method, body = http.MethodPost, strings.NewReader(form.Encode())
		}
		req, err := http.NewRequestWithContext(t.Context(), method, address, body)
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if strings.HasPrefix(address, w.URL+"/") {
			for name, value := range cookies {
				req.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, cookie := range resp.Cookies() {
			cookies[cookie.Name] = cookie.Value
		}
		switch location, err := resp.Location(); {
		case err == nil && strings.HasPrefix(location.String(), w.URL+"/console#"):
			return location.Fragment, cookies["__Host-fivechat"]
		case err == nil:
			address, form = location.String(), nil
		case resp.StatusCode == http.StatusOK && form == nil:
			id := resp.Request.URL.Query().Get("authRequestID")
			address = resp.Request.URL.Scheme + "://" + resp.Request.URL.Host + "/login/username"
			form = url.Values{"id": {id}, "username": {who.username}, "password": {who.password}}
		default:
			t.Fatalf("%s: %s", address, resp.Status)
		}
	}
	t.Fatal("too many redirects")
	return "", ""
}

// signIn signs a person in at a provider.
func (w world) signIn(t *testing.T, provider string) string {
	t.Helper()
	to, session := w.walk(t, w.URL+"/auth/oidc/"+provider+"?return=/inbox", persons[provider])
	if to != "/signed-in/inbox" || session == "" {
		t.Fatalf("sent to %s, the session %q", to, session)
	}
	return session
}

// status is how the system answers a session.
func (w world) status(t *testing.T, session string) int {
	t.Helper()
	return w.Public().With("Cookie", "__Host-fivechat="+session).Do(t, "GET", "/auth/session", nil).Status
}

// ask calls a test operation of a provider.
func (w world) ask(t *testing.T, provider, path string, q url.Values) {
	t.Helper()
	resp, err := http.Get(w.providers[provider] + path + "?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", path, resp.Status, text)
	}
}

// TestRealProviders signs in at each provider, ends the session by back-channel logout, and by disabling the person.
func TestRealProviders(t *testing.T) {
	t.Parallel()
	w := start(t)
	site := w.Website(t, harness.Free)
	for name, who := range persons {
		t.Run(name, func(t *testing.T) {
			eventually(t, "the provider to answer", func() bool {
				resp, err := http.Get(w.providers[name] + "/test/disable?sub=nobody")
				return err == nil && resp.Body.Close() == nil
			})
			if to, session := w.walk(t, w.URL+"/auth/oidc/"+name, who); to != "/sign-in/not_invited" || session != "" {
				t.Fatalf("without an invitation: sent to %s", to)
			}
			w.Operator().Send(t, 201, "POST", "/operator/invitations",
				harness.Map{"websiteId": site.ID, "email": who.email, "role": harness.Agent})
			first := w.signIn(t, name)
			if got := w.status(t, first); got != 200 {
				t.Fatalf("the session: %d", got)
			}
			asked := time.Now()
			w.ask(t, name, "/test/end", url.Values{"sub": {who.subject}, "to": {w.URL + "/auth/oidc/" + name + "/logout"}})
			eventually(t, "the end of the session", func() bool { return w.status(t, first) == 401 })
			if took := time.Since(asked); took > time.Second {
				t.Errorf("the session ended after %v", took)
			}
			w.disable(t, name, who)
		})
	}
}

// disable checks that a session ends once the person is disabled at the provider, and not before.
func (w world) disable(t *testing.T, name string, who person) {
	t.Helper()
	session := w.signIn(t, name)
	w.isDue(t)
	eventually(t, "a check", func() bool { return w.status(t, session) == 200 && !w.anyDue(t) })
	w.ask(t, name, "/test/disable", url.Values{"sub": {who.subject}})
	w.isDue(t)
	eventually(t, "the end of the session", func() bool { return w.status(t, session) == 401 })
}

// eventually waits for a state of a session. Gateways keep a session for 5 s: it may take as long until a check begins.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	harness.Eventually(t, 4*harness.Patience, what, func() (bool, any) { return is(), nil })
}

// due is a time at which a session must have been checked.
var due = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// isDue makes the sessions due for a check at their provider.
func (w world) isDue(t *testing.T) {
	t.Helper()
	checked := bson.D{{Key: "signOn.refresh", Value: bson.D{{Key: "$exists", Value: true}}}}
	r, err := w.sessions().UpdateMany(t.Context(), checked,
		bson.D{{Key: "$set", Value: bson.D{{Key: "signOn.checkedAt", Value: due}}}})
	if err != nil || r.MatchedCount == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func (w world) anyDue(t *testing.T) bool {
	t.Helper()
	n, err := w.sessions().CountDocuments(t.Context(), bson.D{{Key: "signOn.checkedAt", Value: due}})
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func (w world) sessions() *mongo.Collection {
	return w.mongo.Database("fivechat").Collection("accounts_sessions")
}
