package incoming

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// decodeUTF7 converts UTF-7 (RFC 2152), which old clients still send, to UTF-8. golang.org/x/text doesn't have it.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	s := string(b)
	for {
		before, after, found := strings.Cut(s, "+")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		end := strings.IndexFunc(after, func(r rune) bool { return r > 0x7f || !base64Digits[byte(r)] })
		if end < 0 {
			end = len(after)
		}
		digits, rest := after[:end], strings.TrimPrefix(after[end:], "-")
		if digits == "" {
			out.WriteByte('+') // "+-", or a plus that begins nothing
		}
		raw, _ := base64.RawStdEncoding.DecodeString(digits)
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		out.WriteString(string(utf16.Decode(units)))
		s = rest
	}
}
