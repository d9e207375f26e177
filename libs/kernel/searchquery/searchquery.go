// Package searchquery reads what people type into a search: words, "phrases", -without and field:value. The API, the
// console and every service use this grammar; docs/api/search.md describes it. It isn't for the analysis of texts,
// which is in searchterms.
//
// Begin with Parse. Invariant: a part of a query is used or refused, with its place; none is dropped silently, except
// that long queries keep their rarest words (MaxClauses).
package searchquery

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
)

// The bounds of a query.
const (
	MaxBytes   = 1_000 // of its text
	MaxClauses = 12    // conditions that a store evaluates; of longer queries the longest words are used
	maxFields  = 20
)

// Field is a condition on a field, like tag:stock.
type Field struct {
	Name    string // in lower case
	Value   string
	Without bool // the condition must not hold: -tag:stock
	at      int
}

// Query is a query that has been read. The zero Query asks for nothing.
type Query struct {
	Clauses []searchterms.Clause   // all must hold: the words, and those of the phrases
	Without [][]searchterms.Clause // of each group at least one must not hold: those of a -word or a -"phrase"
	Phrases []string               // their words occur next to each other
	Fields  []Field

	// The fields that all lists have: see Add.
	Tags          []string // all of them
	WithoutTags   []string // none of them
	CreatedFrom   time.Time
	CreatedBefore time.Time
	text          string
}

// Asks reports whether the query has words or phrases, beside its fields.
func (q Query) Asks() bool { return len(q.Clauses) > 0 || len(q.Without) > 0 }

// Restricts reports whether the query has conditions, beside those on the fields of one list.
func (q Query) Restricts() bool {
	return q.Asks() || len(q.Tags) > 0 || len(q.WithoutTags) > 0 || !q.CreatedFrom.IsZero() || !q.CreatedBefore.IsZero()
}

// Read parses a query, and calls add for each of its fields: those of the list, and tag, before and after, which Add
// adds. Only tag and the fields named in without may have a minus. It returns the first error.
func Read(text string, fields, without []string, add func(*Query, Field) error) (Query, error) {
	q, err := Parse(text, append([]string{"tag", "before", "after"}, fields...)...)
	for _, f := range q.Fields {
		switch {
		case err != nil:
			return q, err
		case f.Without && f.Name != "tag" && !slices.Contains(without, f.Name):
			err = q.Wrong(f, "can't be left out with -")
		default:
			err = add(&q, f)
		}
	}
	return q, err
}

// Add adds the condition of a field that all lists have.
func (q *Query) Add(f Field) (err error) {
	switch {
	case f.Name == "tag" && f.Without:
		q.WithoutTags = append(q.WithoutTags, f.Value)
	case f.Name == "tag":
		q.Tags = append(q.Tags, f.Value)
	case f.Name == "before":
		q.CreatedBefore, err = q.Day(f)
	case f.Name == "after":
		q.CreatedFrom, err = q.Day(f)
	}
	return err
}

// Between adds the conditions that a row was created from one time on, and before another. Zero times don't restrict.
func (q *Query) Between(from, before time.Time) {
	if from.After(q.CreatedFrom) {
		q.CreatedFrom = from
	}
	if !before.IsZero() && (q.CreatedBefore.IsZero() || before.Before(q.CreatedBefore)) {
		q.CreatedBefore = before
	}
}

// Matches reports whether a row with these terms meets the conditions, except for fields and phrases, as a store
// decides.
func (q Query) Matches(terms []string) bool {
	fails := func(c searchterms.Clause) bool {
		return !slices.ContainsFunc(terms, func(term string) bool {
			return slices.Contains(c.Terms, term) || c.Prefix != "" && strings.HasPrefix(term, c.Prefix)
		})
	}
	return !slices.ContainsFunc(q.Clauses, fails) &&
		!slices.ContainsFunc(q.Without, func(group []searchterms.Clause) bool { return !slices.ContainsFunc(group, fails) })
}

// Parse reads a query. fields are the names that the list has, in lower case; another name with a colon is a word, as
// in http://shop.example. The last word may be the beginning of a longer one, unless a blank follows it. Errors are
// Invalid faults that name the parameter search and the place, in characters from 1.
func Parse(text string, fields ...string) (Query, error) {
	if len(text) > MaxBytes {
		return Query{}, fault.Bad("search", fmt.Sprintf("must be at most %d bytes", MaxBytes))
	}
	p := parser{text: straightQuotes.Replace(text), fields: fields}
	if err := p.parse(); err != nil {
		return Query{}, err
	}
	return p.query()
}

// straightQuotes writes the quotes that keyboards of phones insert. It keeps the number of characters.
var straightQuotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`)

type parser struct {
	text   string
	at     int
	fields []string

	words   []string
	last    bool // the last word ends the text
	phrases []string
	without []string
	found   []Field
}

func (p *parser) parse() error {
	for p.skipBlanks(); p.at < len(p.text); p.skipBlanks() {
		start := p.at
		negative := strings.HasPrefix(p.text[p.at:], "-") && !p.endsAt(p.at+1)
		if negative {
			p.at++
		}
		name, isField := p.fieldName()
		value, quoted, err := p.value()
		switch {
		case err != nil:
			return err
		case isField && value == "":
			return p.wrong(start, name+": needs a value")
		case isField && len(p.found) == maxFields:
			return p.wrong(start, "has more than 20 fields")
		case isField:
			p.found = append(p.found, Field{name, value, negative, start})
		case negative && !slices.Contains(p.without, value):
			p.without = append(p.without, value)
		case negative: // it is there already
		case quoted:
			p.phrases = append(p.phrases, value)
		default:
			p.words, p.last = append(p.words, value), p.at == len(p.text)
		}
	}
	return nil
}

func (p *parser) skipBlanks() {
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsSpace(r) {
			return
		}
		p.at += n
	}
}

// endsAt reports whether a part ends before the byte at.
func (p *parser) endsAt(at int) bool {
	r, _ := utf8.DecodeRuneInString(p.text[at:])
	return at == len(p.text) || unicode.IsSpace(r)
}

// fieldName reads the name of a field and its colon.
func (p *parser) fieldName() (string, bool) {
	name, _, found := strings.Cut(p.text[p.at:], ":")
	name = strings.ToLower(name)
	if !found || !slices.Contains(p.fields, name) {
		return "", false
	}
	p.at += len(name) + 1
	return name, true
}

// value reads a word, or a text in quotes.
func (p *parser) value() (text string, quoted bool, err error) {
	start := p.at
	if strings.HasPrefix(p.text[p.at:], `"`) {
		inner, _, closed := strings.Cut(p.text[p.at+1:], `"`)
		if !closed {
			return "", false, p.wrong(start, `has a quote that isn't closed`)
		}
		p.at += len(inner) + 2
		return strings.TrimSpace(inner), true, nil
	}
	for !p.endsAt(p.at) {
		_, n := utf8.DecodeRuneInString(p.text[p.at:])
		p.at += n
	}
	return p.text[start:p.at], false, nil
}

func (p *parser) wrong(at int, problem string) error { return wrong(p.text, at, problem) }

// wrong returns the error about a part of a query that begins at a byte.
func wrong(text string, at int, problem string) error {
	return fault.Bad("search", fmt.Sprintf("%s, at character %d", problem, utf8.RuneCountInString(text[:at])+1))
}

// query analyses the parts.
func (p *parser) query() (Query, error) {
	q := Query{Phrases: p.phrases, Fields: p.found, text: p.text}
	q.Clauses = searchterms.Clauses(strings.Join(p.words, " "), p.last)
	for _, phrase := range p.phrases {
		q.Clauses = append(q.Clauses, searchterms.Clauses(phrase, false)...)
	}
	for _, word := range p.without {
		if group := searchterms.Clauses(word, false); len(group) > 0 {
			q.Without = append(q.Without, group)
		}
	}
	if len(q.Without) > MaxClauses {
		return Query{}, fault.Bad("search", fmt.Sprintf("must have at most %d words to leave out", MaxClauses))
	}
	if isBlank := strings.TrimSpace(p.text) == ""; !isBlank && !q.Asks() && len(q.Fields) == 0 {
		q.Clauses = []searchterms.Clause{{}} // signs alone, which no text has
	}
	if len(q.Clauses) > MaxClauses {
		// Longer words are rarer, so they find the same with less work.
		slices.SortStableFunc(q.Clauses, func(a, b searchterms.Clause) int { return longest(b) - longest(a) })
		q.Clauses = q.Clauses[:MaxClauses]
	}
	return q, nil
}

func longest(c searchterms.Clause) int {
	n := len(c.Prefix)
	for _, t := range c.Terms {
		n = max(n, len(t))
	}
	return n
}

// Wrong returns the error about a field's value.
func (q Query) Wrong(f Field, problem string) error { return wrong(q.text, f.at, f.Name+": "+problem) }

// Day reads the value of a field as a day, like 2026-03-01, in UTC.
func (q Query) Day(f Field) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, f.Value)
	if err != nil {
		return time.Time{}, q.Wrong(f, "must be a day like 2026-03-01")
	}
	return day, nil
}
