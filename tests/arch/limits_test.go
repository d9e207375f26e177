package arch_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// declared returns the names declared in the packages below some folders, by package.name: the value if it is a number,
// else nil.
func declared(t *testing.T, dirs ...string) map[string]constant.Value {
	t.Helper()
	root := harness.Root(t)
	all := map[string]constant.Value{}
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "storetest" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool { return declare(all, file.Name.Name, n) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// declare adds the names that a node declares, and reports whether to look inside it.
func declare(all map[string]constant.Value, pkg string, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		all[pkg+"."+n.Name.Name] = nil
		return false
	case *ast.TypeSpec:
		all[pkg+"."+n.Name.Name] = nil
	case *ast.ValueSpec:
		for i, name := range n.Names {
			all[pkg+"."+name.Name] = nil
			if i < len(n.Values) {
				all[pkg+"."+name.Name] = number(n.Values[i])
			}
		}
	}
	return true
}

// number returns the value of an expression of literals, or nil.
func number(e ast.Expr) constant.Value {
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(e))
	if err != nil || v.Value == nil || v.Value.Kind() != constant.Int {
		return nil
	}
	return v.Value
}

// states reports whether a row of the page states a number, as 64 KiB, 8 MiB or 10,000. A number below 1,000 may be in
// words.
func states(row string, v constant.Value) bool {
	n, _ := constant.Int64Val(v)
	return n < 1000 || n%1_000_000 == 0 && strings.Contains(row, strconv.FormatInt(n/1_000_000, 10)+" MB") ||
		n%(1<<20) == 0 && strings.Contains(row, strconv.FormatInt(n>>20, 10)+" MiB") ||
		n%(1<<10) == 0 && strings.Contains(row, strconv.FormatInt(n>>10, 10)+" KiB") ||
		strings.Contains(row, strconv.FormatInt(n/1000, 10)+","+strconv.FormatInt(1000+n%1000, 10)[1:])
}

var (
	aConstant = regexp.MustCompile("`([a-z]+\\.[A-Za-z]+)`")
	bounding  = regexp.MustCompile(`(?i)\.[a-z]*(batch|cache|queue|buffer)[a-z]*$`)
)

// TestLimitsMatchTheSources checks that each row of docs/limits.md names existing constants with their values, and
// existing tests. Every number that bounds a batch, cache, queue or buffer has a row.
func TestLimitsMatchTheSources(t *testing.T) {
	t.Parallel()
	page, tests := limitsPage(t), testsThere(t)
	all := declared(t, "libs", "services", "api-gateway")
	named := map[string]bool{}
	for row := range strings.Lines(page) {
		cells := strings.Split(row, "|")
		if len(cells) != 8 || strings.HasPrefix(row, "| what") || strings.HasPrefix(row, "|---") {
			continue
		}
		for _, c := range aConstant.FindAllStringSubmatch(cells[4], -1) {
			named[c[1]] = true
			value, is := all[c[1]]
			if setting := strings.HasPrefix(c[1], "failures."); setting {
				continue // a member of FIVECHAT_QUOTAS
			} else if !is {
				t.Errorf("docs/limits.md names %s, which doesn't exist", c[1])
			} else if value != nil && !states(row, value) {
				t.Errorf("%s is %s, which its row of docs/limits.md doesn't state: %s", c[1], value, row)
			}
		}
		for _, test := range regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(cells[6], -1) {
			if !tests[test[1]] {
				t.Errorf("docs/limits.md names %s, which doesn't exist", test[1])
			}
		}
	}
	if len(named) < 20 {
		t.Errorf("only %d constants are named", len(named))
	}
	for name := range declared(t, "libs/embedmongo") { // a separate database, which has MongoDB's bounds
		delete(all, name)
	}
	for name, value := range all {
		if value != nil && bounding.MatchString(name) && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%s has no row in docs/limits.md", name)
		}
	}
}

// TestListsHaveLimits checks that docs/limits.md names every operation that reads an export, a stream, or a list
// without pages.
func TestListsHaveLimits(t *testing.T) {
	t.Parallel()
	page := limitsPage(t)
	raw, err := os.ReadFile(filepath.Join(harness.Root(t), "api-gateway", "openapi", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref        string `json:"$ref"`
		Type       any    `json:"type"`
		Properties map[string]struct {
			Type any `json:"type"`
		} `json:"properties"`
	}
	var document struct {
		Paths map[string]struct {
			Get *struct {
				OperationID string `json:"operationId"`
				Responses   map[string]struct {
					Content map[string]struct {
						Schema schema `json:"schema"`
					} `json:"content"`
				} `json:"responses"`
			} `json:"get"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths {
		if item.Get == nil {
			continue
		}
		for media, content := range item.Get.Responses["200"].Content {
			s := content.Schema
			if _, name, is := strings.Cut(s.Ref, "schemas/"); is {
				s = document.Components.Schemas[name]
				if strings.HasSuffix(name, "Page") {
					continue // all pages share one bound
				}
			}
			many := media == "application/x-ndjson" || media == "text/event-stream" || media == "text/csv" || s.Type == "array"
			for _, p := range s.Properties {
				many = many || p.Type == "array"
			}
			if many && !strings.Contains(page, "`"+item.Get.OperationID+"`") {
				t.Errorf("GET %s returns many rows, but docs/limits.md doesn't name %s", path, item.Get.OperationID)
			}
		}
	}
}

func limitsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
