package tickets

import "fivechat.dev/libs/kernel/searchterms"

// The bounds of a search: how many different words a ticket is found by, and how many may be asked for at once.
const (
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
	return Search{Terms: merge(searchterms.Of(maxTerms, title, description), s.Heard), Heard: s.Heard}
}

// heard gives s with one more message.
func (s Search) heard(content string) Search {
	of := searchterms.Of(maxTerms, content)
	return Search{Terms: merge(s.Terms, of), Heard: merge(s.Heard, of)}
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
