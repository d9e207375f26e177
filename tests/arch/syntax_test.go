package arch_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// uses calls found for each selector x.name in a file, and for each call by it.
func uses(s source, x, name string, found func(at string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == x {
				found(s.at(sel))
			}
		}
		return true
	})
}

// has reports whether some file of a package uses x.name.
func has(files []source, x, name string) bool {
	found := false
	for _, s := range files {
		uses(s, x, name, func(string) { found = true })
	}
	return found
}

// functions calls each for every function and method of a package.
func functions(files []source, each func(s source, f *ast.FuncDecl)) {
	for _, s := range files {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				each(s, f)
			}
		}
	}
}

// typeSpecs calls each for every type that a package declares.
func typeSpecs(files []source, each func(s source, spec *ast.TypeSpec)) {
	for _, s := range files {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				each(s, spec)
			}
			return true
		})
	}
}

// typeText returns a type as it is written, for the types that the rules compare.
func typeText(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return typeText(x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return "*" + typeText(x.X)
	case *ast.ArrayType:
		return "[]" + typeText(x.Elt)
	case *ast.FuncType:
		var params, results []string
		for _, f := range x.Params.List {
			params = append(params, typeText(f.Type))
		}
		if x.Results != nil {
			for _, f := range x.Results.List {
				results = append(results, slices.Repeat([]string{typeText(f.Type)}, max(1, len(f.Names)))...)
			}
		}
		return fmt.Sprintf("func(%s) (%s)", strings.Join(params, ", "), strings.Join(results, ", "))
	default:
		return fmt.Sprintf("%T", e)
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	return strings.TrimPrefix(typeText(f.Recv.List[0].Type), "*")
}
