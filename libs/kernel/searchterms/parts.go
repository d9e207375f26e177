package searchterms

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"

	"fivechat.dev/libs/kernel/excerpt"
)

// kind says how a part becomes terms.
type kind uint8

const (
	word  kind = iota // letters and digits of a script with spaces between words
	run               // characters of a script without them, or of Korean, which joins particles to words
	emoji             // one emoji, which may have several code points
)

// glue is what stands between a part and the one before it.
type glue uint8

const (
	apart      glue = iota // anything else
	spaced                 // what may stand between groups of one number
	joined                 // one hyphen, underscore or the like: both are parts of one compound
	apostrophe             // as joined
	dotted                 // as joined: a full stop, or the at sign of an e-mail address
)

// part is a piece of a text between separators, in one kind of script.
type part struct {
	folded     // of the text
	accented   string
	kind       kind
	glue       glue
	start, end int  // in the canonical text
	plus       bool // a plus sign is before it
}

// split returns the parts of a canonical text.
func split(canonical string) []part {
	parts := pieces(canonical)
	kept := parts[:0]
	for _, p := range parts {
		p.accented = canonical[p.start:p.end]
		p.plus = p.start > 0 && canonical[p.start-1] == '+'
		if p.kind == emoji {
			p.plain = withoutTone(p.accented)
		} else {
			p.folded = fold(p.accented)
		}
		if n := len(kept); n > 0 {
			p.glue = glueOf(canonical[kept[n-1].end:p.start], &kept[n-1], &p)
		}
		if p.plain != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// pieces returns the places and kinds of parts.
func pieces(canonical string) []part {
	var parts []part
	add := func(start, end int, k kind) {
		// UAX #29 leaves the characters of scripts without spaces to dictionaries, and separates all of them.
		if n := len(parts); n > 0 && k != emoji && parts[n-1].kind == k && parts[n-1].end == start {
			parts[n-1].end = end
			return
		}
		parts = append(parts, part{kind: k, start: start, end: end})
	}
	for tokens := words.FromString(canonical); tokens.Next(); {
		token, start := tokens.Value(), tokens.Start()
		if !strings.ContainsFunc(token, isWordly) {
			if i := strings.IndexFunc(token, isSymbol); i >= 0 { // a space before it may be joined to it
				add(start+i, start+len(token), emoji)
			}
			continue
		}
		for from := 0; from < len(token); {
			to, k := next(token, from)
			if to > from {
				add(start+from, start+to, k)
				from = to
				continue
			}
			_, size := utf8.DecodeRuneInString(token[from:])
			from += size
		}
	}
	return parts
}

// next returns the end of the part that begins at from, and its kind; from if no part begins there.
func next(token string, from int) (end int, k kind) {
	end = from
	for i, r := range token[from:] {
		switch {
		case isWordly(r):
			if of := kindOf(r); i == 0 {
				k = of
			} else if of != k {
				return end, k
			}
		case i == 0 || r != joiner && !unicode.IsMark(r):
			return end, k
		}
		end = from + i + utf8.RuneLen(r)
	}
	return end, k
}

// glueOf returns the glue of the text between two parts. Commas, slashes and colons join digits only.
func glueOf(gap string, a, b *part) glue {
	if a.kind != word || b.kind != word || gap == "" {
		return apart
	}
	numbers := isNumber(a.plain) && isNumber(b.plain)
	switch gap {
	case "-", "_", "\u2010", "·", "‧":
		return joined
	case ",", "/", ":":
		if numbers {
			return joined
		}
	case "'", "’":
		return apostrophe
	case ".", "@":
		return dotted
	}
	if numbers && len(gap) <= 3 && strings.Trim(gap, " ()-./") == "" {
		return spaced
	}
	return apart
}

const joiner = '\u200d' // joins emoji; between letters it changes their shape only

// unspaced are the scripts of runs.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func kindOf(r rune) kind {
	// The mark of long vowels in Hiragana and Katakana is common to both.
	if r >= 0x0e00 && (r == 'ー' || !unicode.IsDigit(r) && unicode.In(r, unspaced...)) {
		return run
	}
	return word
}

func isWordly(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

func isSymbol(r rune) bool {
	return r >= utf8.RuneSelf && r != utf8.RuneError && unicode.Is(unicode.So, r)
}

func isNumber(plain string) bool { return strings.Trim(plain, "0123456789") == "" }

// isTone reports whether r changes the colour of the emoji before it.
func isTone(r rune) bool { return '\U0001F3FB' <= r && r <= '\U0001F3FF' }

func withoutTone(emoji string) string {
	return strings.Map(func(r rune) rune {
		if isTone(r) {
			return -1
		}
		return r
	}, emoji)
}

// compound returns the end of the compound that begins at parts[i]; i+1 if the part stands alone.
func compound(parts []part, i int) int {
	for i++; i < len(parts) && parts[i].glue >= joined; {
		i++
	}
	return i
}

// isSilent reports whether chain[i] is a letter that an apostrophe separates from a word: the s of "it's", the l of
// "l'hiver".
func isSilent(chain []part, i int) bool {
	return utf8.RuneCountInString(chain[i].plain) == 1 &&
		(chain[i].glue == apostrophe && i > 0 || i+1 < len(chain) && chain[i+1].glue == apostrophe)
}

// whole returns a compound without what joins its parts, so that "T-shirt" is "tshirt".
func whole(chain []part) folded {
	var plain, wide strings.Builder
	differs := false
	for i := 0; i < len(chain) && plain.Len() <= MaxLength; i++ {
		plain.WriteString(chain[i].plain)
		wide.WriteString(cmp.Or(chain[i].wide, chain[i].plain))
		differs = differs || chain[i].wide != ""
	}
	if !differs {
		wide.Reset()
	}
	return folded{cut(plain.String()), cut(wide.String())}
}

// cut shortens a term to MaxLength bytes.
func cut(term string) string { return excerpt.Cut(term, MaxLength) }
