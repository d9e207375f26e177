package prose_test

import (
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

var (
	word = regexp.MustCompile(`[A-Za-z]{2,}`)
	// camel matches between the words of a name like TestSenderRefusesAddresses.
	camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	// verb is a format's placeholder; markup is no prose.
	verb   = regexp.MustCompile(`%[-+#0-9.]*[a-z]`)
	markup = regexp.MustCompile(`[<>{}\[\]|=\\]|://`)
)

// writeMessages writes the messages of a Go file as paragraphs, for the linter: its literals of three words and more,
// and the names of its tests. A message is on the line that it has in the file, so that alerts name that line.
func writeMessages(t *testing.T, file, into string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, filepath.Join(harness.Root(t), file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	isTest := strings.HasSuffix(file, "_test.go")
	lines := map[int]string{}
	last := 0
	add := func(at token.Pos, text string) {
		line := set.Position(at).Line
		lines[line] = strings.TrimSpace(lines[line] + " " + strings.TrimRight(text, ".:") + ".")
		last = max(last, line)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.StructType:
			return false
		case *ast.FuncDecl:
			if isTest && strings.HasPrefix(n.Name.Name, "Test") {
				add(n.Pos(), separated(n.Name.Name))
			}
		case *ast.BasicLit:
			if text, is := message(n); is && !isTest {
				add(n.Pos(), text)
			}
		}
		return true
	})
	var out strings.Builder
	for line := 1; line <= last; line++ {
		out.WriteString(lines[line] + "\n")
	}
	err = os.MkdirAll(filepath.Dir(into), 0o755)
	if err == nil {
		err = os.WriteFile(into, []byte(out.String()), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// message is the text of a literal, if it is prose.
func message(literal *ast.BasicLit) (string, bool) {
	if literal.Kind != token.STRING || strings.HasPrefix(literal.Value, "`") {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil || len(word.FindAllString(text, 3)) < 3 || markup.MatchString(text) {
		return "", false
	}
	text = strings.NewReplacer("\t", ". ", "\n", ". ").Replace(verb.ReplaceAllString(text, "value"))
	return strings.Join(strings.Fields(text), " "), true
}

// separated sets spaces between the words of names in a text.
func separated(text string) string {
	if strings.Contains(text, " ") {
		return text
	}
	return camel.ReplaceAllString(text, "$1 $2")
}
