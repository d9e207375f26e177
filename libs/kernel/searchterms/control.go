package searchterms

import "strings"

// HasControl reports whether a text holds a control character other than tab, line feed and carriage return: C0, delete
// (U+007F) or C1 (U+0080 to U+009F). JSON writes most of them in six bytes, and terminals take them for commands.
// Joiners and marks of direction aren't control characters.
func HasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r <= 0x9f
	})
}
