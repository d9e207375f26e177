package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/runner"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets/app"
)

var secret = strings.Repeat("k", 32)

// running is the whole service over a real store and fake siblings.
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
	others := httptest.NewServer(siblings(keys))
	t.Cleanup(others.Close)
	c := app.Default()
	c.Addr, c.AdminAddr, c.AssertionKeys, c.Mongo, c.Telemetry.LogTo = "127.0.0.1:0", "127.0.0.1:0", []string{secret}, storetest.Config(t), io.Discard
	c.AccountsURL, c.VisitorsURL, c.ConversationsURL, c.MailDomain = others.URL, others.URL, others.URL, "mail.example"
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
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

// siblings answers for accounts, visitors and conversations, to our own services only: user 5, visitor 7 (vis_7) and
// conversation 70 (conv_7) are website 1's; user 6 and visitor 8 (vis_8) are website 2's.
func siblings(keys *identity.Keyring) http.Handler {
	known := map[string]string{
		"1 /internal/website":                       `{"id":1,"name":"Site 1","url":"https://1.example","plan":"PRO"}`,
		"1 /internal/users?ids=5":                   `[{"id":5,"name":"Ada","email":"ada@shop.example","theme":"x"}]`,
		"1 /internal/visitors?ids=7":                `[{"id":7,"name":"Brave Otter","token":"vis_7","ip":"::1"}]`,
		"1 /internal/visitors/by-token/vis_7":       `{"id":7,"name":"Brave Otter","token":"vis_7","ip":"::1"}`,
		"1 /internal/conversations/by-token/conv_7": `{"id":70,"visitorId":7}`,
		"2 /internal/website":                       `{"id":2,"name":"Site 2","url":"https://2.example","plan":"PRO"}`,
		"2 /internal/users?ids=6":                   `[{"id":6,"name":"Bob","email":"bob@bank.example"}]`,
		"2 /internal/visitors?ids=8":                `[{"id":8,"name":"Calm Fox","token":"vis_8"}]`,
		"2 /internal/visitors/by-token/vis_8":       `{"id":8,"name":"Calm Fox","token":"vis_8"}`,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := keys.Verify(r.Header.Get(identity.Header))
		if err != nil || p.Kind != identity.Service || p.Service != "tickets" {
			http.Error(w, "not one of us", http.StatusUnauthorized)
			return
		}
		answer, ok := known[p.Website.String()+" "+r.URL.RequestURI()]
		switch {
		case ok:
		case r.URL.RawQuery != "": // a list that leaves out what is unknown
			answer = "[]"
		default:
			w.WriteHeader(http.StatusNotFound)
			answer = `{"status":404,"code":"not_found","detail":"not found"}`
		}
		io.WriteString(w, answer)
	})
}

// caller is somebody whom the edge vouches for.
func caller(t *testing.T, website int64, p identity.Principal) identity.Principal {
	t.Helper()
	id, err := tenant.New(website)
	if err != nil {
		t.Fatal(err)
	}
	p.Website = id
	return p
}

func agent(t *testing.T, website int64) identity.Principal {
	t.Helper()
	return caller(t, website, identity.Principal{Kind: identity.Token, Level: identity.ReadWrite, Plan: identity.Pro})
}

// answer is a status and a body.
type answer struct {
	status int
	raw    string
	body   map[string]any
}

// send asks as p; the zero Principal is nobody.
func (r running) send(t *testing.T, p identity.Principal, method, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind != "" {
		assertion, err := r.keys.Sign(p)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(identity.Header, assertion)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// ask asks as p for an object.
func (r running) ask(t *testing.T, p identity.Principal, method, path, body string) answer {
	t.Helper()
	status, b := r.send(t, p, method, path, body)
	a := answer{status: status, raw: string(b)}
	if err := json.Unmarshal(b, &a.body); err != nil {
		t.Fatalf("%s %s answers %q: %v", method, path, b, err)
	}
	return a
}

// want asks as p and wants a status.
func (r running) want(t *testing.T, status int, p identity.Principal, method, path, body string) answer {
	t.Helper()
	a := r.ask(t, p, method, path, body)
	if a.status != status {
		t.Fatalf("%s %s %s answers %d %s, want %d", method, path, body, a.status, a.raw, status)
	}
	return a
}

// wrong gives the members that a refusal names.
func (a answer) wrong() (names []string) {
	errors, _ := a.body["errors"].([]any)
	for _, e := range errors {
		names = append(names, e.(map[string]any)["field"].(string))
	}
	slices.Sort(names)
	return names
}
