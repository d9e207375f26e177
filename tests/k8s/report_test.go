package k8s_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// report is what was done to the cluster and what came of it.
type report struct{ rows []string }

// step carries one out as a subtest and reports it; what it gives is said in the report. It is false where it failed.
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
	text := "# What was done to the chart on a real Kubernetes\n\nWritten by `make k8s-test`. " + about + "\n\n" +
		"| what | outcome | seconds | what was seen |\n|---|---|---|---|\n" + strings.Join(r.rows, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

// add puts further rows behind those of a report that was written before.
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
