package contract_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestAdminPathsAreNotPublic checks that the edge serves nothing of the admin listeners to any caller, in any spelling,
// while the admin listeners do serve it.
func TestAdminPathsAreNotPublic(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := s.Website(t, harness.Pro)
	_, secret := w.Token(t, harness.ReadWrite)
	if s.AdminURL != "" {
		if len(s.Metrics(t)) == 0 {
			t.Error("no component has metrics")
		}
	}
	ask := func(method, base, path, bearer string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		resp, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range harness.AdminPaths {
		for _, odd := range []string{
			path, "/" + path, "/." + path, "/x/.." + path, strings.Replace(path, "/m", "/%6d", 1),
			path + "?debug=1",
		} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
				for base, bearer := range map[string]string{s.URL: secret, s.OperatorURL: s.OperatorKey} {
					if status := ask(method, base, odd, bearer); status != http.StatusNotFound {
						t.Errorf("%s %s%s has the status %d", method, base, odd, status)
					}
				}
			}
		}
	}
}

// TestStatus checks that operators see the state of each component on a page, and programs the same as JSON.
func TestStatus(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := s.Website(t, harness.Free)
	type component struct {
		Name              string
		Ready             bool
		Version           string
		Dependencies      map[string]bool
		RequestsPerSecond float64
		P99Seconds        *float64
		LagSeconds        *float64
	}
	harness.Eventually(t, harness.Patience, "the requests are shown", func() (bool, any) {
		w.Agent().Do(t, "GET", "/conversations", nil).Want(t, 200)
		var status struct {
			Ready      bool
			Components []component
		}
		resp := s.Look(t, "/status", "application/json")
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
			t.Fatal(err)
		}
		seen := map[string]component{}
		for _, c := range status.Components {
			seen[c.Name] = c
			if !c.Ready || c.Version == "" || !c.Dependencies["redis"] || c.Name != "api-gateway" && !c.Dependencies["mongodb"] {
				return false, c
			}
		}
		asked := func(name string) bool { return seen[name].RequestsPerSecond > 0 && seen[name].P99Seconds != nil }
		return status.Ready && len(seen) == 11 && asked("api-gateway") && asked("conversations") &&
			seen["statistics"].LagSeconds != nil && seen["accounts"].LagSeconds == nil, status
	})
	resp := s.Look(t, "/status", "text/html,application/xhtml+xml,*/*;q=0.8")
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<!DOCTYPE html>", "all components are ready",
		`<a href="/tickets/metrics">tickets</a>`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not show %q:\n%s", want, page)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/tickets/readyz", "/tickets/debug/pprof/"} {
		_ = s.Look(t, path, "").Body.Close()
	}
}
