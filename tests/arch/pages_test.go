package arch_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// The sizes of pages that are only useful if they are short.
const (
	maxReadme   = 150 // lines
	maxGlossary = 40  // terms
)

// pages returns the text of every Markdown page without its code blocks, by its path from the repository's root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root := os.DirFS(harness.Root(t))
	code := regexp.MustCompile("(?s)```.*?```")
	found := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "bin" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		found[name] = code.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	heading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
	linkInText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	notAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	scheme     = regexp.MustCompile(`^[a-z]+:`)
	namedTest  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]+)`")
)

// anchors returns the anchors of a page's headings, as the forges make them.
func anchors(page string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		text := strings.ToLower(linkInText.ReplaceAllString(h[1], "$1"))
		all[strings.ReplaceAll(notAnchor.ReplaceAllString(text, ""), " ", "-")] = true
	}
	return all
}

// TestLinksInPagesResolve checks that each relative link of a Markdown page leads to a file or folder, and its anchor
// to a heading.
func TestLinksInPagesResolve(t *testing.T) {
	t.Parallel()
	root, all := harness.Root(t), pages(t)
	if len(all) < 20 {
		t.Fatalf("only %d pages are found", len(all))
	}
	for name, text := range all {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if scheme.MatchString(l[1]) {
				continue
			}
			file, anchor, _ := strings.Cut(l[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which doesn't exist", name, l[1])
			} else if page, is := all[target]; is && anchor != "" && !anchors(page)[anchor] {
				t.Errorf("%s links to %s, which has no such heading", name, l[1])
			}
		}
	}
}

// TestPagesAreIndexed checks that docs/README.md links to every page of docs, except to the parts of a page that has
// its own index.
func TestPagesAreIndexed(t *testing.T) {
	t.Parallel()
	all := pages(t)
	listed := map[string]bool{}
	for _, index := range []string{"docs/README.md", "docs/decisions/README.md", "docs/runbooks/README.md"} {
		for _, l := range link.FindAllStringSubmatch(all[index], -1) {
			file, _, _ := strings.Cut(l[1], "#")
			listed[path.Join(path.Dir(index), file)] = true
		}
	}
	for name := range all {
		if strings.HasPrefix(name, "docs/") && name != "docs/README.md" && !listed[name] {
			t.Errorf("no index links to %s", name)
		}
	}
}

// TestShortPagesStayShort checks the bounds of the README and the glossary.
func TestShortPagesStayShort(t *testing.T) {
	t.Parallel()
	root, all := harness.Root(t), pages(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(readme), "\n"); n > maxReadme {
		t.Errorf("README.md has %d lines, more than %d", n, maxReadme)
	}
	if n := strings.Count(all["docs/glossary.md"], "\n| **"); n == 0 || n > maxGlossary {
		t.Errorf("docs/glossary.md has %d terms, not 1 to %d", n, maxGlossary)
	}
}

// TestPagesNameExistingTests checks that each test that a page names exists, so that a reader can run it. The style
// page has examples of names.
func TestPagesNameExistingTests(t *testing.T) {
	t.Parallel()
	there, all := testsThere(t), pages(t)
	delete(all, "docs/style.md")
	for name, text := range all {
		for _, n := range namedTest.FindAllStringSubmatch(text, -1) {
			if !there[n[1]] {
				t.Errorf("%s names %s, which doesn't exist", name, n[1])
			}
		}
	}
}
