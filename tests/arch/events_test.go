package arch_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
)

// TestEventNamesAreConstants: services and libraries name event types by the constants of libs/contract. The type
// typing, which is also a member of responses, is left out.
func TestEventNamesAreConstants(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, typ := range contract.Types(func(contract.Facts) bool { return true }) {
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
