package outgoing

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/excerpt"
)

// headerWriter writes fields. Their values are ASCII without line breaks.
type headerWriter struct{ b strings.Builder }

// lineLength is the length at which fields are folded: RFC 5322 recommends at most 78 bytes.
const lineLength = 76

// field writes a field, folded at its spaces.
func (h *headerWriter) field(name, value string) {
	h.b.WriteString(name + ":")
	length := len(name) + 1
	for _, word := range strings.Split(value, " ") {
		if length+1+len(word) > lineLength && length > len(name)+1 {
			h.b.WriteString("\r\n")
			length = 0
		}
		h.b.WriteString(" " + word)
		length += 1 + len(word)
	}
	h.b.WriteString("\r\n")
}

// mailboxOf returns an address as a field has it. The address was validated.
func mailboxOf(a Address) string {
	address := asciiAddress(a.Address)
	name := cleanLine(a.Name, maxName)
	switch {
	case name == "":
		return address
	case isASCII(name) && !hasLongWord(name) && !strings.Contains(name, "=?"):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <` + address + ">"
	default:
		return encodeWords(name) + " <" + address + ">"
	}
}

// encodeText returns the text of a field such as Subject in ASCII.
func encodeText(s string) string {
	if isASCII(s) && !hasLongWord(s) && !strings.Contains(s, "=?") {
		return s
	}
	return encodeWords(s)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// hasLongWord reports whether a line that is folded at spaces would exceed its length.
func hasLongWord(s string) bool {
	for _, word := range strings.Split(s, " ") {
		if len(word) > lineLength-len("Reply-To: ") {
			return true
		}
	}
	return false
}

// wordBytes is how many bytes of text an encoded word has: 60 bytes of base64, with which it fits into a line even
// after the name of a field.
const wordBytes = 45 - 3

// encodeWords returns s as encoded words of RFC 2047, with a space between them. No word has half a character.
func encodeWords(s string) string {
	var words []string
	for s != "" {
		piece := excerpt.Cut(s, wordBytes)
		s = s[len(piece):]
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(piece))+"?=")
	}
	return strings.Join(words, " ")
}
