package incoming

import (
	"strings"
	"unicode"

	"fivechat.dev/libs/kernel/excerpt"
)

// isBidi reports whether r changes the direction of text. In a name it can make a file look like another type.
func isBidi(r rune) bool {
	return r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// cleanLine returns s as one line of valid UTF-8 of at most limit bytes: without control characters, bidirectional
// controls and invisible characters, and with single spaces.
func cleanLine(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Z, r):
			return ' '
		case unicode.IsControl(r) || isBidi(r) || r == 0xfeff || r == 0x200b:
			return -1
		default:
			return r
		}
	}, s)
	return excerpt.Cut(strings.Join(strings.Fields(s), " "), limit)
}

// cleanText returns s as valid UTF-8 with line feeds as the only line ends: without control characters except tab, and
// without the bidirectional overrides and embeddings. Marks that right-to-left languages need stay.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r) || r == 0xfeff || r == historyMark || r >= 0x202a && r <= 0x202e:
			return -1
		default:
			return r
		}
	}, s)
}
