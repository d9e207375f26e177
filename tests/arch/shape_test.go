package arch_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file holds the shape that all services have: an engineer who has read one has read all. Each method of shape is
// a rule, and its failure says what the shape wants. except lists the places that differ, with the reason.

// except lists violations that are intended: the place as the rule names it, and why.
var except = map[string]string{
	"accounts: Entry.ID":           "nothing refers to an entry of the audit log",
	"accounts: Erasure.ID":         "only an operator refers to an erasure",
	"accounts: Service.Erasure.id": "only an operator refers to an erasure",
	"accounts: Store.Erasure.id":   "only an operator refers to an erasure",
	"accounts: Store.SaveErasure":  "the holder of a lease stores the whole value, if the lease is still its own",
	"widgets: Widget.ID":           "a website has one widget, whose id is the website's number",
}

// TestServicesHaveOneShape checks every rule for every service.
func TestServicesHaveOneShape(t *testing.T) {
	t.Parallel()
	sh := &shape{T: t, services: map[string]map[string][]source{}, excepted: map[string]bool{}}
	for _, s := range sources(t) {
		if name, inside := service(s.pkg.ImportPath); name != "" {
			if sh.services[name] == nil {
				sh.services[name] = map[string][]source{}
			}
			sh.services[name][inside] = append(sh.services[name][inside], s)
		}
	}
	if len(sh.services) < 7 {
		t.Fatalf("only %d services are found", len(sh.services))
	}
	for name, packages := range sh.services {
		sh.files(name, packages)
		sh.adapters(name, packages)
		sh.clock(name, packages)
		sh.validation(name, packages)
		sh.events(packages)
		sh.saving(name, packages)
		sh.typedIDs(name, packages)
	}
	for place := range except {
		if !sh.excepted[place] {
			t.Errorf("%s follows the shape: remove it from except", place)
		}
	}
}

// shape is a run of the rules.
type shape struct {
	*testing.T
	// The files of each service, by the path of their package inside the service: "" is the domain.
	services map[string]map[string][]source
	excepted map[string]bool
}

// refuse reports a violation unless except lists it.
func (sh *shape) refuse(place, want string) {
	sh.Helper()
	if except[place] != "" {
		sh.excepted[place] = true
		return
	}
	sh.Errorf("%s: %s", place, want)
}

// files: a reader finds the package comment, the ports and the use cases in the same files of every service.
func (sh *shape) files(name string, packages map[string][]source) {
	var files []string
	for _, s := range packages[""] {
		files = append(files, path.Base(s.name))
	}
	for _, want := range []string{"doc.go", "ports.go", "service.go"} {
		if !slices.Contains(files, want) {
			sh.refuse(name+": "+want, "is missing: doc.go has the package comment, ports.go the interfaces, service.go "+
				"the type Service")
		}
	}
	for _, want := range []string{"app", "cmd", "internal/api", "internal/mongostore"} {
		if packages[want] == nil {
			sh.refuse(name+": "+want, "is missing: every service has an api, a mongostore, an app and a cmd")
		}
	}
}

// adapters: the folders below internal/ have the same names everywhere. Workers have names of their own.
func (sh *shape) adapters(name string, packages map[string][]source) {
	for inside, files := range packages {
		if !within(inside, "internal") {
			continue
		}
		adapter, place := strings.TrimPrefix(inside, "internal/"), name+": "+inside
		if (has(files, "httpkit", "Call") || has(files, "httpkit", "Client")) && adapter != "clients" {
			sh.refuse(place, "calls other services: put it into internal/clients, a file for each service called")
		}
		if has(files, "rediskit", "Announcer") && adapter != "announcer" {
			sh.refuse(place, "invalidates caches of the gateways: put it into internal/announcer")
		}
		if has(files, "mongokit", "DB") && adapter != "mongostore" {
			sh.refuse(place, "stores rows: put it into internal/mongostore")
		}
		if adapter == "clients" && !slices.ContainsFunc(files, func(s source) bool {
			return path.Base(s.name) == "doc.go"
		}) {
			sh.refuse(place, "has no doc.go that says which services it calls")
		}
	}
}

// clock: a service gets the function now, so that its tests have a clock of their own. Only libs/kernel/timestamp
// truncates times.
func (sh *shape) clock(name string, packages map[string][]source) {
	const want = "the service gets its clock: New has the parameter now func() time.Time, and keeps timestamp.Clock(now)"
	asks := false
	functions(packages[""], func(_ source, f *ast.FuncDecl) {
		if f.Name.Name != "New" || f.Recv != nil {
			return
		}
		for _, p := range f.Type.Params.List {
			asks = asks || len(p.Names) == 1 && p.Names[0].Name == "now" && typeText(p.Type) == "func() (time.Time)"
		}
	})
	usesTime := has(packages[""], "time", "Now") || slices.ContainsFunc(packages[""], func(s source) bool {
		return strings.Contains(string(s.text), "now func() time.Time") || strings.Contains(string(s.text), ".now()")
	})
	if usesTime && (!asks || !has(packages[""], "timestamp", "Clock")) {
		sh.refuse(name+": New", want)
	}
	for _, s := range packages[""] {
		uses(s, "time", "Now", func(at string) { sh.refuse(at, "reads the system's clock: "+want) })
	}
	for _, files := range packages {
		for _, s := range files {
			uses(s, "time", "Millisecond", func(at string) {
				line, _ := strconv.Atoi(at[strings.LastIndex(at, ":")+1:])
				if strings.Contains(strings.Split(string(s.text), "\n")[line-1], "Truncate(time.Millisecond)") {
					sh.refuse(at, "truncates a time: use timestamp.Of or timestamp.Clock")
				}
			})
		}
	}
}

// isInput reports whether a type's name says that it is input of a use case.
func isInput(name string) bool {
	return strings.HasPrefix(name, "New") && name != "New" || strings.HasSuffix(name, "Draft") ||
		strings.HasSuffix(name, "Patch") || strings.HasSuffix(name, "Post") || strings.HasSuffix(name, "Import")
}

// validation: the input of a use case has a method Validate, and the domain calls it.
func (sh *shape) validation(name string, packages map[string][]source) {
	validates := map[string]bool{}
	functions(packages[""], func(s source, f *ast.FuncDecl) {
		if f.Name.Name != "Validate" || f.Recv == nil {
			return
		}
		validates[receiver(f)] = true
		if r := f.Type.Results; r == nil || len(r.List) != 1 || typeText(r.List[0].Type) != "error" {
			sh.refuse(s.at(f), "Validate returns an error and nothing else")
		}
	})
	typeSpecs(packages[""], func(s source, spec *ast.TypeSpec) {
		if _, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() && isInput(spec.Name.Name) &&
			!validates[spec.Name.Name] {
			sh.refuse(name+": "+spec.Name.Name+".Validate", "is missing: input of the domain (a draft, patch, post, import "+
				"or New…) has a method Validate() error")
		}
	})
	called := false
	for inside, files := range packages {
		functions(files, func(s source, f *ast.FuncDecl) {
			if f.Name.Name == "Validate" { // of a query, which includes that of paging
				return
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Validate" {
					called = called || inside == ""
					if within(inside, "internal") {
						sh.refuse(s.at(sel), "validates in an adapter: the service calls Validate before it uses input")
					}
				}
				return true
			})
		})
	}
	if len(validates) > 0 && !called {
		sh.refuse(name+": Validate", "is never called by the domain")
	}
}

// events: the data of events are made in events.go, so that one file shows what a service announces.
func (sh *shape) events(packages map[string][]source) {
	for inside, files := range packages {
		for _, s := range files {
			if inside == "" && path.Base(s.name) == "events.go" {
				continue
			}
			ast.Inspect(s.file, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || lit.Type == nil {
					return true
				}
				if typ := typeText(lit.Type); strings.HasPrefix(typ, "contract.") && strings.HasSuffix(typ, "Data") &&
					len(lit.Elts) > 0 {
					sh.refuse(s.at(lit), "makes the data of an event: a function in the domain's events.go returns it")
				}
				return true
			})
		}
	}
}

// maxSet is how many fields a $set may name. Counters and leases have few; a longer list is a copy of the row's fields,
// which loses the next one that is added.
const maxSet = 3

// saving: a store's Save gets a function that changes the whole value, and mongokit finds out which fields differ.
func (sh *shape) saving(name string, packages map[string][]source) {
	saves := false
	typeSpecs(packages[""], func(_ source, spec *ast.TypeSpec) {
		port, ok := spec.Type.(*ast.InterfaceType)
		if !ok {
			return
		}
		for _, m := range port.Methods.List {
			f, ok := m.Type.(*ast.FuncType)
			if !ok || len(m.Names) == 0 || !strings.HasPrefix(m.Names[0].Name, "Save") {
				continue
			}
			saves = true
			if !slices.ContainsFunc(f.Params.List, func(p *ast.Field) bool { return isChange(p.Type) }) {
				sh.refuse(name+": "+spec.Name.Name+"."+m.Names[0].Name, "gets no function change, which returns the whole "+
					"value and an error, like func(Ticket) (Ticket, error)")
			}
		}
	})
	store := packages["internal/mongostore"]
	if saves && !has(store, "mongokit", "Changes") && !slices.ContainsFunc(store, func(s source) bool {
		return strings.Contains(string(s.text), ".Save(ctx, ")
	}) {
		sh.refuse(name+": internal/mongostore", "saves without mongokit's Collection.Save or Changes")
	}
	for _, s := range store {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if fields := setFields(n); fields > maxSet {
				sh.refuse(s.at(n), fmt.Sprintf("sets %d fields that are listed by hand, more than %d: use "+
					"Collection.Save, which finds out what differs", fields, maxSet))
			}
			return true
		})
	}
}

// isChange reports whether a type is a function from a value to the changed value, possibly more, and an error.
func isChange(e ast.Expr) bool {
	f, ok := e.(*ast.FuncType)
	if !ok || len(f.Params.List) != 1 || f.Results == nil || len(f.Results.List) < 2 {
		return false
	}
	results := f.Results.List
	return typeText(results[0].Type) == typeText(f.Params.List[0].Type) &&
		typeText(results[len(results)-1].Type) == "error"
}

// setFields returns how many fields the update operator $set in n names: as a literal {Key: "$set", Value: bson.D{…}},
// or as the arguments of a function set.
func setFields(n ast.Node) int {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "set" {
			return len(n.Args)
		}
	case *ast.CompositeLit:
		if len(n.Elts) != 2 {
			return 0
		}
		key, isKey := n.Elts[0].(*ast.KeyValueExpr)
		value, isValue := n.Elts[1].(*ast.KeyValueExpr)
		if !isKey || !isValue {
			return 0
		}
		operator, isLit := key.Value.(*ast.BasicLit)
		fields, isFields := value.Value.(*ast.CompositeLit)
		if isLit && isFields && operator.Kind == token.STRING && operator.Value == `"$set"` {
			return len(fields.Elts)
		}
	}
	return 0
}

// typedIDs: a field or a parameter of the domain that holds an id has a type of libs/kernel/id, so that
// the id of something else doesn't compile.
func (sh *shape) typedIDs(name string, packages map[string][]source) {
	const want = "is a plain number: use a type of libs/kernel/id"
	isID := func(n string) bool {
		return n == "id" || n == "ids" || strings.HasSuffix(n, "ID") || strings.HasSuffix(n, "IDs")
	}
	check := func(owner string, fields *ast.FieldList) {
		for _, f := range fields.List {
			plain := slices.Contains([]string{"int64", "*int64", "[]int64"}, typeText(f.Type))
			for _, n := range f.Names {
				if plain && isID(n.Name) {
					sh.refuse(name+": "+owner+"."+n.Name, want)
				}
			}
		}
	}
	typeSpecs(packages[""], func(_ source, spec *ast.TypeSpec) {
		switch typ := spec.Type.(type) {
		case *ast.StructType:
			check(spec.Name.Name, typ.Fields)
		case *ast.InterfaceType:
			for _, m := range typ.Methods.List {
				if f, ok := m.Type.(*ast.FuncType); ok && len(m.Names) == 1 {
					check(spec.Name.Name+"."+m.Names[0].Name, f.Params)
				}
			}
		}
	})
	functions(packages[""], func(_ source, f *ast.FuncDecl) {
		check(strings.TrimPrefix(receiver(f)+"."+f.Name.Name, "."), f.Type.Params)
	})
}
