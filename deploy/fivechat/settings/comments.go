package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// declarations are the comments of the fields with an env tag below a folder, by path.Type.Field.
type declarations struct {
	comments map[string]string
	read     map[string]bool // the variables that are read with os.Getenv
}

// modulePath is the line of a go.mod that names the module.
var modulePath = regexp.MustCompile(`(?m)^module (\S+)$`)

// declared reads the sources below root, without tests and the folder tests.
func declared(root string) (declarations, error) {
	d := declarations{map[string]string{}, map[string]bool{}}
	modules := map[string]string{} // import paths by folder
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if file == filepath.Join(root, "tests") || file != root && skipped(entry.Name()) {
				return fs.SkipDir
			}
			return enter(modules, file)
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		return d.parse(file, modules[filepath.Dir(file)])
	})
	return d, err
}

// skipped reports whether a folder holds no sources of the product.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "storetest"
}

// enter notes the import path of a folder: that of its go.mod, or that of the folder above with its own name.
func enter(modules map[string]string, dir string) error {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	switch {
	case err == nil:
		if name := modulePath.FindSubmatch(mod); name != nil {
			modules[dir] = string(name[1])
			return nil
		}
		return fmt.Errorf("%s: go.mod names no module", dir)
	case !os.IsNotExist(err):
		return err
	}
	modules[dir] = path.Join(modules[filepath.Dir(dir)], filepath.Base(dir))
	return nil
}

// parse adds what one file declares.
func (d declarations) parse(file, importPath string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, is := n.Type.(*ast.StructType); is {
				d.addStruct(importPath+"."+n.Name.Name, s)
			}
		case *ast.CallExpr:
			d.addCall(n)
		}
		return true
	})
	return nil
}

func (d declarations) addStruct(owner string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil || reflect.StructTag(tag).Get("env") == "" {
			continue
		}
		for _, name := range f.Names {
			d.comments[owner+"."+name.Name] = meaning(f)
		}
	}
}

// meaning is a field's comment in one line: the one above it, or else the one behind it.
func meaning(f *ast.Field) string {
	text := f.Doc.Text()
	if text == "" {
		text = f.Comment.Text()
	}
	return strings.Join(strings.Fields(text), " ")
}

// addCall notes the variable of os.Getenv("NAME").
func (d declarations) addCall(call *ast.CallExpr) {
	selector, is := call.Fun.(*ast.SelectorExpr)
	if !is || selector.Sel.Name != "Getenv" || len(call.Args) != 1 {
		return
	}
	if literal, is := call.Args[0].(*ast.BasicLit); is {
		if name, err := strconv.Unquote(literal.Value); err == nil {
			d.read[name] = true
		}
	}
}
