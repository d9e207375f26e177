package app_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
)

// TestIssuedSecretTakesEffect: a visitor of the version before secrets needs none. Within a second after the first
// secret was issued, the token alone is refused. Naming a visitor is still enough to rate and to create a ticket.
func TestIssuedSecretTakesEffect(t *testing.T) {
	t.Parallel()
	h := open(t)
	const id = "x-visitor-id: " + earlier
	status := func(path string, headers ...string) int {
		return h.do("POST", h.public+path, nil, append(headers, id)...).StatusCode
	}
	if got := status("/visitor/heartbeat"); got != 200 {
		t.Fatalf("without a secret: %d", got)
	}
	v := h.visitors.known[earlier]
	v.SecretHash = hashOf(secret)
	h.visitors.put(earlier, v)
	if !eventually(t, time.Second, func() bool { return status("/visitor/heartbeat") == 401 }) {
		t.Error("the token alone still works a second after a secret was issued")
	}
	if got := status("/visitor/heartbeat", proven); got != 200 {
		t.Errorf("with the secret: %d", got)
	}
	for _, path := range []string{"/conversations/c/rate", "/internal/visitors/tickets"} {
		if got := status(path); got != 200 {
			t.Errorf("%s with the token alone: %d", path, got)
		}
	}
}

// TestReplacedSecretTakesEffect: the new secret works at once, although the gateway has cached the one before, which is
// refused from then on.
func TestReplacedSecretTakesEffect(t *testing.T) {
	t.Parallel()
	h := open(t)
	status := func(secret string) int {
		return h.do("POST", h.public+"/visitor/heartbeat", nil, named, "x-visitor-secret: "+secret).StatusCode
	}
	if got := status(secret); got != 200 {
		t.Fatalf("the first secret: %d", got)
	}
	token := strings.TrimPrefix(named, "x-visitor-id: ")
	v := h.visitors.known[token]
	v.SecretHash = hashOf("another")
	h.visitors.put(token, v)
	if got := status("another"); got != 200 {
		t.Errorf("the new secret: %d", got)
	}
	if got := status(secret); got != 401 {
		t.Errorf("the replaced secret: %d", got)
	}
}

// TestFailedVisitorCredentialsAreCounted: failed tokens and secrets are counted by address. A known visitor isn't
// affected.
func TestFailedVisitorCredentialsAreCounted(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"unknown token":  {"x-visitor-id: vis_nobody"},
		"missing secret": {named},
		"wrong secret":   {named, proven + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "quotas.json")
			quotas(t, file, `{"failures":{"address":{"requests":3,"seconds":60}}}`)
			h := open(t, func(c *app.Config) { c.QuotasFile = file })
			if got := h.do("POST", h.public+"/visitor/heartbeat", nil, named, proven).StatusCode; got != 200 {
				t.Fatalf("the visitor: %d", got)
			}
			var a answer
			for range 6 { // the failure that exceeds the limit is still 401
				if a = h.do("POST", h.public+"/visitor/heartbeat", nil, headers...); a.StatusCode != 401 {
					break
				}
			}
			if p := h.problem(a); a.StatusCode != 429 || p.Code != "too_many_failures" ||
				a.Header.Get("Retry-After") == "" {
				t.Errorf("one failure too many: %d %s", a.StatusCode, a.body)
			}
			if got := h.do("POST", h.public+"/visitor/heartbeat", nil, named, proven).StatusCode; got != 200 {
				t.Errorf("the visitor, after failures of the same address: %d", got)
			}
		})
	}
}
