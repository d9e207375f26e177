package app

import (
	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/incoming"
	"fivechat.dev/services/mail/internal/outgoing"
)

// parser implements mail.Parser.
type parser struct{}

// Parse implements mail.Parser.
func (parser) Parse(raw []byte) (mail.Message, error) {
	m, err := incoming.Parse(raw)
	if err != nil {
		return mail.Message{}, err
	}
	parsed := mail.Message{
		From:       author(m),
		Date:       m.Date,
		To:         mailboxes(m.To),
		Cc:         mailboxes(m.Cc),
		Subject:    m.Subject,
		MessageID:  m.MessageID,
		InReplyTo:  m.InReplyTo,
		References: m.References,
		Text:       textOf(m),
		Quoted:     m.Quoted,
		Signature:  m.Signature,
		Hops:       m.Hops,
		Kind:       mail.Kind(m.Kind),
		OriginalID: m.OriginalID,
	}
	if m.Authors == 1 {
		parsed.HeaderFrom = m.From.Address
	}
	for _, p := range m.Parts {
		parsed.Files = append(parsed.Files, mail.File{
			Name:     p.Name,
			Type:     p.Type,
			Size:     p.Size,
			IsInline: p.Inline,
			Content:  func() []byte { return p.Content(raw) },
		})
	}
	for _, f := range m.Failures {
		parsed.Failures = append(parsed.Failures, mail.Failure{Permanent: f.Permanent, Diagnostic: f.Diagnostic})
	}
	return parsed, nil
}

// author returns where an answer to a mail goes: Reply-To if it has one address, as in the mails that a website's form
// sends for a person, or else From.
func author(m incoming.Mail) mail.Mailbox {
	if m.Kind == incoming.Human && len(m.ReplyTo) == 1 && m.ReplyTo[0].Address != "" {
		return mail.Mailbox(m.ReplyTo[0])
	}
	return mail.Mailbox(m.From)
}

// textOf returns what the author wrote, and after it what the mail forwards.
func textOf(m incoming.Mail) string {
	f := m.Forwarded
	if f == nil {
		return m.Text
	}
	return m.Text + "\n\n--- " + f.From.Name + " <" + f.From.Address + ">: " + f.Subject + "\n\n" + f.Text
}

func mailboxes(all []incoming.Address) []mail.Mailbox {
	made := make([]mail.Mailbox, len(all))
	for i, a := range all {
		made[i] = mail.Mailbox(a)
	}
	return made
}

// composer implements mail.Composer. It signs with its keys.
type composer struct{ keys []outgoing.Key }

// Compose implements mail.Composer.
func (w composer) Compose(c mail.Composition) ([]byte, error) {
	raw, err := outgoing.Compose(outgoing.Letter{
		From:       outgoing.Address(c.From),
		To:         outgoing.Address(c.To),
		Subject:    c.Subject,
		MessageID:  c.MessageID,
		InReplyTo:  c.InReplyTo,
		References: c.References,
		Date:       c.Date,
		Website:    c.Website,
		Text:       c.Text,
	})
	if err != nil {
		return nil, err
	}
	return outgoing.Sign(raw, w.keys...)
}
