package tickets

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a search: how long a word is compared, how many different words a ticket is found by, and how many may
// be asked for at once.
const (
	maxWord  = 64
	maxTerms = 1000
	maxAsked = 32
)

// Search is what a ticket is found by: the different words of its title and description first, then of its messages,
// up to maxTerms.
type Search struct {
	Terms []string `bson:"terms"` // indexed
	Heard []string `bson:"heard"` // the messages' words, kept for when title or description change
}

// written gives s for a ticket of this title and description.
func (s Search) written(title, description string) Search {
	return Search{Terms: merge(Words(title+"\n"+description, maxTerms), s.Heard), Heard: s.Heard}
}

// heard gives s with one more message.
func (s Search) heard(content string) Search {
	words := Words(content, maxTerms)
	return Search{Terms: merge(s.Terms, words), Heard: merge(s.Heard, words)}
}

// merge gives the different words of both lists in order, up to maxTerms.
func merge(a, b []string) []string {
	seen := make(map[string]bool, len(a)+len(b))
	merged := make([]string, 0, min(len(a)+len(b), maxTerms))
	for _, list := range [][]string{a, b} {
		for _, w := range list {
			if len(merged) < maxTerms && !seen[w] {
				seen[w] = true
				merged = append(merged, w)
			}
		}
	}
	return merged
}

// Words gives the first limit different words of text, in lower case. A word is a run of letters, digits and the marks
// that go with them; of a long one the first maxWord characters count.
func Words(text string, limit int) []string {
	seen := map[string]bool{}
	var words []string
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) }) {
		w = cut(strings.ToLower(w))
		if seen[w] {
			continue
		}
		if len(words) == limit {
			break
		}
		seen[w] = true
		words = append(words, w)
	}
	return words
}

func cut(w string) string {
	if utf8.RuneCountInString(w) <= maxWord {
		return w
	}
	return string([]rune(w)[:maxWord])
}
