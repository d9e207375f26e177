package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"fivechat.dev/deploy/observability/rules"
)

// runbooks is where the tests' rules say that the pages are.
const runbooks = "https://runbooks.example"

// promtool is Prometheus's own checker. If it isn't installed, the test is skipped unless it is required.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	switch {
	case err == nil:
		return path
	case os.Getenv("FIVECHAT_REQUIRE_PROMETHEUS") == "1":
		t.Fatal("promtool is required and not installed")
	default:
		t.Skipf("there is no promtool here, so nothing is held against it: %v", err)
	}
	return ""
}

func file(t *testing.T, minute time.Duration) string {
	t.Helper()
	content, err := rules.File(minute, runbooks)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrometheusReadsTheRules: at every speed.
func TestPrometheusReadsTheRules(t *testing.T) {
	t.Parallel()
	for _, minute := range []time.Duration{time.Minute, time.Second, 500 * time.Millisecond} {
		c := exec.CommandContext(t.Context(), promtool(t), "check", "rules", "--lint=all", "--lint-fatal", file(t, minute))
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("a minute of %v: %v\n%s", minute, err, out)
		}
	}
}

// The forms of a promtool test.
type (
	input struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	expected struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	}
	question struct {
		At       string     `yaml:"eval_time"`
		Alert    string     `yaml:"alertname"`
		Expected []expected `yaml:"exp_alerts"`
	}
	unit struct {
		Name      string     `yaml:"name"`
		Interval  string     `yaml:"interval"`
		Series    []input    `yaml:"input_series"`
		Questions []question `yaml:"alert_rule_test"`
	}
	suite struct {
		Files []string `yaml:"rule_files"`
		Every string   `yaml:"evaluation_interval"`
		Tests []unit   `yaml:"tests"`
	}
)

// TestAlerts lets promtool hold every alert against series that raise it and series that do not.
func TestAlerts(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	known := map[string]rules.Alert{}
	for _, a := range rules.Alerts() {
		known[a.Name] = a
	}
	s := suite{Files: []string{file(t, time.Minute)}, Every: "1m"}
	seen := map[string]bool{}
	for _, c := range cases {
		a, ok := known[c.alert]
		if !ok {
			t.Errorf("there is no alert %s", c.alert)
			continue
		}
		seen[c.alert] = true
		labels := map[string]string{"severity": string(a.Severity)}
		for k, v := range c.labels {
			labels[k] = v
		}
		raised := []expected{{labels, map[string]string{
			"summary":     c.summary,
			"impact":      a.Impact,
			"dashboard":   "/d/" + a.Shown,
			"runbook_url": runbooks + "/" + a.Runbook + ".md",
		}}}
		s.Tests = append(s.Tests,
			unit{c.alert + " is raised", "1m", series(c.bad), []question{{c.at, c.alert, raised}}},
			unit{c.alert + " is quiet", "1m", series(c.good), []question{{c.at, c.alert, []expected{}}}})
		if a.For > time.Minute {
			s.Tests = append(s.Tests, unit{c.alert + " waits", "1m", series(c.bad), []question{{"1m", c.alert, []expected{}}}})
		}
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("%s has no case", name)
		}
	}
	content, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tests.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool, "test", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// series splits lines of "series values".
func series(lines []string) []input {
	out := []input{}
	for _, l := range lines {
		s, values, _ := strings.Cut(l, "} ")
		out = append(out, input{s + "}", values})
	}
	return out
}

// TestAlertsAreWhole: each alert has a unique name, summary, impact, runbook and dashboard, and inhibits only existing
// alerts.
func TestAlertsAreWhole(t *testing.T) {
	t.Parallel()
	var names []string
	for _, a := range rules.Alerts() {
		names = append(names, a.Name)
	}
	for i, a := range rules.Alerts() {
		if a.Summary == "" || a.Impact == "" || a.Runbook == "" || a.Shown == "" || len(a.When) == 0 {
			t.Errorf("%s lacks something: %+v", a.Name, a)
		}
		if a.Severity != rules.Page && a.Severity != rules.Ticket {
			t.Errorf("%s has the severity %q", a.Name, a.Severity)
		}
		if slices.Contains(names[:i], a.Name) {
			t.Errorf("%s stands twice", a.Name)
		}
		for _, q := range a.Quiets {
			if q == a.Name || !slices.Contains(names, q) {
				t.Errorf("%s quiets %s", a.Name, q)
			}
		}
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	const expr = `rate(x_total{le="0.25"}[5m]) > 60 and max_over_time(y[1h]) < 14.4 * 0.001 or z[3d]`
	for minute, want := range map[time.Duration]string{
		time.Minute:            expr,
		time.Second:            `rate(x_total{le="0.25"}[5s]) > 60 and max_over_time(y[1m]) < 14.4 * 0.001 or z[72m]`,
		500 * time.Millisecond: `rate(x_total{le="0.25"}[2500ms]) > 60 and max_over_time(y[30s]) < 14.4 * 0.001 or z[36m]`,
	} {
		if got := rules.Scale(expr, minute); got != want {
			t.Errorf("a minute of %v: %s", minute, got)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0ms", 2 * time.Minute: "2m", 72 * time.Hour: "3d",
		90 * time.Second: "90s",
	} {
		if got := rules.Duration(d, time.Minute); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
