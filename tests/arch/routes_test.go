package arch_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// row is an operation in one of three places: the edge's table, a service, or the document.
type row struct {
	service string // "" for the edge itself
	rule    string // of libs/kernel/authz; "" if it is not beside the pattern
	visitor string // the edge's policy on the visitor's header
	class   string
	session bool // a public row that takes a person's session
}

// TestTableServicesAndDocumentAgree checks that every row of the edge's public table is mounted by its service and
// documented, with the same rule. Every public operation that is mounted or documented has a row.
func TestTableServicesAndDocumentAgree(t *testing.T) {
	t.Parallel()
	table, services := publicTable(t), mounts(t)
	if len(table) < 50 || len(services) < 50 {
		t.Fatalf("only %d rows and %d mounts are found", len(table), len(services))
	}
	for name, r := range table {
		at, mounted := services[name]
		switch {
		case r.service == "":
			if mounted {
				t.Errorf("%s: the edge itself serves an operation that %s mounts", name, at.service)
			}
		case !mounted || at.service != r.service:
			t.Errorf("%s: the edge forwards to %s, but %q mounts it", name, r.service, at.service)
		case at.rule != "" && at.rule != r.rule:
			t.Errorf("%s: %s at the edge, %s in the service", name, r.rule, at.rule)
		}
	}
	for name, m := range services {
		_, path, _ := strings.Cut(name, " ")
		inside := m.rule == "Internal" || m.rule == "Operator" || m.rule == "" && (strings.HasPrefix(path, "/internal/") ||
			strings.HasPrefix(path, "/operator/"))
		if _, has := table[name]; !has && !inside {
			t.Errorf("%s: %s mounts it, but the edge has no row", name, m.service)
		}
	}
	documents(t, table)
}

// documents compares the document with the table.
func documents(t *testing.T, table map[string]row) {
	t.Helper()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	securities := map[string]string{
		"Public": "[]", "Visitor": "[map[visitor:[]]]",
		"Read":        "[map[token:[READ]] map[session:[viewer]]]",
		"Write":       "[map[token:[WRITE]] map[session:[agent]]]",
		"ProRead":     "[map[token:[READ PRO]] map[session:[viewer PRO]]]",
		"ProWrite":    "[map[token:[WRITE PRO]] map[session:[agent PRO]]]",
		"ManageRead":  "[map[token:[READ]] map[session:[admin]]]",
		"ManageWrite": "[map[token:[WRITE]] map[session:[admin]]]",
		"ManageBoth":  "[map[token:[READ_WRITE]] map[session:[admin]]]",
		"Person":      "[map[session:[]]]", "Viewer": "[map[session:[viewer]]]",
		"Agent": "[map[session:[agent]]]", "Admin": "[map[session:[admin]]]",
		"Owner": "[map[session:[owner]]]",
	}
	left := maps.Clone(table)
	for _, op := range d.Operations {
		name := op.Method + " " + op.Path
		r, has := table[name]
		delete(left, name)
		if !has {
			t.Errorf("%s is documented, but the edge has no row", name)
			continue
		}
		rule, confirmed := strings.CutSuffix(r.rule, " confirmed")
		if strings.Contains(op.Description, "after a confirmation in the last 15 minutes") != confirmed {
			t.Errorf("%s: the description and the rule %s differ about the confirmation", name, r.rule)
		}
		rule, unblocked := strings.CutSuffix(rule, " unblocked")
		if strings.Contains(op.Description, "A visitor that the team has blocked gets 403") != unblocked {
			t.Errorf("%s: the description and the rule %s differ about blocked visitors", name, r.rule)
		}
		r.rule = rule
		want := securities[r.rule]
		switch {
		case r.visitor == "VisitorProven":
			want = "[map[visitor:[] visitorSecret:[]]]"
		case r.session:
			want = "[map[] map[session:[]]]"
		}
		if have := fmt.Sprint(op.Security); have != want && name != "GET /health" {
			t.Errorf("%s: the document's security is %s under the rule %s", name, have, r.rule)
		}
		byPerson := r.rule == "Person" || r.rule == "Viewer" || r.rule == "Agent" || r.rule == "Admin" || r.rule == "Owner"
		byToken, pro := r.rule != "Public" && r.rule != "Visitor" && !byPerson, strings.HasPrefix(r.rule, "Pro")
		for status, want := range map[int]bool{
			401: byToken || byPerson || r.visitor == "VisitorCredential" || r.visitor == "VisitorProven" ||
				name == "GET /health" ||
				r.class == "ClassSignIn" && slices.Contains([]string{"/auth/password", "/auth/totp", "/auth/passkey"}, op.Path),
			403: byToken || byPerson || r.class == "ClassSignIn" || // from a page of another origin
				r.visitor != "NoVisitor" || // if the website serves verified visitors only
				name == "POST /visitor/sessions", // also if the chat is switched off
			429: r.service != "", 503: r.service != "",
		} {
			if op.Answers(status) != want {
				t.Errorf("%s: %d is documented: %v", name, status, !want)
			}
		}
		if strings.Contains(op.Description, "the plan `PRO`") != pro ||
			strings.Contains(op.Description, "Needs a token with") != byToken {
			t.Errorf("%s: the description's level and plan differ from %s: %q", name, r.rule, op.Description)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("%s has a row, but is not documented", name)
	}
}

// ruleOf returns the name of a rule of authz, with " confirmed" if it needs a confirmation, or " unblocked" if it
// refuses blocked visitors.
func ruleOf(e ast.Expr) string {
	call, is := e.(*ast.CallExpr)
	if !is {
		return called(e)
	}
	rule, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return ""
	}
	return called(rule.X) + map[string]string{
		"AfterConfirmation": " confirmed", "UnlessBlocked": " unblocked",
	}[rule.Sel.Name]
}

// publicTable reads the rows of route.Public, which are generated.
func publicTable(t *testing.T) map[string]row {
	t.Helper()
	file := filepath.Join(harness.Root(t), "api-gateway", "internal", "route", "public.gen.go")
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]row{}
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "Public" || len(spec.Values) != 1 {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			cells := map[string]ast.Expr{}
			for _, cell := range e.(*ast.CompositeLit).Elts {
				cells[cell.(*ast.KeyValueExpr).Key.(*ast.Ident).Name] = cell.(*ast.KeyValueExpr).Value
			}
			service := strings.ToLower(called(cells["Upstream"]))
			if service == "self" {
				service = ""
			}
			found[literal(cells["Method"])+" "+strings.Replace(literal(cells["Pattern"]), "...}", "}", 1)] = row{
				service, ruleOf(cells["Rule"]),
				called(cells["Visitor"]), called(cells["Class"]), cells["Session"] != nil,
			}
		}
		return false
	})
	return found
}

// mounts reads the services' tables: operations with their rule, and plain handlers.
func mounts(t *testing.T) map[string]row {
	t.Helper()
	found := map[string]row{}
	for _, s := range sources(t) {
		name, _ := service(s.pkg.ImportPath)
		if name == "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch what := called(call.Fun); {
			case what == "Handle" && len(call.Args) >= 4:
				rule := ""
				if made, ok := call.Args[3].(*ast.CallExpr); ok && len(made.Args) > 2 {
					rule = ruleOf(made.Args[2])
				}
				found[literal(call.Args[1])] = row{service: name, rule: rule}
			case (what == "Mount" || what == "Stream") && len(call.Args) == 2:
				if pattern := literal(call.Args[0]); strings.Contains(pattern, " /") {
					found[pattern] = row{service: name}
				}
			}
			return true
		})
	}
	return found
}
