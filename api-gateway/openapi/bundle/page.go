package main

import (
	"fmt"
	"slices"
	"strings"
)

// The lines of a page between which the table of events is generated.
const (
	tableBegin = "<!-- events -->\n"
	tableEnd   = "<!-- end of events -->\n"
)

// withEventTable returns a page with the current table of events.
func withEventTable(page string, all []event) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", fmt.Errorf("the page has no lines %q and %q", tableBegin, tableEnd)
	}
	var b strings.Builder
	b.WriteString(before + tableBegin + "\n| type | what happened | data | sent to |\n|---|---|---|---|\n")
	for _, e := range all {
		what := strings.Join(strings.Fields(e.description), " ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.name, what, membersOf(e.data), receiversOf(e.facts))
	}
	b.WriteString("\n" + tableEnd + after)
	return b.String(), nil
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
