// Package digest says what a conversation was about without asking anybody: it picks the sentences whose words the
// conversation uses most, after SumBasic (Nenkova and Vanderwende, 2005), and those tags of the website's catalogue whose
// names, in any language, were said. A word that is not in the catalogue becomes no tag: an inbox can only be sorted by
// tags that are few. The same conversation always gives the same digest. It is written by hand because it is short, and
// no maintained library does it for every language.
package digest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"fivechat.dev/services/conversations"
)

const (
	sentences   = 3         // in a summary
	maxSentence = 240       // characters; a longer one is cut
	maxText     = 4000      // characters of each message
	maxSaid     = 256 << 10 // bytes looked at in all: the first ones, where a conversation says what it is about
)

// Local implements conversations.Assistant.
type Local struct{}

// Digest implements conversations.Assistant. It has no error, and takes time in proportion to what was said.
func (Local) Digest(_ context.Context, messages []conversations.Message, catalogue conversations.Catalogue) (conversations.Digest, error) {
	var said []string
	total := 0
	for _, m := range messages {
		if m.Type != conversations.Text {
			continue
		}
		text := cut(conversations.Plain(m.Content), maxText)
		if total += len(text); total > maxSaid {
			break
		}
		said = append(said, text)
	}
	return conversations.Digest{Summary: summary(said), Tags: tags(said, catalogue)}, nil
}

// cut gives the first n characters of a text.
func cut(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}

// sentence is a sentence with the words that count.
type sentence struct {
	text  string
	words []string
}

// split gives the distinct sentences of texts in order.
func split(said []string) []sentence {
	var out []sentence
	seen := map[string]bool{}
	for _, text := range said {
		for s := range sentencesOf(text) {
			words := wordsOf(s)
			if utf8.RuneCountInString(s) > maxSentence {
				s = strings.TrimSpace(cut(s, maxSentence-1)) + "…"
			}
			words = slices.DeleteFunc(words, short)
			if len(words) > 0 && !seen[s] {
				seen[s] = true
				out = append(out, sentence{s, words})
			}
		}
	}
	return out
}

// summary gives the sentences that say most, in the order in which they were said. A sentence counts by the mean
// probability of its words; those of a chosen sentence count less from then on, so that the next one says something else.
// Where words come again, those that do not, like a greeting's, count nothing: that stands in for a list of stop words,
// which every language would need one of.
func summary(said []string) string {
	all := split(said)
	probability := map[string]float64{}
	total, again := 0.0, false
	for _, s := range all {
		for _, w := range s.words {
			probability[w]++
			total++
			again = again || probability[w] > 1
		}
	}
	for w, n := range probability {
		if again && n == 1 {
			n = 0
		}
		probability[w] = n / total
	}
	var chosen []int
	for range min(sentences, len(all)) {
		best, most := -1, -1.0
		for i, s := range all {
			sum := 0.0
			for _, w := range s.words {
				sum += probability[w]
			}
			if score := sum / float64(len(s.words)); score > most && !slices.Contains(chosen, i) {
				best, most = i, score
			}
		}
		if most == 0 {
			break // the rest says nothing that is said twice
		}
		chosen = append(chosen, best)
		for _, w := range all[best].words {
			probability[w] *= probability[w]
		}
	}
	slices.Sort(chosen)
	var out []string
	for _, i := range chosen {
		out = append(out, all[i].text)
	}
	return strings.Join(out, " ")
}

// tags gives the catalogue's tags that were spoken of, the most often first.
func tags(said []string, catalogue conversations.Catalogue) []string {
	named := map[string][]string{} // by what a tag is called: words with blanks between
	longest := 0                   // of these names, in words
	for name, tag := range catalogue {
		call := func(called string) {
			words := wordsOf(called)
			key := strings.Join(words, " ")
			if longest = max(longest, len(words)); key != "" && !slices.Contains(named[key], name) {
				named[key] = append(named[key], name)
			}
		}
		call(name)
		for _, display := range tag.Names {
			call(display)
		}
	}
	counts := map[string]int{}
	for _, text := range said {
		words := wordsOf(text)
		line := strings.Join(words, " ")
		for start := 0; len(words) > 0; words = words[1:] {
			end := start
			for _, w := range words[:min(longest, len(words))] {
				end += len(w)
				for _, name := range named[line[start:end]] {
					counts[name]++
				}
				end++
			}
			start += len(words[0]) + 1
		}
	}
	found := make([]string, 0, len(counts))
	for name := range counts {
		found = append(found, name)
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return found[:min(len(found), conversations.MaxDigestTags)]
}
