package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestNothingOfTheAdminListenerIsPublic: through the edge there is nothing of what operators and probes are answered,
// however it is asked for and by whomever. The system does answer it elsewhere.
func TestNothingOfTheAdminListenerIsPublic(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := s.Website(t, harness.Pro)
	_, secret := w.Token(t, harness.ReadWrite)
	if s.AdminURL != "" {
		if len(s.Metrics(t)) == 0 {
			t.Error("no component says anywhere what it measures")
		}
	}
	ask := func(method, base, path, bearer string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		resp, err := http.DefaultTransport.RoundTrip(req) // follows nothing
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range harness.AdminPaths {
		for _, odd := range []string{path, "/" + path, "/." + path, "/x/.." + path, strings.Replace(path, "/m", "/%6d", 1), path + "?debug=1"} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
				for base, bearer := range map[string]string{s.URL: secret, s.OperatorURL: s.OperatorKey} {
					if status := ask(method, base, odd, bearer); status != http.StatusNotFound {
						t.Errorf("%s %s%s is answered with %d", method, base, odd, status)
					}
				}
			}
		}
	}
}
