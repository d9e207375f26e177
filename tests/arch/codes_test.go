package arch_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// codedFault finds the codes of faults in sources.
var codedFault = regexp.MustCompile(`fault\.Coded\(\s*[\w.]+,\s*"([a-z_]+)"`)

// TestErrorCodesAreDocumented checks that docs/api/errors.md has each code that a fault in the sources has.
func TestErrorCodesAreDocumented(t *testing.T) {
	t.Parallel()
	root := harness.Root(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "api", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, room := range []string{"libs", "services", "api-gateway"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, coded := range codedFault.FindAllSubmatch(source, -1) {
				if found++; !strings.Contains(string(page), "`"+string(coded[1])+"`") {
					t.Errorf("%s: docs/api/errors.md lacks the code %s", path, coded[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 50 {
		t.Errorf("only %d codes were found", found)
	}
}
