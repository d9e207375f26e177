package searchterms

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"fivechat.dev/libs/kernel/excerpt"
)

// canonical returns a text whose code points don't depend on how it was typed: NFKC, case folded, without characters
// that can't be seen. Accents are kept, because stems depend on them.
func canonical(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	return bounded(caseless(strings.Map(visible, text)), len(text))
}

// bounded cuts the canonical form of a text of length bytes. NFKC writes a few characters in up to eleven times their
// length; the time that a text takes is bounded by its own.
func bounded(canonical string, length int) string {
	return excerpt.Cut(canonical, 2*length+256)
}

func caseless(text string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFKC.String(text)))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// visible returns r, or -1 if r is invisible (a soft hyphen, a mark of direction) or asks for a way to draw the
// character before it (variation selectors). Signs that NFKC would turn into letters of the word beside them become a
// separator.
func visible(r rune) rune {
	switch {
	case r < 0xad:
		return r
	case r == joiner:
		return r
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	case unicode.Is(unicode.Cherokee, r):
		return unicode.ToUpper(r) // cases.Fold exchanges both cases: https://github.com/golang/go/issues/46101
	case r == '™', r == '℠', r == '№':
		return '#'
	}
	return r
}

// folded has the forms of a word that a query may use instead of the one in the text.
type folded struct {
	plain string // without accents: "muller"
	wide  string // with umlauts as two letters, "mueller"; "" if plain has no other form
}

// letters have forms without accents that Unicode doesn't decompose them into.
var letters = map[rune]folded{
	'ä': {"a", "ae"}, 'ö': {"o", "oe"}, 'ü': {"u", "ue"}, 'å': {"a", "aa"}, 'ø': {"o", "oe"},
	'æ': {"ae", ""}, 'œ': {"oe", ""}, 'ł': {"l", ""}, 'đ': {"d", ""}, 'ð': {"d", ""}, 'ħ': {"h", ""}, 'ŧ': {"t", ""},
	'ı': {"i", ""}, 'þ': {"th", ""}, 'й': {"й", ""}, // й is a letter of its own
	'ی': {"ي", ""}, 'ى': {"ي", ""}, 'ے': {"ي", ""}, 'ک': {"ك", ""}, 'ہ': {"ه", ""}, 'ة': {"ه", ""},
	'ـ': {"", ""}, // tatweel only stretches a word
}

// fold removes the accents of a canonical word.
func fold(text string) folded {
	if isASCII(text) {
		return folded{plain: text}
	}
	var plain, wide strings.Builder
	for i, r := range text {
		p, w := foldRune(text[i:], r)
		if w != "" && wide.Len() == 0 {
			wide.WriteString(plain.String())
		}
		plain.WriteString(p)
		if wide.Len() > 0 || w != "" {
			wide.WriteString(cmp.Or(w, p))
		}
	}
	return folded{plain.String(), wide.String()}
}

// foldRune folds r, which text begins with. wide is "" if it isn't another form than plain.
func foldRune(text string, r rune) (plain, wide string) {
	if f, ok := letters[r]; ok {
		return f.plain, f.wide
	}
	switch {
	case r < utf8.RuneSelf:
		return text[:1], ""
	case r == joiner, unicode.IsMark(r) && unicode.In(r, accents...):
		return "", ""
	case unicode.IsDigit(r):
		return string('0' + digit(r)), ""
	}
	size := utf8.RuneLen(r)
	if base := norm.NFD.PropertiesString(text).Decomposition(); base != nil {
		if b, n := utf8.DecodeRune(base); b < utf8.RuneSelf || unicode.In(b, accented...) {
			plain, _ = foldRune(string(base[:n]), b)
			return plain, ""
		}
	}
	return text[:size], ""
}

// Words of these scripts are also typed without accents and marks of vowels. In other scripts (Devanagari, Thai) a
// word isn't the same without its marks.
var accented = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Syriac,
}

// accents are the scripts of the marks of accented; those that several scripts have in common are inherited.
var accents = append([]*unicode.RangeTable{unicode.Inherited}, accented...)

// digit returns the value of a decimal digit. In Unicode, the ten digits of a script follow one another.
func digit(r rune) rune {
	for _, ten := range unicode.Nd.R16 {
		if rune(ten.Lo) <= r && r <= rune(ten.Hi) {
			return (r - rune(ten.Lo)) % 10
		}
	}
	for _, ten := range unicode.Nd.R32 {
		if rune(ten.Lo) <= r && r <= rune(ten.Hi) {
			return (r - rune(ten.Lo)) % 10
		}
	}
	return 0
}
