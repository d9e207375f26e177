// Package excerpt shortens texts: to what lists show of them (Of), or to a bound (Cut). It isn't for search results,
// which show the place of the words.
package excerpt

import (
	"strings"
	"unicode/utf8"
)

// MaxBytes is how much of a text lists show.
const MaxBytes = 240

// Of returns the beginning of a text in one line, of at most MaxBytes. Characters stay whole.
func Of(text string) string {
	if len(text) > 2*MaxBytes { // blanks are joined below
		text = text[:2*MaxBytes]
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > MaxBytes {
		text = text[:MaxBytes]
	}
	for !utf8.ValidString(text) { // a character was cut
		text = text[:len(text)-1]
	}
	return text
}

// Cut returns as many whole characters of a text as fit in n bytes.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
