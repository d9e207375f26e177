package observability_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fivechat.dev/deploy/observability/rules"
	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

const (
	// minute is the length of a minute in the rules under test. Otherwise their expressions are the committed ones.
	minute = time.Second
	// scrapeEvery leaves five values within the shortest range, five minutes.
	scrapeEvery = time.Second
)

// binary returns the path of Prometheus. If it is not installed, the test is skipped, unless it is required.
func binary(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	switch {
	case err == nil:
		return path
	case os.Getenv("FIVECHAT_REQUIRE_PROMETHEUS") == "1":
		t.Fatal("prometheus is required and not installed")
	default:
		t.Skipf("prometheus isn't installed, so the rules aren't tested: %v", err)
	}
	return ""
}

// prometheus is a real Prometheus.
type prometheus struct {
	*cluster.Process
	url string
}

// watch starts an empty Prometheus that scrapes components and evaluates the rules.
func watch(t *testing.T, components ...*cluster.Process) *prometheus {
	t.Helper()
	dir, addr := t.TempDir(), harness.FreeAddrs(t, 1)[0]
	watched, err := rules.File(minute, "https://runbooks.example")
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	fmt.Fprintf(&config, "global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}\n",
		rules.Duration(scrapeEvery, time.Minute))
	fmt.Fprint(&config, "rule_files: [rules.yaml]\nscrape_configs:\n- job_name: fivechat\n  static_configs:\n")
	for _, c := range components {
		fmt.Fprintf(&config, "  - {targets: [%q], labels: {component: %s}}\n", c.Admin, c.Name)
	}
	for name, content := range map[string]string{"rules.yaml": string(watched), "prometheus.yaml": config.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &prometheus{url: "http://" + addr}
	p.Process = cluster.Start(t, binary(t), map[string]string{"GOMAXPROCS": "1"},
		"--config.file="+filepath.Join(dir, "prometheus.yaml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+addr,
		"--enable-feature=exemplar-storage", "--log.level=warn")
	harness.Eventually(t, 30*time.Second, "Prometheus sees every component", func() (bool, any) {
		up, err := p.query(t, `sum(up{job="fivechat"})`)
		return err == nil && len(up) == 1 && up[0].value == float64(len(components)), fmt.Sprint(up, err)
	})
	return p
}

// get requests Prometheus's API.
func (p *prometheus) get(t *testing.T, path string, parameters url.Values, data any) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/"+path+"?"+parameters.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s", answer.Error)
	}
	return nil
}

// sample is a value of a series.
type sample struct {
	labels map[string]string
	value  float64
}

// query returns the current value of an expression.
func (p *prometheus) query(t *testing.T, expr string) ([]sample, error) {
	t.Helper()
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := p.get(t, "query", url.Values{"query": {expr}}, &data); err != nil {
		return nil, err
	}
	var out []sample
	for _, r := range data.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, sample{r.Metric, v})
	}
	return out, nil
}

// subjects are the labels that identify an alert's subject.
var subjects = []string{"component", "upstream", "source", "dependency", "db_system_name"}

// raised returns the firing alerts in order, each with its subject: "Name" or "Name of x/y".
func (p *prometheus) raised(t *testing.T) (names []string) {
	t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	if err := p.get(t, "alerts", nil, &data); err != nil {
		t.Fatalf("alerts: %v", err)
	}
	for _, a := range data.Alerts {
		if a.State != "firing" {
			continue
		}
		var about []string
		for _, s := range subjects {
			if v := a.Labels[s]; v != "" {
				about = append(about, v)
			}
		}
		name := a.Labels["alertname"]
		if len(about) > 0 {
			name += " of " + strings.Join(about, "/")
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
