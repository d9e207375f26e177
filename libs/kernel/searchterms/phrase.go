package searchterms

import (
	"cmp"
	"slices"
	"strings"
)

// Normal returns a text in the form in which phrases are compared: folded words separated by single spaces. Each
// character of a script without spaces is a word.
func Normal(text string) string {
	return normal(split(canonical(text)), func(f folded) string { return f.plain })
}

func normal(parts []part, form func(folded) string) string {
	var b strings.Builder
	add := func(word string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	for i := range parts {
		if parts[i].kind == run {
			for _, c := range characters(&parts[i]) {
				add(c.text)
			}
		} else {
			add(form(parts[i].folded))
		}
	}
	return b.String()
}

// ContainsPhrase reports whether the words of phrase occur in text next to each other, in this order. A phrase without
// words occurs nowhere.
func ContainsPhrase(text, phrase string) bool {
	in, of := split(canonical(text)), split(canonical(phrase))
	if len(of) == 0 {
		return false
	}
	for _, form := range []func(folded) string{
		func(f folded) string { return f.plain },
		func(f folded) string { return cmp.Or(f.wide, f.plain) },
	} {
		if strings.Contains(" "+normal(in, form)+" ", " "+normal(of, form)+" ") {
			return true
		}
	}
	return false
}

// Marks returns the places of text that match one of the clauses, for snippets: offsets in bytes [start,end) of whole
// words, or of the characters of a script without spaces; ascending, not overlapping, at most limit.
func Marks(text string, clauses []Clause, limit int) [][2]int {
	wanted := make(map[string]struct{})
	var prefixes []string
	for _, c := range clauses {
		for _, t := range c.Terms {
			wanted[t] = struct{}{}
		}
		if c.Prefix != "" {
			prefixes = append(prefixes, c.Prefix)
		}
	}
	folded, origin := aligned(text)
	var places [][2]int
	eachTerm(split(folded), func(term string, start, end int) bool {
		_, ok := wanted[term]
		if ok || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(term, p) }) {
			from, _ := origin.of(start)
			_, to := origin.of(end - 1)
			places = append(places, [2]int{from, to})
		}
		return true
	})
	slices.SortFunc(places, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], b[1]-a[1]) })
	var marks [][2]int
	for _, p := range places {
		if n := len(marks); n > 0 && p[0] < marks[n-1][1] {
			marks[n-1][1] = max(marks[n-1][1], p[1])
			continue
		}
		if len(marks) == limit {
			break
		}
		marks = append(marks, p)
	}
	return marks
}
