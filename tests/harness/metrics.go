package harness

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// AdminPaths are the paths of admin listeners. No other listener serves them.
var AdminPaths = []string{
	"/livez", "/readyz", "/metrics", "/status", "/loglevel", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile",
	"/debug/pprof/trace",
	"/debug/pprof/cmdline", "/api-gateway/metrics",
}

// Metrics returns the metrics of every component: families by component and name.
func (s System) Metrics(t testing.TB) map[string]map[string]*dto.MetricFamily {
	t.Helper()
	all := map[string]map[string]*dto.MetricFamily{}
	for _, name := range s.components(t) {
		resp := s.Look(t, "/"+name+"/metrics", "")
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = families
	}
	return all
}

// Measured returns the text of every component's metrics with exemplars, and of the page that combines them.
func (s System) Measured(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	paths := []string{"/status"}
	for _, name := range s.components(t) {
		paths = append(paths, "/"+name+"/metrics")
	}
	for _, path := range paths {
		resp := s.Look(t, path, "application/openmetrics-text")
		_, err := io.Copy(&all, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	return all.String()
}

// components returns the names of the system's components.
func (s System) components(t testing.TB) []string {
	t.Helper()
	var status struct {
		Components []struct{ Name string }
	}
	resp := s.Look(t, "/status", "application/json")
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(status.Components))
	for i, c := range status.Components {
		names[i] = c.Name
	}
	return names
}

// Look requests a path of the admin listener, and ends the test if the status isn't 200.
func (s System) Look(t testing.TB, path, accept string) *http.Response {
	t.Helper()
	if s.AdminURL == "" {
		t.Fatal("the address of the admin listener is unknown: set FIVECHAT_ADMIN_URL")
	}
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
