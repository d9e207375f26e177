package digest

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minWord is the number of ASCII letters from which on a word counts; shorter ones carry little meaning. In other
// scripts one letter may be a word.
const minWord = 3

func short(word string) bool { return len(word) < minWord && word[0] < utf8.RuneSelf }

// unspaced are the scripts that don't separate words by spaces. Each letter counts as a word, as in Unicode's word
// boundaries (UAX #29) without dictionaries.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
	unicode.Khmer, unicode.Myanmar,
}

// wordsOf returns the words of a text in lower case. A mark or a joiner belongs to the letter before it.
func wordsOf(text string) []string {
	var out []string
	text = strings.ToLower(text)
	start, alone := -1, false // start of the current word; whether it is a single letter of an unspaced script
	end := func(i int) {
		if start >= 0 {
			out = append(out, text[start:i])
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case unicode.IsMark(r) || r == '\u200c' || r == '\u200d':
		case unicode.In(r, unspaced...):
			end(i)
			start, alone = i, true
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if alone {
				end(i)
			}
			if start < 0 {
				start, alone = i, false
			}
		default:
			end(i)
		}
	}
	end(len(text))
	return out
}

// sentencesOf returns the sentences of a text. A sentence ends at a line break or at a sentence terminator of any
// script. A full stop inside a word or a number ends none.
func sentencesOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := 0
		for i, r := range text {
			after := i + utf8.RuneLen(r)
			if r != '\n' && !unicode.Is(unicode.STerm, r) {
				continue
			}
			if next, _ := utf8.DecodeRuneInString(text[after:]); r == '.' && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
				continue
			}
			if s := strings.TrimSpace(text[start:after]); s != "" && !yield(s) {
				return
			}
			start = after
		}
		if s := strings.TrimSpace(text[start:]); s != "" {
			yield(s)
		}
	}
}
