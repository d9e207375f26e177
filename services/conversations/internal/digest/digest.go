// Package digest says what a conversation was about without asking anybody: it picks the sentences whose words the
// conversation uses most, after SumBasic (Nenkova and Vanderwende, 2005), and those tags of the website's catalogue whose
// names, in any language, were said. The same conversation always gives the same digest. It is written by hand because
// it is forty lines, and no maintained library does it for every language.
package digest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fivechat.dev/services/conversations"
)

const (
	sentences   = 3    // in a summary
	maxSentence = 240  // characters; a longer one is cut
	maxTexts    = 400  // messages looked at: the first ones, where a conversation says what it is about
	maxText     = 4000 // characters of each
	minWord     = 3    // letters; shorter words say little
)

// Local implements conversations.Assistant.
type Local struct{}

// Digest implements conversations.Assistant. It has no error.
func (Local) Digest(_ context.Context, messages []conversations.Message, catalogue conversations.Catalogue) (conversations.Digest, error) {
	var said []string
	for _, m := range messages[:min(len(messages), maxTexts)] {
		if m.Type == conversations.Text {
			said = append(said, clean(m.Content))
		}
	}
	return conversations.Digest{Summary: summary(said), Tags: tags(said, catalogue)}, nil
}

// clean leaves out what cannot be read: control characters, and those that change the direction of what follows.
func clean(text string) string {
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText])
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			if r == '\n' {
				return r
			}
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
}

// split gives the sentences of a text.
func split(text string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if s := strings.TrimSpace(text[start:end]); len(wordsOf(s)) > 0 {
			if r := []rune(s); len(r) > maxSentence {
				s = strings.TrimSpace(string(r[:maxSentence-1])) + "…"
			}
			out = append(out, s)
		}
		start = end
	}
	for i, r := range text {
		if strings.ContainsRune(".!?。！？؟\n", r) {
			flush(i + utf8.RuneLen(r))
		}
	}
	flush(len(text))
	return out
}

func wordsOf(text string) []string {
	found := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.DeleteFunc(found, func(w string) bool { return utf8.RuneCountInString(w) < minWord && len(w) == utf8.RuneCountInString(w) })
}

// summary gives the sentences that say most, in the order in which they were said. A sentence counts by the mean
// probability of its words; those of a chosen sentence count less from then on, so that the next one says something else.
// Where words come again, those that do not, like a greeting's, count nothing.
func summary(said []string) string {
	var all []string
	for _, text := range said {
		for _, s := range split(text) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	probability := map[string]float64{}
	total := 0
	for _, s := range all {
		for _, w := range wordsOf(s) {
			probability[w]++
			total++
		}
	}
	again := slices.ContainsFunc(slices.Collect(maps.Values(probability)), func(n float64) bool { return n > 1 })
	for w, n := range probability {
		if again && n == 1 {
			n = 0
		}
		probability[w] = n / float64(total)
	}
	var chosen []int
	for range min(sentences, len(all)) {
		best, most := -1, -1.0
		for i, s := range all {
			words := wordsOf(s)
			sum := 0.0
			for _, w := range words {
				sum += probability[w]
			}
			if score := sum / float64(len(words)); !slices.Contains(chosen, i) && score > most {
				best, most = i, score
			}
		}
		if most == 0 {
			break // the rest says nothing that is said twice
		}
		chosen = append(chosen, best)
		for _, w := range wordsOf(all[best]) {
			probability[w] *= probability[w]
		}
	}
	slices.Sort(chosen)
	var out []string
	for _, i := range chosen {
		out = append(out, all[i])
	}
	return strings.Join(out, " ")
}

// tags gives the catalogue's tags that were spoken of, the most often first.
func tags(said []string, catalogue conversations.Catalogue) []string {
	text := " " + strings.Join(strings.FieldsFunc(strings.ToLower(strings.Join(said, " ")), notWord), " ") + " "
	counts := map[string]int{}
	for name, tag := range catalogue {
		names := []string{name}
		for _, display := range tag.Names {
			names = append(names, display)
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			if spoken := strings.Join(strings.FieldsFunc(strings.ToLower(n), notWord), " "); spoken != "" {
				counts[name] += strings.Count(text, " "+spoken+" ")
			}
		}
	}
	found := []string{}
	for name, n := range counts {
		if n > 0 {
			found = append(found, name)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return found[:min(len(found), conversations.MaxDigestTags)]
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }
