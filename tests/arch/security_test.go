package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestNamedTestsExist checks that the tests named on the security page exist.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	root := harness.Root(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 30 {
		t.Fatalf("only %d tests are named", len(named))
	}
	there := testsThere(t)
	for _, n := range named {
		if !there[n[1]] {
			t.Errorf("docs/security.md names %s, which doesn't exist", n[1])
		}
	}
}

// testsThere returns every test and fuzz target of the repository.
func testsThere(t *testing.T) map[string]bool {
	t.Helper()
	root := harness.Root(t)
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9]+)\(`)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, f := range function.FindAllStringSubmatch(string(content), -1) {
			there[f[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}
