package arch_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// The largest sizes of a file and a function, in lines.
const (
	maxFile     = 400
	maxFunction = 70
)

// source is a parsed file that is neither a test nor generated.
type source struct {
	pkg  pkg
	name string // from the repository's root
	set  *token.FileSet
	file *ast.File
	text []byte
}

// sources returns every Go file of the product, without tests and tests/.
func sources(t *testing.T) []source {
	t.Helper()
	root := harness.Root(t)
	var all []source
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(f) {
				continue
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, source{p, rel, set, f, text})
		}
	}
	return all
}

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(n.Pos()).Line)
}

func (s source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

// TestSizes checks the bounds of files and functions.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", s.name, n, maxFile)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.lines(f) > maxFunction {
				t.Errorf("%s: %s has %d lines, more than %d", s.at(f), f.Name.Name, s.lines(f), maxFunction)
			}
		}
	}
}

// TestDocumented checks that every package and every exported name is documented.
func TestDocumented(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, s := range sources(t) {
		said[s.pkg.ImportPath] = said[s.pkg.ImportPath] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s: %s is exported and not documented", s.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, s, d)
			}
		}
	}
	for path, ok := range said {
		if !ok {
			t.Errorf("%s has no package comment", path)
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// undocumented reports the names in a declaration without a comment: of the group, of the name, or on its line.
func undocumented(t *testing.T, s source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				t.Errorf("%s: %s is exported and not documented", s.at(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s is exported and not documented", s.at(spec), name.Name)
				}
			}
		}
	}
}

// TestCollections checks that one service writes a collection, and that its name begins with the service.
func TestCollections(t *testing.T) {
	t.Parallel()
	found := 0
	for _, s := range sources(t) {
		name, _ := service(s.pkg.ImportPath)
		if name == "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			switch called(call.Fun) {
			case "Tenanted", "GlobalOf":
				found++
				if text := literal(call.Args[1]); !strings.HasPrefix(text, name+"_") {
					t.Errorf("%s: the collection %q does not begin with %s_", s.at(call), text, name)
				}
			case "NewSequence":
				if text := literal(call.Args[1]); text != name {
					t.Errorf("%s: the sequence belongs to %q, not to %s", s.at(call), text, name)
				}
			}
			return true
		})
	}
	if found < 8 {
		t.Errorf("only %d collections are found", found)
	}
}

// called returns the last name of a called function, with or without type arguments.
func called(fun ast.Expr) string {
	switch x := fun.(type) {
	case *ast.IndexExpr:
		return called(x.X)
	case *ast.IndexListExpr:
		return called(x.X)
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.Ident:
		return x.Name
	default:
		return ""
	}
}

// literal returns a string literal's text. For another expression it returns a placeholder.
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return text
		}
	}
	return "not a literal"
}

// skips matches calls that skip a test or benchmark.
var skips = regexp.MustCompile(`\b[tb]\.Skip(f|Now)?\(`)

// skipReason is what a skipped test must say: what the machine lacks, or the setting or target that runs the test.
var skipReason = regexp.MustCompile(`FIVECHAT_[A-Z0-9_]+|make [a-z0-9-]+|there is no |need(s)? |` +
	`unknown here|isn.t installed`)

// pageLoop matches loops that end only if a response says so.
var pageLoop = regexp.MustCompile(`for [^{]*; (more|!last|after != "")[^;{]*;`)

// TestNoLeftovers: sources have no notes to come back later, a skipped test says what would run it, and tests bound
// their loops over pages.
func TestNoLeftovers(t *testing.T) {
	t.Parallel()
	root := harness.Root(t)
	later := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}
	for _, p := range packages(t) {
		entries, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range entries {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				for _, word := range later {
					if strings.Contains(line, word) {
						rel, _ := filepath.Rel(root, path)
						t.Errorf("%s:%d: %s", rel, i+1, strings.TrimSpace(line))
					}
				}
				if strings.HasSuffix(path, "_test.go") && pageLoop.MatchString(line) {
					rel, _ := filepath.Rel(root, path)
					t.Errorf("%s:%d: a loop over pages without a bound: range over harness.Pages", rel, i+1)
				}
				if skips.MatchString(line) && !skipReason.MatchString(line) {
					rel, _ := filepath.Rel(root, path)
					t.Errorf("%s:%d: a test is skipped without what would run it: %s", rel, i+1, strings.TrimSpace(line))
				}
			}
		}
	}
}
