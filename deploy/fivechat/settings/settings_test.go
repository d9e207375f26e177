package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..", "..")

// TestPageIsFresh: docs/configuration.md has the table that the settings make. Making it fails if a field with an env
// tag has no comment, or if no program in programs.go has the field.
func TestPageIsFresh(t *testing.T) {
	t.Parallel()
	want, err := table(root)
	if err != nil {
		t.Fatal(err)
	}
	page := configurationPage(t)
	fresh, err := insert(page, want)
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != string(page) {
		t.Error("docs/configuration.md is stale: run make generate")
	}
	for _, name := range []string{
		"LOG_LEVEL", "MONGODB_DATABASE", "FIVECHAT_CORS_ORIGINS", "FIVECHAT_TIMEOUT",
		"FIVECHAT_REPLICAS", "FIVECHAT_TOKEN",
	} {
		if !strings.Contains(string(want), "\n| `"+name+"` | ") {
			t.Errorf("%s has no row", name)
		}
	}
}

// TestRunReadsWhatItsComponentsRead: `fivechat run` ignores no variable of a service or of the gateway, beside the
// addresses at which they find each other.
func TestRunReadsWhatItsComponentsRead(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	for _, p := range others {
		if p.name == "`fivechat run`" {
			for _, f := range fields(p) {
				read[f.variable] = true
			}
		}
	}
	for _, p := range append(slices.Clone(services), others[0]) {
		for _, f := range fields(p) {
			address := strings.HasPrefix(f.variable, "FIVECHAT_") && strings.HasSuffix(f.owner, "URL")
			if !address && !read[f.variable] {
				t.Errorf("%s reads %s, and fivechat run doesn't", p.name, f.variable)
			}
		}
	}
	if !read["MONGODB_DATABASE"] || read["FIVECHAT_TICKETS_URL"] {
		t.Errorf("fivechat run reads %v", read)
	}
}

// TestReadVariablesAreOnThePage: what the product reads with os.Getenv is on the page too.
func TestReadVariablesAreOnThePage(t *testing.T) {
	t.Parallel()
	d, err := declared(root)
	if err != nil {
		t.Fatal(err)
	}
	if !d.read["GOGC"] {
		t.Error("the walk doesn't find GOGC")
	}
	for name := range d.read {
		if !strings.Contains(string(configurationPage(t)), "`"+name+"`") {
			t.Errorf("%s is read, and docs/configuration.md doesn't name it", name)
		}
	}
}

func TestFieldWithoutCommentIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.org/m\n")
	write(t, filepath.Join(dir, "a", "a.go"), "package a\n\ntype C struct {\n\tX string `env:\"X_Y\"`\n"+
		"\tY int `env:\"Y\"` // Of y.\n}\n")
	d, err := declared(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d.comments["example.org/m/a.C.X"] != "" || d.comments["example.org/m/a.C.Y"] != "Of y." || len(d.comments) != 2 {
		t.Errorf("declared: %v", d.comments)
	}
	if _, err := table(dir); err == nil || !strings.Contains(err.Error(), "example.org/m/a.C.X") {
		t.Errorf("table: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func configurationPage(t *testing.T) []byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	return page
}
