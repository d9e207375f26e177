package incoming

import (
	"strings"
)

// readForward reads the lines of a forwarded mail: its head, up to the first blank line after a line of the head, and
// its text.
func readForward(lines []string) *Forwarded {
	f := &Forwarded{}
	i, last := 0, noRole
	for i < len(lines) && strings.Trim(lines[i], "-_> \u00a0") == "" {
		i++
	}
	limit := i + maxHead
	for ; i < len(lines) && i < limit; i++ {
		line := unquoted(lines[i])
		r, value := headLine(line)
		switch r {
		case fromRole:
			f.From = parseAddress(strings.NewReplacer("[mailto:", "<", "]", ">").Replace(value))
		case dateRole:
			f.Date = cleanLine(value, 100)
		case subjectRole:
			f.Subject = cleanLine(value, maxSubject)
		case noRole:
			if last == noRole || strings.TrimSpace(line) == "" && !nextIsHead(lines, i+1) {
				f.Text = strings.TrimLeft(join(unquotedLines(lines[i:])), "\n")
				return f
			}
		}
		if r != noRole {
			last = r
		}
	}
	f.Text = strings.TrimLeft(join(unquotedLines(lines[i:])), "\n")
	return f
}

// nextIsHead reports whether line i continues the head of a mail: clients that write paragraphs leave a blank line
// between the lines of a head.
func nextIsHead(lines []string, i int) bool {
	if i >= len(lines) {
		return false
	}
	r, _ := headLine(unquoted(lines[i]))
	return r != noRole
}

// unquoted returns a line without one level of quoting.
func unquoted(line string) string {
	if rest, ok := strings.CutPrefix(line, ">"); ok {
		return strings.TrimPrefix(rest, " ")
	}
	return line
}

// unquotedLines removes one level of quoting if all lines have it, as in the HTML of Apple Mail.
func unquotedLines(lines []string) []string {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, ">") {
			return lines
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = unquoted(line)
	}
	return out
}

// isForwardSubject reports whether a subject is one of forwarded mail.
func isForwardSubject(subject string) bool {
	subject = strings.ToLower(subject)
	for _, prefix := range forwardPrefixes {
		if strings.HasPrefix(subject, prefix) {
			return true
		}
	}
	return false
}

// attachedForward returns the head and text of the only attached mail, if the mail has no other purpose than to
// forward it: its subject says so, or it has no text.
func attachedForward(b *body, own string, subject string) *Forwarded {
	if len(b.attached) != 1 || own != "" && !isForwardSubject(subject) {
		return nil
	}
	inner := b.attached[0].children[0]
	if !inner.header.has("from") {
		return nil
	}
	inside := body{source: b.source, text: b.text}
	inside.collect(inner)
	from, _ := parseAddresses(inner.header.get("from"))
	f := &Forwarded{
		Subject:   inner.header.text("subject", maxSubject),
		Date:      inner.header.text("date", 100),
		MessageID: first(messageIDs(inner.header.get("message-id")), ""),
		Text:      join(strings.Split(inside.plain(), "\n")),
	}
	if len(from) > 0 {
		f.From = from[0]
	}
	return f
}
