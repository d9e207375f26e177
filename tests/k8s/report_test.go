package k8s_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// report lists the steps done with the cluster, and their outcomes.
type report struct{ rows []string }

// step runs one step as a subtest and adds a row to the report, with the text that do returns. It reports whether the
// step passed.
func (r *report) step(t *testing.T, name string, do func(t *testing.T) string) bool {
	t.Helper()
	start := time.Now()
	said := "not finished"
	passed := t.Run(name, func(t *testing.T) { said = do(t) })
	outcome := "passed"
	if !passed {
		outcome = "**failed**"
	}
	r.rows = append(r.rows, fmt.Sprintf("| %s | %s | %.0f | %s |", name, outcome, time.Since(start).Seconds(), said))
	return passed
}

// write writes the report to the file that FIVECHAT_K8S_REPORT names.
func (r *report) write(t *testing.T, about string) {
	t.Helper()
	path := os.Getenv("FIVECHAT_K8S_REPORT")
	if path == "" {
		return
	}
	text := "# The chart on a real Kubernetes\n\n" +
		"For operators: what `make k8s-test` did with the chart on a real cluster, and what it observed. It writes " +
		"this page. The\n" +
		"steps under load state how many requests were sent during the step, each once, and how many of them failed.\n\n" +
		about + "\n\n" +
		"| Step | Outcome | Seconds | Observed |\n|---|---|---|---|\n" + strings.Join(r.rows, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

// add appends its rows to a report that was written before.
func (r *report) add(t *testing.T) {
	t.Helper()
	path := os.Getenv("FIVECHAT_K8S_REPORT")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(strings.Join(r.rows, "\n") + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}
