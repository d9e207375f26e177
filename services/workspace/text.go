package workspace

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
)

// variables are the names that a text may contain, like {{visitor.name}} or, with a fallback, {{visitor.name|there}}.
var variables = []string{"visitor.name", "agent.name", "website.name", "ticket.number"}

// checkText adds a problem for the first wrong variable of a text, with its place. It checks the size too.
func checkText(wrong *fault.Problems, field, text string) {
	wrong.Check(len(text) <= maxText, field, fmt.Sprintf("must be at most %d bytes", maxText))
	for rest := text; ; {
		before, inner, found := strings.Cut(rest, "{{")
		if !found {
			return
		}
		at := utf8.RuneCountInString(text[:len(text)-len(rest)+len(before)]) + 1
		inner, after, closed := strings.Cut(inner, "}}")
		if !closed {
			wrong.Add(field, fmt.Sprintf("has {{ without }} at character %d", at))
			return
		}
		if name, _ := nameOf(inner); !slices.Contains(variables, name) {
			wrong.Add(field, fmt.Sprintf("has the unknown variable %.40q at character %d; the variables are %s",
				name, at, strings.Join(variables, ", ")))
			return
		}
		rest = after
	}
}

// nameOf returns the name of a variable and its fallback.
func nameOf(inner string) (name, fallback string) {
	name, fallback, _ = strings.Cut(inner, "|")
	return strings.TrimSpace(name), strings.TrimSpace(fallback)
}

// Render replaces the variables of a text by values. Without a value, a variable becomes its fallback, or nothing. The
// text has been checked.
func Render(text string, values map[string]string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		inner, after, closed := strings.Cut(rest, "}}")
		if !found || !closed {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		name, fallback := nameOf(inner)
		if value := values[name]; value != "" {
			fallback = value
		}
		b.WriteString(fallback)
		text = after
	}
}
