package observability_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/deploy/observability/rules"
	"fivechat.dev/tests/harness"
)

// said is the line of a runbook that says whose death raises an alert.
var said = regexp.MustCompile("(?m)^- `(Fivechat\\w+)` is raised by the death of: (.+)\\.$")

// TestRunbooks: every alert has its page, which names the deaths that raise it: those of the table.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(harness.Root(t), "docs/runbooks")
	index, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	deadly := map[string][]string{} // by alert
	for _, d := range deaths {
		for _, raised := range d.raises {
			name, _, _ := strings.Cut(raised, " ")
			if !slices.Contains(deadly[name], d.of) {
				deadly[name] = append(deadly[name], d.of)
			}
		}
	}
	page := map[string]string{} // of each alert
	for _, a := range rules.Alerts() {
		page[a.Name] = a.Runbook + ".md"
	}
	told := map[string]bool{}
	for _, entry := range pages {
		if entry.Name() == "README.md" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(index), "]("+entry.Name()+")") {
			t.Errorf("%s does not stand in README.md", entry.Name())
		}
		for _, part := range []string{"**It means.**", "**Who notices.**", "**Look.**", "**Causes,", "\n1. ", "**It is over when**"} {
			if !strings.Contains(string(content), part) {
				t.Errorf("%s lacks %q", entry.Name(), part)
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(content), -1) {
			if _, err := os.Stat(filepath.Join(folder, link[1])); err != nil {
				t.Errorf("%s leads to %s, which is not there", entry.Name(), link[1])
			}
		}
		for _, m := range said.FindAllStringSubmatch(string(content), -1) {
			name, by := m[1], strings.Split(m[2], ", ")
			if page[name] != entry.Name() || told[name] {
				t.Errorf("%s tells of %s, which leads to %q", entry.Name(), name, page[name])
			}
			told[name] = true
			want := deadly[name]
			if len(want) == 0 {
				want = []string{"nothing"}
			}
			slices.Sort(by)
			slices.Sort(want)
			if !slices.Equal(by, want) {
				t.Errorf("%s says that %s is raised by the death of %q, the table says %q", entry.Name(), name, by, want)
			}
		}
	}
	for name := range page {
		if !told[name] {
			t.Errorf("no page tells of %s", name)
		}
	}
}
