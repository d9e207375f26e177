package searchterms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
)

// language has what stems need.
type language struct {
	stem  func(*snowballstem.Env) bool
	stops string // frequent words without accents that aren't frequent in another of the languages
}

// latin are the languages that a word in Latin letters may belong to. The first is that of a text without a sign.
var latin = []language{
	{english.Stem, "the and you your is are was have has had my this that with for not what how it we can be of to from"},
	{german.Stem, "der und ich ist nicht das ein eine einen mit auf fur sie wir haben habe mein meine zu von wie kann"},
	{french.Stem, "le les des est et je vous nous pas une dans pour sur avec mon ma votre ce cette qui ai mais sont du"},
	{spanish.Stem, "el los las y es por una mi pero muy como esta yo con del hola lo tengo quiero gracias puedo"},
	{italian.Stem, "il di che non gli sono ho per della delle questo mio mia ma anche con grazie vorrei posso ciao ed"},
	{portuguese.Stem, "o os um uma nao em meu minha voce obrigado com eu para ola muito mas seu tenho foi ao"},
	{dutch.Stem, "het een ik niet van dat zijn voor met mijn maar heb wat aan deze dit ook bij naar kunt hebben"},
}

var (
	cyrillic = []language{{stem: russian.Stem}}
	semitic  = []language{{stem: arabic.Stem}}
)

// speakers are the languages, as bits of their places in latin, of the frequent words.
var speakers = func() map[string]uint8 {
	of := make(map[string]uint8)
	for i, l := range latin {
		for w := range strings.FieldsSeq(l.stops) {
			of[w] |= 1 << i
		}
	}
	return of
}()

// languageOf guesses the language of a text in Latin letters, from its frequent words.
func languageOf(parts []part) int {
	var count [8]int
	best := 0
	for i := range parts {
		for l, bits := 0, speakers[parts[i].plain]; bits != 0; l, bits = l+1, bits>>1 {
			count[l] += int(bits & 1)
		}
	}
	for l := range latin {
		if count[l] > count[best] {
			best = l
		}
	}
	return best
}

// candidates returns the languages that a word may belong to: none if it has no stems.
func candidates(w *part) []language {
	if w.kind != word || len(w.plain) > MaxLength || utf8.RuneCountInString(w.plain) < minStem {
		return nil
	}
	if _, frequent := speakers[w.plain]; frequent || strings.ContainsFunc(w.plain, unicode.IsDigit) {
		return nil
	}
	switch r, _ := utf8.DecodeRuneInString(w.plain); {
	case r < utf8.RuneSelf || unicode.Is(unicode.Latin, r):
		return latin
	case unicode.Is(unicode.Cyrillic, r):
		return cyrillic
	case unicode.Is(unicode.Arabic, r):
		return semitic
	}
	return nil
}

const minStem = 3 // characters; shorter stems say nothing

// stemOf returns the folded stem of a word, "" if it is too short or a frequent word.
func (l language) stemOf(w *part) string {
	env := snowballstem.NewEnv(w.accented)
	l.stem(env)
	stem := fold(env.Current()).plain
	if _, frequent := speakers[stem]; frequent || utf8.RuneCountInString(stem) < minStem {
		return ""
	}
	return cut(stem)
}
