package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/runner"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/widgets/app"
)

var secret = strings.Repeat("k", 32)

// running is the whole service over a real store.
type running struct {
	url  string
	keys *identity.Keyring
}

func start(t *testing.T) running {
	t.Helper()
	keys, err := identity.NewKeyring([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Addr, c.AdminAddr, c.AssertionKeys, c.Mongo, c.Telemetry.LogTo = "127.0.0.1:0", "127.0.0.1:0", []string{secret}, storetest.Config(t), io.Discard
	unit, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := runner.Start(unit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return running{r.URL("http"), keys}
}

var public = identity.Principal{Kind: identity.Public}

func of(t *testing.T, website int64, p identity.Principal) identity.Principal {
	t.Helper()
	id, err := tenant.New(website)
	if err != nil {
		t.Fatal(err)
	}
	p.Website = id
	return p
}

func agent(t *testing.T, website int64, level identity.Level) identity.Principal {
	t.Helper()
	return of(t, website, identity.Principal{Kind: identity.Token, Level: level, Plan: identity.Free})
}

func sibling(t *testing.T, website int64) identity.Principal {
	t.Helper()
	return of(t, website, identity.Principal{Kind: identity.Service, Service: "accounts"})
}

// send asks as p and wants a status.
func (r running) send(t *testing.T, status int, p identity.Principal, method, path, body string) (http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := r.keys.Sign(p)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(identity.Header, assertion)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s %s answers %d %s, want %d", method, path, body, resp.StatusCode, b, status)
	}
	return resp.Header, string(b)
}

// ask is send for what answers an object.
func (r running) ask(t *testing.T, status int, p identity.Principal, method, path, body string) map[string]any {
	t.Helper()
	_, b := r.send(t, status, p, method, path, body)
	var object map[string]any
	if err := json.Unmarshal([]byte(b), &object); err != nil {
		t.Fatalf("%s %s answers %q: %v", method, path, b, err)
	}
	return object
}
