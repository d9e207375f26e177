package rules

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The forms of Prometheus's rule file and of Alertmanager's inhibition rules. They are written here because
// Prometheus's own package of them draws in all of Prometheus.
type (
	file  struct{ Groups []group }
	group struct {
		Name     string
		Interval string
		Rules    []rule
	}
	rule struct {
		Record      string `yaml:",omitempty"`
		Alert       string `yaml:",omitempty"`
		Expr        string
		For         string            `yaml:",omitempty"`
		Labels      map[string]string `yaml:",omitempty"`
		Annotations map[string]string `yaml:",omitempty"`
	}
	inhibitions struct {
		Rules []inhibition `yaml:"inhibit_rules"`
	}
	inhibition struct {
		Source []string `yaml:"source_matchers"`
		Target []string `yaml:"target_matchers"`
	}
)

const head = "# Made by `make generate` of deploy/observability/rules. Change it there.\n"

// File is all groups as a file for Prometheus. minute is how long a minute lasts, so that tests need not wait for one;
// runbooks is the address below which the pages stand.
func File(minute time.Duration, runbooks string) ([]byte, error) {
	var f file
	for _, g := range Groups() {
		out := group{Name: g.Name, Interval: Duration(g.Every, minute)}
		for _, r := range g.Records {
			out.Rules = append(out.Rules, rule{Record: r.Name, Expr: Scale(r.Expr, minute)})
		}
		for _, a := range g.Alerts {
			r := rule{
				Alert: a.Name, Expr: a.Expr(minute), Labels: map[string]string{"severity": string(a.Severity)},
				Annotations: map[string]string{
					"summary": a.Summary, "impact": a.Impact, "dashboard": "/d/" + a.Shown,
					"runbook_url": strings.TrimSuffix(runbooks, "/") + "/" + a.Runbook + ".md",
				},
			}
			if a.For > 0 {
				r.For = Duration(a.For, minute)
			}
			out.Rules = append(out.Rules, r)
		}
		f.Groups = append(f.Groups, out)
	}
	return encode(f)
}

// Inhibitions is, for Alertmanager, which alerts say nothing new while another is raised.
func Inhibitions() ([]byte, error) {
	var all inhibitions
	for _, a := range Alerts() {
		if len(a.Quiets) > 0 {
			all.Rules = append(all.Rules, inhibition{
				[]string{fmt.Sprintf("alertname=%q", a.Name)}, []string{fmt.Sprintf("alertname=~%q", strings.Join(a.Quiets, "|"))},
			})
		}
	}
	return encode(all)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(head)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
