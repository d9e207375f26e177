package arch_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/tests/harness"
)

func everyEvent(contract.Facts) bool { return true }

// TestEventNamesAreConstants: services and libraries name event types by the constants of libs/contract. The type
// typing, which is also a member of responses, is left out.
func TestEventNamesAreConstants(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, typ := range contract.Types(everyEvent) {
		names[string(typ)] = typ != contract.Typing
	}
	for _, s := range sources(t) {
		path := strings.TrimPrefix(s.pkg.ImportPath, repository)
		if !within(path, "services") && !within(path, "libs") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING && names[literal(lit)] {
				t.Errorf("%s: %s is written as a literal: use the constant of libs/contract", s.at(lit), lit.Value)
			}
			return true
		})
	}
}

// TestEventsAreOnTheirPage: the page of events has a row for each type, which says where the event isn't delivered.
func TestEventsAreOnTheirPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(harness.Root(t), "docs", "api", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		types, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for name := range strings.SplitSeq(types, ",") {
			rows[strings.Trim(name, " `")] = line
		}
	}
	for _, typ := range contract.Types(everyEvent) {
		facts, row := contract.FactsOf(typ), rows[string(typ)]
		switch {
		case row == "":
			t.Errorf("%s has no row", typ)
		case facts.Webhooks == strings.Contains(row, "streams only"):
			t.Errorf("%s: webhooks can receive it: %t, but the row is %s", typ, facts.Webhooks, row)
		case facts.Transient != strings.Contains(row, "transient"):
			t.Errorf("%s: it is transient: %t, but the row is %s", typ, facts.Transient, row)
		}
	}
}
