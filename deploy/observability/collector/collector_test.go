// Package collector_test holds the collector's configuration against what the collector's contrib distribution has. The
// collector itself is not here to be run: its modules would be ten times ours.
package collector_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// known are the component types of the contrib distribution that a configuration of ours may use, by section.
var known = map[string][]string{
	"receivers":  {"otlp", "filelog"},
	"processors": {"memory_limiter", "tail_sampling", "batch"},
	"exporters":  {"otlp_http", "debug"},
	"extensions": {"health_check", "file_storage"},
}

type pipeline map[string][]string // section to ids, in order

type configuration struct {
	Receivers, Processors, Exporters, Extensions map[string]map[string]any
	Service                                      struct {
		Extensions []string
		Pipelines  map[string]pipeline
	}
}

func read(t *testing.T) (configuration, string) {
	t.Helper()
	content, err := os.ReadFile("config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(strings.NewReader(string(content)))
	d.KnownFields(true)
	var c configuration
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c, string(content)
}

// problems says what is wrong with a configuration.
func problems(c configuration) (found []string) {
	say := func(words ...string) { found = append(found, strings.Join(words, " ")) }
	defined := map[string]map[string]map[string]any{
		"receivers": c.Receivers, "processors": c.Processors, "exporters": c.Exporters, "extensions": c.Extensions,
	}
	used := map[string]bool{}
	for section, parts := range defined {
		for id := range parts {
			if kind, _, _ := strings.Cut(id, "/"); !slices.Contains(known[section], kind) {
				say(section, id, "is of no known type")
			}
		}
	}
	use := func(where, section, id string) {
		used[section+" "+id] = true
		if _, ok := defined[section][id]; !ok {
			say(where, "uses", section, id, "which is not defined")
		}
	}
	for _, id := range c.Service.Extensions {
		use("service", "extensions", id)
	}
	for name, p := range c.Service.Pipelines {
		if kind, _, _ := strings.Cut(name, "/"); kind != "traces" && kind != "logs" {
			say("pipeline", name, "carries neither traces nor logs")
		}
		for _, section := range []string{"receivers", "exporters"} {
			if len(p[section]) == 0 {
				say("pipeline", name, "has no", section)
			}
		}
		for section, ids := range p {
			for _, id := range ids {
				use("pipeline "+name, section, id)
			}
		}
		if ps := p["processors"]; len(ps) == 0 || ps[0] != "memory_limiter" || ps[len(ps)-1] != "batch" {
			say("pipeline", name, "does not begin by limiting memory and end by batching")
		}
	}
	for section, parts := range defined {
		for id := range parts {
			if !used[section+" "+id] {
				say(section, id, "is used nowhere")
			}
		}
	}
	return found
}

// TestConfiguration: every part is of a known type, defined and used.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	c, text := read(t)
	for _, p := range problems(c) {
		t.Error(p)
	}
	var policies []string
	list, _ := c.Processors["tail_sampling"]["policies"].([]any)
	for _, p := range list {
		policy, _ := p.(map[string]any)
		kind, _ := policy["type"].(string)
		if _, ok := policy[kind]; !ok {
			t.Errorf("the policy %v has no settings of its type", policy["name"])
		}
		policies = append(policies, kind)
	}
	if !slices.Equal(policies, []string{"status_code", "latency", "probabilistic"}) {
		t.Errorf("kept are %v, and not what failed, what was slow and a share", policies)
	}
	for _, m := range regexp.MustCompile(`\$\{env:(\w+)\}`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, "#   "+m[1]) {
			t.Errorf("%s is not explained at the top", m[1])
		}
	}
}

// TestProblemsAreFound: what the test above looks for is found where it is.
func TestProblemsAreFound(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*configuration){
		"receivers zipkin is of no known type": func(c *configuration) {
			c.Receivers["zipkin"] = nil
		},
		"pipeline traces uses exporters otlp_http/traces which is not defined": func(c *configuration) {
			delete(c.Exporters, "otlp_http/traces")
		},
		"exporters debug is used nowhere": func(c *configuration) {
			c.Exporters["debug"] = nil
		},
		"pipeline logs has no exporters": func(c *configuration) {
			c.Service.Pipelines["logs"]["exporters"] = nil
		},
		"pipeline metrics carries neither traces nor logs": func(c *configuration) {
			c.Service.Pipelines["metrics"] = c.Service.Pipelines["logs"]
		},
		"pipeline traces does not begin by limiting memory and end by batching": func(c *configuration) {
			slices.Reverse(c.Service.Pipelines["traces"]["processors"])
		},
		"service uses extensions pprof which is not defined": func(c *configuration) {
			c.Service.Extensions = append(c.Service.Extensions, "pprof")
		},
	} {
		c, _ := read(t)
		spoil(&c)
		if got := problems(c); !slices.Contains(got, want) {
			t.Errorf("not found: %s; but %q", want, got)
		}
	}
}
