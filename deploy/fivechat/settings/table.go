package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A row is a variable with one meaning, and the programs that read it.
type row struct {
	variable, kind, meaning string
	readers                 []string
	defaults                []string // one a reader
}

// table is the Markdown table of all settings of all programs. It fails if a field has no comment, or if no program has
// a field that the sources declare.
func table(root string) ([]byte, error) {
	d, err := declared(root)
	if err != nil {
		return nil, err
	}
	rows, missing := rowsOf(d)
	if len(missing) > 0 {
		return nil, fmt.Errorf("settings without a comment, or that no program in programs.go has: %s",
			strings.Join(missing, ", "))
	}
	var out bytes.Buffer
	out.WriteString("| Variable | Type | Default | Read by | Meaning |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", r.variable, r.kind, r.initial(), readers(r.readers),
			escaped(r.meaning))
	}
	return out.Bytes(), nil
}

// rowsOf joins the fields of all programs to rows, by name. It also lists the declared fields that have no comment, and
// those that no program has.
func rowsOf(d declarations) (rows []*row, missing []string) {
	byMeaning, unread := map[string]*row{}, maps.Clone(d.comments)
	for _, p := range slices.Concat(services, others) {
		for _, f := range fields(p) {
			delete(unread, f.owner)
			meaning := d.comments[f.owner]
			if meaning == "" {
				missing = append(missing, f.owner)
			}
			key := f.variable + " " + f.kind + " " + meaning
			if byMeaning[key] == nil {
				byMeaning[key] = &row{variable: f.variable, kind: f.kind, meaning: meaning}
				rows = append(rows, byMeaning[key])
			}
			if slices.Contains(byMeaning[key].readers, p.name) { // two components in one process
				continue
			}
			byMeaning[key].readers = append(byMeaning[key].readers, f.program)
			byMeaning[key].defaults = append(byMeaning[key].defaults, f.initial)
		}
	}
	missing = slices.AppendSeq(missing, maps.Keys(unread))
	slices.Sort(missing)
	slices.SortStableFunc(rows, func(a, b *row) int { return cmp.Compare(a.variable, b.variable) })
	return rows, slices.Compact(missing)
}

// initial is the default of a row. If readers differ, it names them.
func (r *row) initial() string {
	by := map[string][]string{}
	var order []string
	for i, value := range r.defaults {
		if by[value] == nil {
			order = append(order, value)
		}
		by[value] = append(by[value], r.readers[i])
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(len(by[b]), len(by[a])) })
	parts := make([]string, len(order))
	for i, value := range order {
		parts[i] = "none"
		if value != "" {
			parts[i] = "`" + escaped(value) + "`"
		}
		if i > 0 {
			parts[i] += " (" + readers(by[value]) + ")"
		}
	}
	return strings.Join(parts, ", ")
}

// readers lists programs. All services are "every service", and with the gateway "every component".
func readers(names []string) string {
	all := slices.Clone(names)
	shorten := func(group []program, by string) {
		for _, p := range group {
			if !slices.Contains(all, p.name) {
				return
			}
		}
		all = slices.DeleteFunc(all, func(name string) bool {
			return slices.ContainsFunc(group, func(p program) bool { return p.name == name })
		})
		all = slices.Insert(all, 0, by)
	}
	shorten(slices.Concat(services, others[:1]), "every component")
	shorten(services, "every service")
	return strings.Join(all, ", ")
}

// escaped keeps a text within its cell.
func escaped(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
