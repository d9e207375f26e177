package incoming

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// charsets are names that mail has and that the indexes of encodings don't know.
var charsets = map[string]encoding.Encoding{
	"cp932":            japanese.ShiftJIS,
	"ms932":            japanese.ShiftJIS,
	"cp50220":          japanese.ISO2022JP,
	"cp50221":          japanese.ISO2022JP,
	"iso-2022-jp-ms":   japanese.ISO2022JP,
	"cp936":            simplifiedchinese.GBK,
	"hz-gb-2312":       simplifiedchinese.HZGB2312,
	"cp949":            korean.EUCKR,
	"uhc":              korean.EUCKR,
	"cp-850":           charmap.CodePage850,
	"cp850":            charmap.CodePage850,
	"cp437":            charmap.CodePage437,
	"win-1251":         charmap.Windows1251,
	"ansi":             charmap.Windows1252,
	"cp1252":           charmap.Windows1252,
	"iso-8859-8-i":     charmap.ISO8859_8,
	"x-mac-roman":      charmap.Macintosh,
	"windows-1252http": charmap.Windows1252,
}

// encodingNamed returns the encoding of a charset's name, or nil for UTF-8 and unknown names. It reads names as
// browsers do: ISO 8859-1 is windows-1252, and GB 2312 is GBK.
func encodingNamed(name string) encoding.Encoding {
	name = strings.ToLower(strings.Trim(strings.TrimSpace(name), `"'`))
	name = strings.TrimPrefix(name, "charset=")
	if len(name) > 40 {
		return nil
	}
	if e := charsets[name]; e != nil {
		return e
	}
	if e, err := htmlindex.Get(name); err == nil {
		if canonical, _ := htmlindex.Name(e); canonical == "utf-8" || canonical == "replacement" {
			return nil
		}
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil {
		return e
	}
	return nil
}

// decodeCharset converts bytes of a charset to UTF-8. Text that contradicts its charset is read as it was most likely
// meant: text that is valid UTF-8 is UTF-8 unless its charset has several bytes a character, and invalid UTF-8 is
// windows-1252.
func decodeCharset(name string, b []byte) string {
	if strings.EqualFold(strings.TrimSpace(name), "utf-7") {
		return decodeUTF7(b)
	}
	e := encodingNamed(name)
	_, single := e.(*charmap.Charmap)
	if (e == nil || single) && utf8.Valid(b) {
		return string(b)
	}
	if e == nil {
		if hasMultibyte(b) { // UTF-8 with damage, or cut in the middle of a character
			return strings.ToValidUTF8(string(b), "\ufffd")
		}
		e = charmap.Windows1252
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

// hasMultibyte reports whether some character of b is valid UTF-8 of more than one byte.
func hasMultibyte(b []byte) bool {
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if n > 1 {
			return true
		}
		b = b[n:]
	}
	return false
}
