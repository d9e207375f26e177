package searchterms

import (
	"slices"
	"unicode/utf8"
)

// Version is the version of the analysis: rows store it, and are analysed again when it increases.
const Version = 3

// MaxLength is the longest term in bytes; a longer word is cut.
const MaxLength = 64

// Marks of terms that aren't words of the text. No word begins with them.
const (
	stemMark = "~"
	gramMark = "^"
)

// grams are the lengths of grams in characters, in ascending order. A beginning that lies between two of them finds the
// rows of the shorter one: of a million numbers, a thousand begin with the same three digits, ten with the same five.
var grams = [...]int{2, 4, 6}

// Of returns the distinct terms by which a text is found, in order of appearance. Texts are analysed one after the
// other. There are at most limit terms; 0 sets no limit.
func Of(limit int, texts ...string) []string {
	seen := make(map[string]struct{}, 64)
	var out []string
	for _, text := range texts {
		full := !eachTerm(split(canonical(text)), func(term string, _, _ int) bool {
			if _, known := seen[term]; known {
				return true
			}
			if limit > 0 && len(out) == limit {
				return false
			}
			seen[term] = struct{}{}
			out = append(out, term)
			return true
		})
		if full {
			break
		}
	}
	return out
}

// Gram returns the term that all words beginning with prefix have, unless they are that prefix. exact is true if all
// words that have the term begin with prefix. A prefix of one character has no gram: term is "".
func Gram(prefix string) (term string, exact bool) {
	n := utf8.RuneCountInString(prefix)
	for _, length := range slices.Backward(grams[:]) {
		if n == length {
			return gramMark + prefix, true
		}
		if n > length {
			return gramMark + head(prefix, length), false
		}
	}
	return "", false
}

// head returns the first n characters of a word, "" if it isn't longer.
func head(word string, n int) string {
	for i := range word {
		if n == 0 {
			return word[:i]
		}
		n--
	}
	return ""
}
