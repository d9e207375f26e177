package outgoing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/quotedprintable"
	"strings"
	"time"
	"unicode"

	"fivechat.dev/libs/kernel/excerpt"
)

// Compose returns the bytes of a mail. The error is an Invalid fault that lists every wrong field.
func Compose(l Letter) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	html, err := renderHTML(l)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(headerOf(l))
	boundary := boundaryOf(l)
	for _, part := range []struct{ kind, text string }{{"text/plain", plainText(l)}, {"text/html", html}} {
		b.WriteString("--" + boundary + "\r\n")
		b.WriteString("Content-Type: " + part.kind + "; charset=utf-8\r\n")
		b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		writeQuoted(&b, part.text)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.Bytes(), nil
}

// headerOf returns the header of a mail with the blank line after it.
func headerOf(l Letter) string {
	var h headerWriter
	h.field("Date", l.Date.UTC().Format(time.RFC1123Z))
	h.field("From", mailboxOf(l.From))
	h.field("To", mailboxOf(l.To))
	if l.ReplyTo.Address != "" {
		h.field("Reply-To", mailboxOf(l.ReplyTo))
	}
	h.field("Subject", encodeText(cleanLine(l.Subject, maxSubject)))
	h.field("Message-ID", "<"+l.MessageID+">")
	if validID(l.InReplyTo) {
		h.field("In-Reply-To", "<"+l.InReplyTo+">")
	}
	if ids := referencesOf(l); len(ids) > 0 {
		h.field("References", "<"+strings.Join(ids, "> <")+">")
	}
	if l.Automation != ByPerson {
		h.field("Auto-Submitted", string(l.Automation))
		h.field("X-Auto-Response-Suppress", "All") // Exchange doesn't read Auto-Submitted
	}
	if l.Unsubscribe != "" {
		h.field("List-Unsubscribe", "<"+l.Unsubscribe+">")
		if strings.HasPrefix(l.Unsubscribe, "https:") {
			h.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	for _, f := range l.Extra {
		h.field(f.Name, f.Value)
	}
	if l.Language != "" {
		h.field("Content-Language", l.Language)
	}
	h.field("MIME-Version", "1.0")
	h.field("Content-Type", `multipart/alternative; boundary="`+boundaryOf(l)+`"`)
	h.b.WriteString("\r\n")
	return h.b.String()
}

// referencesOf returns the valid Message-IDs of References: those of the letter, ending with the one it answers.
func referencesOf(l Letter) []string {
	var ids []string
	seen := map[string]bool{l.InReplyTo: true}
	for _, id := range l.References {
		if validID(id) && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if validID(l.InReplyTo) {
		ids = append(ids, l.InReplyTo)
	}
	if len(ids) > maxReferences {
		ids = append(ids[:1], ids[len(ids)-maxReferences+1:]...)
	}
	return ids
}

// boundaryOf returns the boundary of the parts. Quoted-printable never has an equals sign before an underscore, so no
// line of a part can be a boundary.
func boundaryOf(l Letter) string {
	sum := sha256.Sum256([]byte(l.MessageID))
	return "=_" + hex.EncodeToString(sum[:16])
}

// plainText returns the text of the part text/plain.
func plainText(l Letter) string {
	var b strings.Builder
	b.WriteString(cleanText(l.Text))
	if quoted := quotedText(l.Quoted); quoted != "" {
		b.WriteString("\n\n")
		if introduction := cleanLine(l.Quoted.Introduction, maxSubject); introduction != "" {
			b.WriteString(introduction + "\n")
		}
		b.WriteString("> " + strings.ReplaceAll(quoted, "\n", "\n> "))
	}
	if footer := cleanText(l.Footer); footer != "" {
		b.WriteString("\n\n-- \n" + footer)
	}
	return b.String()
}

// quotedText returns the text of a quote, cut to maxQuoted bytes.
func quotedText(q Quote) string {
	text := cleanText(q.Text)
	if len(text) <= maxQuoted {
		return text
	}
	return excerpt.Cut(text, maxQuoted) + " …"
}

// writeQuoted writes text with CRLF line ends in quoted-printable.
func writeQuoted(b *bytes.Buffer, text string) {
	w := quotedprintable.NewWriter(b)
	// A buffer doesn't fail.
	_, _ = io.WriteString(w, strings.ReplaceAll(text, "\n", "\r\n"))
	_ = w.Close()
}

// cleanText returns text as valid UTF-8 with line feeds as line ends, without other control characters than tab and
// without blank lines around it.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case unicode.IsControl(r) && r != '\n' && r != '\t':
			return -1
		default:
			return r
		}
	}, s)
	return strings.Trim(s, "\n")
}

// cleanLine returns s as one line of at most limit bytes, without control characters and bidirectional controls.
func cleanLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(excerpt.Cut(strings.Join(strings.Fields(s), " "), limit))
}
