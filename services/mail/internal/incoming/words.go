package incoming

import (
	"strings"
)

// word is an encoded word of RFC 2047, decoded to the bytes of its charset.
type word struct {
	charset string
	bytes   []byte
}

// decodeWords returns the text of a field's value. It differs from mime.WordDecoder as clients do: a character may be
// divided between two words, words may have spaces, stand inside quotes or touch other text, and text outside words
// may have 8-bit characters.
func decodeWords(s string) string {
	var b strings.Builder
	var open word // the words before, as long as they have the same charset
	flush := func() {
		b.WriteString(decodeCharset(open.charset, open.bytes))
		open = word{}
	}
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, rest, ok := cutWord(s[i:])
		if !ok {
			flush()
			b.WriteString(decodeCharset("", []byte(s[:i+2])))
			s = s[i+2:]
			continue
		}
		if gap := s[:i]; open.bytes == nil || strings.Trim(gap, " \t") != "" {
			flush()
			b.WriteString(decodeCharset("", []byte(gap)))
		} else if !strings.EqualFold(open.charset, w.charset) {
			flush()
		}
		open = word{w.charset, append(open.bytes, w.bytes...)}
		s = rest
	}
	flush()
	b.WriteString(decodeCharset("", []byte(s)))
	return b.String()
}

// maxWord is the size of an encoded word in bytes. RFC 2047 allows 75, but clients write whole fields as one.
const maxWord = 4 << 10

// cutWord decodes the encoded word at the start of s, and returns the text after it.
func cutWord(s string) (w word, rest string, ok bool) {
	charset, after, found := strings.Cut(s[2:], "?")
	if !found || len(charset) > 60 || len(after) < 3 || after[1] != '?' {
		return word{}, s, false
	}
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231 adds a language
	end := strings.Index(after[2:min(len(after), maxWord)], "?=")
	if end < 0 {
		return word{}, s, false
	}
	text, rest := after[2:2+end], after[2+end+2:]
	switch after[0] {
	case 'B', 'b':
		w.bytes = decodeBase64([]byte(text))
	case 'Q', 'q':
		// "?=" may also be a question mark that isn't encoded, followed by an escape: =?utf-8?Q?really?=3F?=
		if more, tail, again := strings.Cut(rest, "?="); again && isEscape(rest) && !strings.Contains(more, "=?") {
			text, rest = text+"?="+more, tail
		}
		w.bytes = decodeQ(text)
	default:
		return word{}, s, false
	}
	w.charset = charset
	if w.bytes == nil {
		w.bytes = []byte{}
	}
	return w, rest, true
}

// isEscape reports whether s continues an escape whose equals sign precedes it.
func isEscape(s string) bool {
	return len(s) >= 2 && hexDigit(s[0]) >= 0 && hexDigit(s[1]) >= 0
}

// decodeQ decodes the Q encoding, in which an underscore is a space.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && isEscape(s[i+1:]):
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// parseParameters splits a value like `text/plain; charset=utf-8` into the part before the first semicolon, in lower
// case, and its parameters. It joins the continuations of RFC 2231 in every charset, and reads values that lack their
// quotes or that have encoded words.
func parseParameters(s string) (value string, params map[string]string) {
	value, s, _ = strings.Cut(s, ";")
	value = strings.ToLower(strings.TrimSpace(value))
	params = map[string]string{}
	extended := map[string]*extendedValue{}
	for range maxParameters {
		if strings.TrimSpace(s) == "" {
			break
		}
		var name, text string
		name, text, s = cutParameter(s)
		if name == "" {
			continue
		}
		base, mark, isExtended := strings.Cut(name, "*")
		if !isExtended {
			if _, repeated := params[name]; !repeated {
				params[name] = text
			}
			continue
		}
		if extended[base] == nil {
			extended[base] = &extendedValue{pieces: map[string]piece{}}
		}
		extended[base].add(mark, text)
	}
	for name, value := range extended {
		params[name] = value.text()
	}
	return value, params
}

// maxParameters bounds the parameters of a field, the pieces of RFC 2231 included.
const maxParameters = 200

// cutParameter returns the first parameter of s with its name in lower case, and the rest. Without a name there is no
// parameter.
func cutParameter(s string) (name, text, rest string) {
	s = strings.TrimLeft(s, " \t;")
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		text, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(text), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			_, rest, _ = strings.Cut(s[i:], ";")
			return name, b.String(), rest
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), "" // the closing quote is missing
}

// extendedValue is a value in pieces: name*0*=utf-8”a; name*1=b.
type extendedValue struct {
	pieces map[string]piece
}

type piece struct {
	text    string
	encoded bool
}

func (e *extendedValue) add(mark, text string) {
	number, encoded := strings.CutSuffix(mark, "*")
	if number == "" { // name*=
		number, encoded = "0", true
	}
	if _, repeated := e.pieces[number]; !repeated {
		e.pieces[number] = piece{text, encoded}
	}
}

// text joins the pieces in the order of their numbers up to the first missing one, and decodes the result.
func (e *extendedValue) text() string {
	charset := ""
	var all []byte
	for n := range maxParameters {
		p, ok := e.pieces[decimal(n)]
		if !ok {
			if n == 0 { // some clients begin with 1
				continue
			}
			break
		}
		text := p.text
		if p.encoded && len(all) == 0 && charset == "" {
			if name, after, found := strings.Cut(text, "'"); found {
				if _, value, found := strings.Cut(after, "'"); found {
					charset, text = name, value
				}
			}
		}
		if p.encoded {
			all = append(all, decodePercent(text)...)
		} else {
			all = append(all, text...)
		}
	}
	return decodeCharset(charset, all)
}

// decodePercent decodes %XX.
func decodePercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && isEscape(s[i+1:]) {
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
