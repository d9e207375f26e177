package prose_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// An alert is a text that breaks a rule.
type alert struct {
	Check, Message, Match string
	Line                  int
}

// vale runs the linter over files, or folders, and returns its alerts by file.
func vale(t *testing.T, paths ...string) map[string][]alert {
	t.Helper()
	program := os.Getenv("FIVECHAT_VALE")
	if program == "" {
		t.Skipf("FIVECHAT_VALE doesn't name the linter: run make prose")
	}
	args := append([]string{
		"--config", filepath.Join(harness.Root(t), ".vale.ini"), "--output", "JSON",
		"--no-exit",
	}, paths...)
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("vale: %v\n%s", err, out)
	}
	var alerts map[string][]alert
	if err := json.Unmarshal(out, &alerts); err != nil {
		t.Fatalf("vale: %v\n%s", err, out)
	}
	return alerts
}

// listed reads one of the lists beside this test: one path per line, with comments after #.
func listed(t *testing.T, name string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		path, _, _ := strings.Cut(line, "#")
		if path = strings.TrimSpace(path); path != "" {
			paths[path] = true
		}
	}
	return paths
}

// below returns the files below a folder whose names have one of the endings, relative to the repository's root.
// It leaves out what was built or downloaded.
func below(t *testing.T, folder string, endings ...string) []string {
	t.Helper()
	root := harness.Root(t)
	var files []string
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "data" {
				return fs.SkipDir
			}
			return nil
		}
		for _, ending := range endings {
			if rel, err := filepath.Rel(root, path); err == nil && strings.HasSuffix(name, ending) {
				files = append(files, rel)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// report fails the test for each alert, with the path relative to the repository's root.
func report(t *testing.T, alerts map[string][]alert) {
	t.Helper()
	for path, found := range alerts {
		rel, err := filepath.Rel(harness.Root(t), path)
		if err != nil || strings.HasPrefix(rel, "..") {
			rel = path
		}
		for _, a := range found {
			t.Errorf("%s:%d: %s (%s)", rel, a.Line, a.Message, strings.TrimPrefix(a.Check, "Fivechat."))
		}
	}
}
