package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// withTable returns a page with a table between the two lines that name it.
func withTable(page, name, table string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, begins := strings.Cut(page, begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return "", fmt.Errorf("the page has no lines %q and %q", begin, end)
	}
	return before + begin + "\n" + table + "\n" + end + after, nil
}

// eventTable returns the table of events.
func eventTable(all []event) string {
	var b strings.Builder
	b.WriteString("| type | what happened | data | sent to |\n|---|---|---|---|\n")
	for _, e := range all {
		what := strings.Join(strings.Fields(e.description), " ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.name, what, membersOf(e.data), receiversOf(e.facts))
	}
	return b.String()
}

// roleTable returns the table of the operations that a person may call, by their least role.
func roleTable(doc object) string {
	byRole := map[string][]string{}
	paths, _ := doc["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range methods {
			op, there := paths[path].(object)[method].(object)
			if !there {
				continue
			}
			if role, is := roleOf(op); is {
				row := "`" + strings.ToUpper(method) + " " + path + "`"
				if extension, _ := op[edgeExtension].(object); extension["own"] != nil {
					row += fmt.Sprintf(" (their own; %v for others)", extension["own"])
				}
				byRole[role] = append(byRole[role], row)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| least role | operations |\n|---|---|\n")
	for _, role := range []string{"", "viewer", "agent", "admin", "owner"} {
		if operations := byRole[role]; operations != nil {
			fmt.Fprintf(&b, "| %s | %s |\n", cmp.Or(role, "none: about the person"), strings.Join(operations, ", "))
		}
	}
	return b.String()
}

// roleOf returns the least role of a person for an operation, "" if it needs none. is is false if the operation takes
// no person's session.
func roleOf(op object) (role string, is bool) {
	requirements, _ := op["security"].([]any)
	for _, r := range requirements {
		if roles, session := r.(object)[sessionScheme].([]any); session {
			if len(roles) > 0 {
				role = fmt.Sprint(roles[0])
			}
			return role, true
		}
	}
	return "", false
}

// membersOf lists the members of an event's data.
func membersOf(data schema) string {
	var always, optional []string
	for _, m := range data.Properties {
		if name := "`" + m.name + "`"; slices.Contains(data.Required, m.name) {
			always = append(always, name)
		} else {
			optional = append(optional, name)
		}
	}
	text := strings.Join(always, ", ")
	if optional != nil {
		text += "; optional " + strings.Join(optional, ", ")
	}
	return text
}

// receiversOf lists who receives an event.
func receiversOf(f facts) string {
	all := []string{"agents"}
	if f.Plan != "" {
		all[0] += " (" + f.Plan + ")"
	}
	if f.ShownToVisitor {
		all = append(all, "the visitor")
	}
	if f.Webhooks {
		all = append(all, "webhooks")
	}
	return strings.Join(all, ", ")
}
