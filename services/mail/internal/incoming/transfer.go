package incoming

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// encodingOf returns the transfer encoding that a header names, as decodeTransfer knows it.
func encodingOf(h header) string {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(h.get("content-transfer-encoding")), `"';`))
	switch {
	case strings.HasPrefix(name, "base64"):
		return "base64"
	case strings.HasPrefix(name, "quoted-printable"), name == "quoted_printable", name == "qp":
		return "quoted-printable"
	default: // 7bit, 8bit, binary, and names that mean nothing
		return ""
	}
}

// decodeTransfer decodes content. Damaged content is decoded as far as it can be read.
func decodeTransfer(encoding string, content []byte) []byte {
	switch encoding {
	case "base64":
		return decodeBase64(content)
	case "quoted-printable":
		return decodeQuoted(content)
	default:
		return content
	}
}

// sizeOf returns the size of decoded content.
func sizeOf(encoding string, content []byte) int {
	if encoding != "base64" {
		return len(decodeTransfer(encoding, content))
	}
	n := 0
	for _, c := range content {
		if base64Digits[c] {
			n++
		}
	}
	return n * 6 / 8
}

// base64Digits are the digits of base64. Everything else is skipped: line ends, padding in the middle where a client
// joined two encoded pieces, and the footers that mailing lists append.
var base64Digits = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		is[c] = true
	}
	return is
}()

// decodeBase64 decodes pieces of base64, each of which may have padding.
func decodeBase64(content []byte) []byte {
	out := make([]byte, 0, len(content)*6/8+3)
	digits := make([]byte, 0, len(content))
	flush := func() {
		if len(digits)%4 == 1 {
			digits = digits[:len(digits)-1]
		}
		n := len(out)
		out = append(out, make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))...)
		written, _ := base64.RawStdEncoding.Decode(out[n:], digits)
		out, digits = out[:n+written], digits[:0]
	}
	for _, c := range content {
		if base64Digits[c] {
			digits = append(digits, c)
		} else if c == '=' && len(digits) > 0 {
			flush()
		}
	}
	flush()
	return out
}

// decodeQuoted decodes quoted-printable. An equals sign that begins no escape stays as it is.
func decodeQuoted(content []byte) []byte {
	out := make([]byte, 0, len(content))
	for len(content) > 0 {
		line, next := cutLine(content, 0)
		content = content[next:]
		text := bytes.TrimRight(line, " \t\r\n")
		end := line[len(bytes.TrimRight(line, "\r\n")):]
		if bytes.HasSuffix(text, []byte("=")) { // a soft line break
			text, end = text[:len(text)-1], nil
		}
		for i := 0; i < len(text); i++ {
			if text[i] == '=' && i+2 < len(text) {
				hi, lo := hexDigit(text[i+1]), hexDigit(text[i+2])
				if hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			out = append(out, text[i])
		}
		out = append(out, end...)
	}
	return out
}

// hexDigit returns the value of a hexadecimal digit in either case, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	default:
		return -1
	}
}
