package incoming

import (
	"bytes"
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// field is a field of a header, unfolded.
type field struct {
	name  string // in lower case
	value []byte // without line breaks, as it is in the mail: not decoded
}

// maxEncoded is the size in bytes of a field's value before it is decoded.
const maxEncoded = 16 << 10

// header is the fields of a mail or a part in their order.
type header []field

// get returns the value of the first field of a name, or "".
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return string(f.value)
		}
	}
	return ""
}

// all returns the values of all fields of a name, joined by sep.
func (h header) all(name, sep string) string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, string(f.value))
		}
	}
	return strings.Join(values, sep)
}

func (h header) has(name string) bool {
	for _, f := range h {
		if f.name == name {
			return true
		}
	}
	return false
}

// text returns the decoded text of the first field of a name, on one line and of at most limit bytes.
func (h header) text(name string, limit int) string {
	return cleanLine(decodeWords(excerpt.Cut(h.get(name), maxEncoded)), limit)
}

// readHeader reads the header at the start of raw. It returns the fields, the offset of the body, and whether all
// fields are within limit bytes and maxFields. A line that is neither a field nor a continuation ends the header, as if
// the blank line were missing, unless fields follow it: then a client broke a long line without indenting it.
func readHeader(raw []byte, limit int) (h header, body int, complete bool) {
	complete = true
	for at := 0; at < len(raw); {
		line, next := cutLine(raw, at)
		trimmed := bytes.TrimRight(line, "\r\n")
		switch {
		case len(trimmed) == 0:
			return h, next, complete
		case at == 0 && isEnvelopeLine(trimmed):
		case next > limit || len(h) >= maxFields:
			complete = false
		case trimmed[0] == ' ' || trimmed[0] == '\t':
			h.extend(trimmed)
		default:
			name, value, ok := cutField(trimmed)
			if ok {
				h = append(h, field{name, bytes.Clone(bytes.TrimSpace(value))})
			} else if fieldFollows(raw, next) {
				h.extend(trimmed)
			} else {
				return h, at, complete
			}
		}
		at = next
	}
	return h, len(raw), complete
}

// extend adds a continuation line to the last field.
func (h header) extend(line []byte) {
	if len(h) == 0 {
		return
	}
	last := &h[len(h)-1]
	last.value = append(append(last.value, ' '), bytes.TrimSpace(line)...)
}

// cutLine returns the line at an offset with its end, and the offset of the next line.
func cutLine(raw []byte, at int) (line []byte, next int) {
	if i := bytes.IndexByte(raw[at:], '\n'); i >= 0 {
		return raw[at : at+i+1], at + i + 1
	}
	return raw[at:], len(raw)
}

// cutField splits a line into the name of a field in lower case and its value.
func cutField(line []byte) (name string, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 100 {
		return "", nil, false
	}
	key := bytes.TrimRight(line[:i], " \t")
	for _, c := range key {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return strings.ToLower(string(key)), line[i+1:], len(key) > 0
}

// isEnvelopeLine reports whether a line begins a mail of an mbox file, also of one that was quoted.
func isEnvelopeLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// fieldFollows reports whether one of the next lines before a blank one is a well-known field.
func fieldFollows(raw []byte, at int) bool {
	for range 5 {
		if at >= len(raw) {
			return false
		}
		line, next := cutLine(raw, at)
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return false
		}
		if name, _, ok := cutField(line); ok && (wellKnown[name] || strings.HasPrefix(name, "x-")) {
			return true
		}
		at = next
	}
	return false
}

// wellKnown are fields that show that a header continues.
var wellKnown = map[string]bool{
	"from": true, "to": true, "cc": true, "subject": true, "date": true, "message-id": true, "mime-version": true,
	"content-type": true, "content-transfer-encoding": true, "content-disposition": true, "received": true,
	"in-reply-to": true, "references": true, "reply-to": true, "return-path": true, "dkim-signature": true,
}
