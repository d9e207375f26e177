package observability_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/deploy/observability/rules"
	"fivechat.dev/tests/harness"
)

// dashboard contains the used members of a Grafana dashboard.
type dashboard struct {
	Title  string
	Panels []struct {
		Title      string
		Datasource struct{ Type string }
		Targets    []struct{ Expr string }
	}
}

// variables are the values of Grafana's variables at this speed.
var variables = strings.NewReplacer("$component", ".*", "$__rate_interval", "4s", "$__range", "60s")

// queries returns every PromQL expression of the committed dashboards and of the rules, by its place. For alerts these
// are the values in their conditions, which exist even while no alert fires.
func queries(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(filepath.Join(harness.Root(t), "deploy/observability/grafana/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, p := range d.Panels {
			if p.Datasource.Type != "prometheus" {
				continue
			}
			for i, target := range p.Targets {
				all[fmt.Sprintf("%s / %s %d", d.Title, p.Title, i)] = variables.Replace(target.Expr)
			}
		}
	}
	for _, g := range rules.Groups() {
		for _, r := range g.Records {
			all["record "+r.Name] = rules.Scale(r.Expr, minute)
		}
		for _, a := range g.Alerts {
			for i, c := range a.When {
				all[fmt.Sprint("alert ", a.Name, " ", i)] = rules.Scale(c.Value, minute)
			}
		}
	}
	return all
}

// fewest is the least number of queries; with fewer, some were not found.
const fewest = 120

// haveData waits until every query has a numeric value, and checks that Prometheus reports no error in a rule.
func (tb *testbed) haveData(t *testing.T) {
	p := watch(t, tb.components()...)
	left := queries(t)
	if len(left) < fewest {
		t.Errorf("only %d queries are found", len(left))
	}
	harness.Eventually(t, calming, "every query has data", func() (bool, any) {
		for where, expr := range left {
			samples, err := p.query(t, expr)
			if err != nil {
				t.Fatalf("%s: %v\n%s", where, err, expr)
			}
			for _, s := range samples {
				if !math.IsNaN(s.value) {
					delete(left, where)
				}
			}
		}
		return len(left) == 0, left
	})
	var found struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if err := p.get(t, "rules", nil, &found); err != nil {
		t.Fatal(err)
	}
	evaluated := 0
	for _, g := range found.Groups {
		for _, r := range g.Rules {
			if evaluated++; r.Health != "ok" {
				t.Errorf("%s: %s %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if evaluated < len(rules.Alerts()) {
		t.Errorf("only %d rules are evaluated", evaluated)
	}
	now := time.Now()
	for _, histogram := range []string{
		"http_server_request_duration_seconds_bucket",
		"fivechat_operation_duration_seconds_bucket",
	} {
		harness.Eventually(t, calming, histogram+" has exemplars that name traces", func() (bool, any) {
			var exemplars []struct {
				Exemplars []struct{ Labels map[string]string }
			}
			err := p.get(t, "query_exemplars", url.Values{
				"query": {histogram}, "start": {fmt.Sprint(now.Add(-time.Hour).Unix())},
				"end": {fmt.Sprint(now.Add(time.Hour).Unix())},
			}, &exemplars)
			return err == nil && len(exemplars) > 0 && len(exemplars[0].Exemplars) > 0 &&
				exemplars[0].Exemplars[0].Labels["trace_id"] != "", fmt.Sprint(exemplars, err)
		})
	}
}
