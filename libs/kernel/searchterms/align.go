package searchterms

import (
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// origins maps offsets of a canonical text to the text that it was made of. Without pieces, they are the same.
type origins struct {
	pieces []piece
	places []int // of the bytes of the visible text
}

// piece is a stretch of a canonical text. It begins at to, and was made of the visible text from from to until. If it
// is literal, both have the same length.
type piece struct {
	to, from, until int
	literal         bool
}

// of returns the place of the text that the byte at an offset of the canonical text was made of.
func (o origins) of(at int) (start, end int) {
	if o.pieces == nil {
		return at, at + 1
	}
	p := o.pieces[sort.Search(len(o.pieces), func(i int) bool { return o.pieces[i].to > at })-1]
	if p.literal {
		p.from += at - p.to
		p.until = p.from + 1
	}
	return o.places[p.from], o.places[p.until-1] + 1
}

// aligned returns the canonical form of a text, and where its bytes come from.
func aligned(text string) (string, origins) {
	if isASCII(text) {
		return canonical(text), origins{}
	}
	seen, places := visibleOf(text)
	o := origins{places: places}
	var out strings.Builder
	for at := 0; at < len(seen); {
		p := piece{to: out.Len(), from: at}
		if n := literal(seen[at:]); n > 0 {
			p.until, p.literal = at+n, true
			out.WriteString(strings.ToLower(seen[at:p.until]))
		} else {
			// Normalised pieces from boundary to boundary make the same text as if it was normalised at once.
			p.until = at + norm.NFKC.NextBoundaryInString(seen[at:], true)
			out.WriteString(caseless(seen[at:p.until]))
		}
		if out.Len() > p.to {
			o.pieces = append(o.pieces, p)
		}
		at = p.until
	}
	return bounded(out.String(), len(text)), o
}

// visibleOf returns the visible text, and the place in text of each of its bytes.
func visibleOf(text string) (string, []int) {
	var seen strings.Builder
	places := make([]int, 0, len(text))
	for i, r := range text {
		if r = visible(r); r < 0 {
			continue
		}
		seen.WriteRune(r)
		for k := range utf8.RuneLen(r) {
			places = append(places, min(i+k, len(text)-1)) // a byte that isn't UTF-8 becomes three
		}
	}
	return seen.String(), places
}

// literal returns how many bytes at the beginning of text are ASCII, without one that a mark may follow.
func literal(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return i - 1
		}
	}
	return len(text)
}
