package searchterms

import "unicode/utf8"

// emit takes a term of the part of a text from start to end. It returns false if it wants no more.
type emit func(term string, start, end int) bool

// sink passes terms on until emit wants no more.
type sink struct {
	emit  emit
	full  bool
	stems map[string]string // of words that were there before
}

// eachTerm emits the terms of a text, some more than once. It returns false if emit did.
func eachTerm(parts []part, emit emit) bool {
	s := &sink{emit: emit, stems: make(map[string]string)}
	spoken := languageOf(parts)
	numbersTo := 0
	for i := 0; i < len(parts) && !s.full; {
		end := compound(parts, i)
		chain := parts[i:end]
		for k := range chain {
			if i+k >= numbersTo {
				numbersTo = max(s.number(parts, i+k), i+k+1)
			}
			if !isSilent(chain, k) || len(chain) < 2 {
				s.part(&chain[k], spoken)
			}
		}
		for k := 0; k+1 < len(chain); k++ {
			s.word(whole(chain[k:k+2]), chain[k].start, chain[k+1].end)
		}
		if len(chain) > 2 {
			s.word(whole(chain), chain[0].start, chain[len(chain)-1].end)
		}
		i = end
	}
	return !s.full
}

func (s *sink) add(term string, start, end int) {
	s.full = s.full || !s.emit(term, start, end)
}

// part emits the terms of a part by itself.
func (s *sink) part(p *part, spoken int) {
	switch p.kind {
	case emoji:
		for _, term := range tones(p) {
			s.add(term, p.start, p.end)
		}
	case run:
		cs := characters(p)
		for i := range cs {
			if i+1 < len(cs) {
				s.add(cs[i].text+cs[i+1].text, cs[i].start, cs[i+1].end)
			} else {
				s.add(cs[i].text, cs[i].start, cs[i].end)
			}
		}
	default:
		s.word(p.folded, p.start, p.end)
		if stem := s.stem(p, spoken); stem != "" && stem != p.plain { // a query has both forms
			s.add(stemMark+stem, p.start, p.end)
		}
	}
}

// stem returns the stem of a word of a text. spoken is the language of its Latin letters.
func (s *sink) stem(p *part, spoken int) string {
	of := candidates(p)
	if of == nil {
		return ""
	}
	stem, known := s.stems[p.accented]
	if known {
		return stem
	}
	if len(of) == 1 {
		spoken = 0
	}
	stem = of[spoken].stemOf(p)
	s.stems[p.accented] = stem
	return stem
}

// word emits both forms of a word, and their grams.
func (s *sink) word(w folded, start, end int) {
	for _, form := range w.forms() {
		s.add(form, start, end)
		for _, n := range grams {
			if first := head(form, n); first != "" {
				s.add(gramMark+first, start, end)
			}
		}
	}
}

// number emits the digits of the number that begins at parts[i]. It returns where the groups of digits end.
func (s *sink) number(parts []part, i int) int {
	end, ok := number(parts, i)
	if ok {
		suffixes(parts[i:end], func(digits string, from int) {
			s.word(folded{plain: digits}, parts[i+from].start, parts[end-1].end)
		})
	}
	return end
}

// forms returns the terms of a word.
func (f folded) forms() []string {
	if f.wide == "" {
		return []string{cut(f.plain)}
	}
	return []string{cut(f.plain), cut(f.wide)}
}

// tones returns the terms of an emoji: without tones of skin and, if the text has some, with them.
func tones(p *part) []string {
	if p.accented == p.plain {
		return []string{cut(p.plain)}
	}
	return []string{cut(p.plain), cut(p.accented)}
}

// character is a folded character of a run.
type character struct {
	text       string
	start, end int
}

func characters(p *part) []character {
	cs := make([]character, 0, len(p.accented)/3)
	for i, r := range p.accented {
		if plain, _ := foldRune(p.accented[i:], r); plain != "" {
			cs = append(cs, character{plain, p.start + i, p.start + i + utf8.RuneLen(r)})
		}
	}
	return cs
}
