package prose_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/tests/harness"
)

// maxColumns is how long a line of prose may be. Tables, URLs and code may be longer.
const maxColumns = 120

// pages are the Markdown pages that are checked.
func pages(t *testing.T) []string {
	t.Helper()
	later := listed(t, "later.txt")
	var all []string
	for _, page := range below(t, ".", ".md") {
		if later[page] {
			delete(later, page)
			continue
		}
		all = append(all, filepath.Join(harness.Root(t), page))
	}
	for page := range later {
		t.Errorf("later.txt lists %s, which doesn't exist", page)
	}
	return all
}

func TestPagesAreInPlainWords(t *testing.T) {
	t.Parallel()
	report(t, vale(t, pages(t)...))
}

// TestCleanPagesArentListed: a page that has become clean leaves later.txt, so that it stays clean.
func TestCleanPagesArentListed(t *testing.T) {
	t.Parallel()
	later := listed(t, "later.txt")
	var paths []string
	for page := range later {
		paths = append(paths, filepath.Join(harness.Root(t), page))
	}
	if len(paths) == 0 {
		return
	}
	for path := range vale(t, paths...) {
		if rel, err := filepath.Rel(harness.Root(t), path); err == nil {
			delete(later, rel)
		}
	}
	for page := range later {
		t.Errorf("%s is clean: remove it from tests/prose/later.txt", page)
	}
}

func TestLinesOfPagesEndAt120Columns(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		number, code := 0, false
		for line := range strings.Lines(string(text)) {
			number++
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				code = !code
			}
			free := code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ") || strings.Contains(line, "](") ||
				strings.Contains(line, "://")
			if !free && utf8.RuneCountInString(line) > maxColumns {
				t.Errorf("%s:%d has %d columns", page, number, utf8.RuneCountInString(line))
			}
		}
	}
}

// TestCodeIsInPlainWords checks the comments, messages and test names in the folders of code.txt.
func TestCodeIsInPlainWords(t *testing.T) {
	t.Parallel()
	folders := listed(t, "code.txt")
	out := t.TempDir()
	paths := []string{out}
	for folder := range folders {
		for _, file := range below(t, folder, ".go", ".ts", ".tsx") {
			if generated(t, file) {
				continue
			}
			paths = append(paths, filepath.Join(harness.Root(t), file))
			if strings.HasSuffix(file, ".go") {
				writeMessages(t, file, filepath.Join(out, file+".txt"))
			}
		}
	}
	alerts := vale(t, paths...)
	for path, found := range alerts {
		if file, is := strings.CutPrefix(path, out+string(filepath.Separator)); is {
			delete(alerts, path)
			alerts[strings.TrimSuffix(file, ".txt")+" (messages)"] = found
		}
	}
	report(t, alerts)
}

// generated reports whether a file of code is generated.
func generated(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^(//|/\*| \*) .*generated.*`).Match(text[:min(len(text), 400)])
}

// TestSamples: every sentence of the table's first column in docs/style.md breaks a rule, and none of the second does.
func TestSamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "style.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| Before | After |\n|---|---|\n")
	samples := 0
	for row := range strings.Lines(table) {
		cells := strings.Split(row, " | ")
		if len(cells) != 2 {
			break
		}
		samples++
		before, after := strings.Trim(cells[0], "|` "), strings.TrimSuffix(strings.TrimSpace(cells[1]), " |")
		dir := t.TempDir()
		texts := map[string]string{"before.txt": separated(before), "after.txt": separated(after)}
		for name, text := range texts {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		alerts := vale(t, dir)
		if len(alerts[filepath.Join(dir, "before.txt")]) == 0 {
			t.Errorf("no rule finds: %s", before)
		}
		for _, a := range alerts[filepath.Join(dir, "after.txt")] {
			t.Errorf("%s: %s", a.Message, after)
		}
	}
	if samples < 10 {
		t.Errorf("only %d samples are found", samples)
	}
}
