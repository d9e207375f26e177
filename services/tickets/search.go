package tickets

import "fivechat.dev/libs/kernel/searchterms"

// The bounds of a search: the number of different words that a ticket is found by, and of words in a query.
const (
	maxTerms = 1000
	maxAsked = 32
)

// Search has the words that a ticket is found by: the different words of its title and description first, then of its
// messages, up to maxTerms.
type Search struct {
	Terms []string `bson:"terms"` // indexed
	Heard []string `bson:"heard"` // the words of the messages, kept for changes of title or description
}

// withTexts returns s for a ticket with this title and description.
func (s Search) withTexts(title, description string) Search {
	return Search{Terms: merge(searchterms.Of(maxTerms, title, description), s.Heard), Heard: s.Heard}
}

// withMessage returns s with one more message.
func (s Search) withMessage(content string) Search {
	of := searchterms.Of(maxTerms, content)
	return Search{Terms: merge(s.Terms, of), Heard: merge(s.Heard, of)}
}

// merge returns the different words of both lists in order, up to maxTerms.
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
