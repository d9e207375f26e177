package incoming

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// Parse reads a mail. It returns a fault of the kind TooLarge above MaxBytes, and Invalid for a mail without a byte
// other than white space. Every other mail is read as far as possible. The Mail shares no memory with raw, except that
// Part.Content needs raw again.
func Parse(raw []byte) (Mail, error) {
	if len(raw) > MaxBytes {
		return Mail{}, fault.New(fault.TooLarge, "the mail exceeds 25 MiB")
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return Mail{}, fault.Bad("mail", "is empty")
	}
	s := &structure{raw: raw, truncated: map[string]bool{}}
	root := s.read(0, len(raw), 0, "text/plain")
	if root.disposition != "attachment" { // the only part is the text, even with a name
		root.fileName = ""
	}
	m := Mail{}
	m.readHead(root.header, s)
	b := &body{source: s}
	b.collect(root)
	m.HTML = b.html()
	m.Parts = b.parts
	text := b.plain()
	m.Text, m.Quoted, m.Signature, m.Forwarded = splitText(text, isForwardSubject(m.Subject))
	if m.Forwarded == nil && !isReport(root) {
		m.Forwarded = attachedForward(b, m.Text, m.Subject)
	}
	m.keepText()
	m.Failures, m.OriginalID = failuresOf(root, b, text)
	m.Kind = kindOf(root, b, m.Failures)
	m.NoAutoReply = noAutoReply(root.header, m)
	for bound := range s.truncated {
		m.Truncated = append(m.Truncated, bound)
	}
	slices.Sort(m.Truncated)
	return m, nil
}

// keepText makes the history or the signature the text of a mail that has neither text of its own nor parts. The answer
// of such a mail may be below a history that isn't marked as quoted.
func (m *Mail) keepText() {
	if m.Text != "" || m.Forwarded != nil || len(m.Parts) > 0 {
		return
	}
	if m.Text, m.Quoted = m.Quoted, ""; m.Text == "" {
		m.Text, m.Signature = m.Signature, ""
	}
}

// readHead reads the fields about the mail itself.
func (m *Mail) readHead(h header, s *structure) {
	addresses := func(name string) []Address {
		all, complete := parseAddresses(h.all(name, ", "))
		if !complete {
			s.truncated["addresses"] = true
		}
		return all
	}
	m.From = firstAddress(h.get("from"))
	m.Authors = len(addresses("from"))
	m.Sender = firstAddress(h.get("sender"))
	if m.Sender.Address == m.From.Address {
		m.Sender = Address{}
	}
	m.ReplyTo, m.To, m.Cc = addresses("reply-to"), addresses("to"), addresses("cc")
	if path := strings.TrimSpace(h.get("return-path")); path == "<>" {
		m.ReturnPath = path
	} else {
		m.ReturnPath = mailbox(path)
	}
	m.Subject = h.text("subject", maxSubject)
	m.MessageID = first(messageIDs(h.get("message-id")), "")
	m.InReplyTo = messageIDs(h.all("in-reply-to", " "))
	m.References = messageIDs(h.all("references", " "))
	m.Date = readDate(h)
	for _, f := range h {
		if f.name == "received" {
			m.Hops++
		}
	}
}

// firstAddress returns the first mailbox of a field, or the name alone if the field has no address.
func firstAddress(value string) Address {
	if all, _ := parseAddresses(value); len(all) > 0 {
		return all[0]
	}
	item, _ := cutAddress(value)
	return Address{Name: parseAddress(item).Name}
}

// dateLayouts are those of clients that don't follow RFC 5322.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "Mon, 02-Jan-2006 15:04:05 MST",
	"Mon, 2 Jan 2006 15:04:05 GMT-0700",
	"Monday, 2 January 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 January 2006 15:04:05 -0700",
}

// readDate returns the date of a mail, or when the last relay received it, in UTC. Without either, or for years that
// no mail is of, it returns the zero time.
func readDate(h header) time.Time {
	received := h.get("received")
	received = received[strings.LastIndexByte(received, ';')+1:]
	for _, value := range []string{h.get("date"), received} {
		value = cleanLine(value, 200)
		at, err := mail.ParseDate(value)
		for _, layout := range dateLayouts {
			if err == nil {
				break
			}
			at, err = time.Parse(layout, value)
		}
		if err == nil && at.Year() >= 1980 && at.Year() <= 9999 {
			return at.UTC()
		}
	}
	return time.Time{}
}
