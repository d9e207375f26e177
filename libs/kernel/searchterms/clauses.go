package searchterms

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Clause is one condition of a query: a row matches if it has one of Terms, or, if Prefix isn't "", a term that begins
// with Prefix. Terms has Prefix too, and is never empty. Its first term is the strictest.
type Clause struct {
	Terms  []string
	Prefix string
}

// Clauses returns the conditions of words; a row has to meet all. If beginnings is true, the last word may be the
// beginning of a longer one: its clause has a Prefix, unless it is an emoji, or a run of characters without spaces,
// which is found inside of others anyway. A single such character always has a Prefix: it begins a pair wherever it
// stands.
func Clauses(words string, beginnings bool) []Clause {
	parts := split(canonical(words))
	numbers := make([][]string, len(parts))
	for i := 0; i < len(parts); {
		end, ok := number(parts, i)
		if ok {
			for k := i; k < end; k++ {
				numbers[k] = alternatives(parts[i:end])
			}
		}
		i = max(end, i+1)
	}
	var all []Clause
	for i := 0; i < len(parts); {
		end := compound(parts, i)
		all = append(all, ofChain(parts[i:end], numbers[i:end], beginnings && end == len(parts))...)
		i = end
	}
	return distinct(all)
}

// alternatives returns the terms that a number in groups has as a whole.
func alternatives(groups []part) []string {
	terms := []string{digits(groups)}
	if n := national(groups); n != "" {
		terms = append(terms, "0"+n) // as it is dialled inside the country
	}
	return terms
}

// ofChain returns the clauses of a compound. "state-of-the-art" is found as one word or as all of its words. If that
// says too little, because of single characters ("4711-A"), or too much ("shop.example"), the words have to be next to
// each other.
func ofChain(chain []part, numbers [][]string, last bool) []Clause {
	if len(chain) == 1 {
		return ofPart(&chain[0], numbers[0], last)
	}
	w := whole(chain).forms()
	var clauses []Clause
	if isStrict(chain) {
		for i := range chain[1:] {
			pair := whole(chain[i : i+2]).forms()
			c := Clause{Terms: slices.Concat(pair, w, numbers[i])}
			if last && i+2 == len(chain) {
				c.Prefix = pair[0]
			}
			clauses = append(clauses, c)
		}
		return clauses
	}
	for i := range chain {
		if isSilent(chain, i) {
			continue
		}
		for _, c := range ofPart(&chain[i], numbers[i], false) {
			c.Terms = append(c.Terms, w...)
			clauses = append(clauses, c)
		}
	}
	if last {
		c := &clauses[len(clauses)-1]
		c.Prefix = c.Terms[0]
		if isSilent(chain, len(chain)-1) {
			c.Prefix = w[0]
		}
	}
	return clauses
}

func isStrict(chain []part) bool {
	figures, said := true, false
	for i := range chain {
		if i > 0 && chain[i].glue == dotted {
			return true
		}
		figures = figures && isNumber(chain[i].plain)
		if isSilent(chain, i) {
			continue
		}
		said = true
		if utf8.RuneCountInString(chain[i].plain) == 1 {
			return true
		}
	}
	return figures || !said
}

// ofPart returns the clauses of a part by itself. numbers are other terms that may stand for it.
func ofPart(p *part, numbers []string, last bool) []Clause {
	switch p.kind {
	case emoji:
		t := tones(p)
		return []Clause{{Terms: t[len(t)-1:]}}
	case run:
		cs := characters(p)
		if len(cs) == 1 {
			return []Clause{{Terms: []string{cs[0].text}, Prefix: cs[0].text}}
		}
		pairs := make([]Clause, 0, len(cs))
		for i := range cs[1:] {
			pairs = append(pairs, Clause{Terms: []string{cs[i].text + cs[i+1].text}})
		}
		return pairs
	}
	c := Clause{Terms: append(p.forms(), numbers...)}
	for _, l := range candidates(p) {
		if stem := l.stemOf(p); stem != "" {
			c.Terms = append(c.Terms, stemMark+stem, stem)
		}
	}
	if last {
		c.Prefix = c.Terms[0]
		if numbers != nil && strings.HasSuffix(c.Prefix, numbers[0]) {
			c.Prefix = numbers[0] // the same number without zeros before it
		}
	}
	return []Clause{c}
}

// distinct removes terms and clauses that are there twice.
func distinct(clauses []Clause) []Clause {
	for i := range clauses {
		terms := clauses[i].Terms[:0]
		for _, t := range clauses[i].Terms {
			if !slices.Contains(terms, t) {
				terms = append(terms, t)
			}
		}
		clauses[i].Terms = terms
	}
	seen := make(map[string]struct{}, len(clauses))
	return slices.DeleteFunc(clauses, func(c Clause) bool {
		key := strings.Join(c.Terms, " ") + "\x00" + c.Prefix
		_, known := seen[key]
		seen[key] = struct{}{}
		return known
	})
}
