package harness

import (
	"encoding/json"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// AdminPaths are what admin listeners answer, and no other.
var AdminPaths = []string{
	"/livez", "/readyz", "/metrics", "/status", "/loglevel", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile", "/debug/pprof/trace",
	"/debug/pprof/cmdline", "/api-gateway/metrics",
}

// Metrics is what every component of the system measures: families by component and name.
func (s System) Metrics(t testing.TB) map[string]map[string]*dto.MetricFamily {
	t.Helper()
	if s.AdminURL == "" {
		t.Fatal("the system under test says nowhere how it stands: FIVECHAT_ADMIN_URL")
	}
	var status struct {
		Components []struct{ Name string }
	}
	resp := s.look(t, "/status", "application/json")
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]*dto.MetricFamily{}
	for _, c := range status.Components {
		resp := s.look(t, "/"+c.Name+"/metrics", "")
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		all[c.Name] = families
	}
	return all
}

// look asks the admin address.
func (s System) look(t testing.TB, path, accept string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.AdminURL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, resp.Status)
	}
	return resp
}
