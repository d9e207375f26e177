// Command observability writes what Prometheus, Alertmanager and Grafana are given, of the Go values in rules and
// dashboards: prometheus/rules.yaml, alertmanager/inhibit.yaml and grafana/*.json.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"fivechat.dev/deploy/observability/dashboards"
	"fivechat.dev/deploy/observability/rules"
)

// runbooksAt is where the committed files say that docs/runbooks is served.
const runbooksAt = "https://fivechat.dev/docs/runbooks"

func main() {
	out := flag.String("out", ".", "folder to write to")
	runbooks := flag.String("runbooks", runbooksAt, "address below which docs/runbooks is served")
	flag.Parse()
	if err := run(*out, *runbooks); err != nil {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

func run(out, runbooks string) error {
	watched, err := rules.File(time.Minute, runbooks)
	if err != nil {
		return err
	}
	quieted, err := rules.Inhibitions()
	if err != nil {
		return err
	}
	files := map[string][]byte{"prometheus/rules.yaml": watched, "alertmanager/inhibit.yaml": quieted}
	shown, err := dashboards.Files(runbooks)
	if err != nil {
		return err
	}
	for name, content := range shown {
		files["grafana/"+name] = content
	}
	for name, content := range files {
		path := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
