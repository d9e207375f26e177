// Package searchterms reads text: it splits it into the terms that searches match (whole words, without regard to
// case), and finds control characters in it.
package searchterms

import (
	"strings"
	"unicode"
)

// MaxLength is the longest term in bytes; a longer word is cut.
const MaxLength = 64

// Of gives the distinct terms of texts in order of appearance, at most limit of them.
func Of(limit int, texts ...string) []string {
	seen := make(map[string]struct{}, 32)
	var out []string
	for _, text := range texts {
		separates := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }
		for w := range strings.FieldsFuncSeq(text, separates) {
			w = strings.ToLower(w)
			if len(w) > MaxLength {
				w = strings.ToValidUTF8(w[:MaxLength], "")
			}
			if _, known := seen[w]; known {
				continue
			}
			if len(out) == limit {
				return out
			}
			seen[w] = struct{}{}
			out = append(out, w)
		}
	}
	return out
}

// Query gives the terms that a search asks for: those of text, or, where it has none, one that no text has. A blank
// text asks for nothing.
func Query(limit int, text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if terms := Of(limit, text); len(terms) > 0 {
		return terms
	}
	return []string{""}
}
