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

// caused matches the item of a runbook that names the components whose failure raises an alert. Items may span lines.
var caused = regexp.MustCompile(
	"(?m)^- `(Fivechat\\w+)`\\s(?:fires\\sif\\s(?:this\\sis|one\\sof\\sthese\\sis)\\sdown:\\s([^.]+)" +
		"|isn't\\scaused\\sby\\sany\\ssingle\\scomponent\\sbeing\\sdown)\\.$")

// TestRunbooks checks that every alert has its page, which names the failures in the table that raise it.
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
	causes := map[string][]string{} // by alert
	for _, d := range failures {
		for _, raised := range d.raises {
			name, _, _ := strings.Cut(raised, " ")
			if !slices.Contains(causes[name], d.of) {
				causes[name] = append(causes[name], d.of)
			}
		}
	}
	page := map[string]string{} // of each alert
	for _, a := range rules.Alerts() {
		page[a.Name] = a.Runbook + ".md"
	}
	described := map[string]bool{}
	for _, entry := range pages {
		if entry.Name() == "README.md" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(index), "]("+entry.Name()+")") {
			t.Errorf("%s is missing in README.md", entry.Name())
		}
		for _, part := range []string{
			"**Meaning.**", "**Impact.**", "**Check.**", "**Causes,", "\n1. ",
			"**Resolved when**",
		} {
			if !strings.Contains(string(content), part) {
				t.Errorf("%s lacks %q", entry.Name(), part)
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(content), -1) {
			if _, err := os.Stat(filepath.Join(folder, link[1])); err != nil {
				t.Errorf("%s links to %s, which doesn't exist", entry.Name(), link[1])
			}
		}
		for _, m := range caused.FindAllStringSubmatch(string(content), -1) {
			name, by := m[1], strings.Split(strings.Join(strings.Fields(m[2]), " "), ", ")
			if page[name] != entry.Name() || described[name] {
				t.Errorf("%s describes %s, whose page is %q", entry.Name(), name, page[name])
			}
			described[name] = true
			want := causes[name]
			if len(want) == 0 {
				want = []string{""}
			}
			slices.Sort(by)
			slices.Sort(want)
			if !slices.Equal(by, want) {
				t.Errorf("%s: %s is caused by %q, but the test's table has %q", entry.Name(), name, by, want)
			}
		}
	}
	for name := range page {
		if !described[name] {
			t.Errorf("no page describes %s", name)
		}
	}
}
