// Package digest summarizes and tags closed conversations without a model. Local makes the digest: it picks the
// sentences whose words the conversation uses most, after SumBasic (Nenkova and Vanderwende, 2005), and the tags of the
// website's catalogue whose names, in any language, occur in the messages. Task requests a digest for each conversation
// that is closed.
//
// Invariants: a word outside the catalogue never becomes a tag, because an inbox can only be sorted by a small set of
// tags. The same conversation always gets the same digest.
//
// The package isn't for calling models; package openai is. It is our own code because it is short, and no maintained
// library does this for every language.
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
	maxSaid     = 256 << 10 // bytes read in total: the first ones, because people state their topic at the beginning
)

// Local implements conversations.Assistant.
type Local struct{}

// Digest implements conversations.Assistant. It never fails. Its time is proportional to the length of the messages.
func (Local) Digest(
	_ context.Context, messages []conversations.Message, catalogue conversations.Catalogue,
) (conversations.Digest, error) {
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

// cut returns the first n characters of a text.
func cut(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}

// sentence is a sentence with the words that are counted.
type sentence struct {
	text  string
	words []string
}

// split returns the distinct sentences of texts, in order.
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

// summary returns the most representative sentences, in the order in which they were written. The score of a sentence
// is the mean probability of its words. The probabilities of the words of a chosen sentence are squared, so that the
// next sentence covers another topic. If any word occurs more than once, words that occur once, like those of
// greetings, count nothing. That replaces lists of stop words, which would be needed for every language.
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
			break // the other sentences contain no repeated word
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

// tags returns the catalogue's tags that occur in the messages, most frequent first.
func tags(said []string, catalogue conversations.Catalogue) []string {
	named := map[string][]string{} // tags by their names: words separated by spaces
	longest := 0                   // longest name, in words
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
