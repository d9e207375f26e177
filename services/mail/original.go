package mail

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/excerpt"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Details are what a received mail has beside the text of its ticket's message. They are read from the original.
type Details struct {
	Date      time.Time // as its author's program states it; the zero time if it doesn't
	Quoted    string    // history, at most 64 KiB
	Signature string    // at most 64 KiB
	Files     []File    // in the order of the mail
}

// Original returns a received mail of a ticket as it came. The error is NotFound if the website has no such mail in
// the ticket, or if its original isn't stored any more.
func (s *Service) Original(ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) ([]byte, error) {
	return s.Store.Original(ctx, t, ticket, number)
}

// Details returns the details of a received mail of a ticket. Errors are those of Original.
func (s *Service) Details(ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) (Details, error) {
	m, err := s.read(ctx, t, ticket, number)
	return Details{
		Date:      m.Date,
		Quoted:    excerpt.Cut(m.Quoted, maxText),
		Signature: excerpt.Cut(m.Signature, maxText),
		Files:     m.Files,
	}, err
}

// Attachment returns a file of a received mail of a ticket. Positions count from 1. Errors are those of Original, and
// NotFound if the mail has no such file.
func (s *Service) Attachment(
	ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail, position int64,
) (File, error) {
	m, err := s.read(ctx, t, ticket, number)
	if err == nil && (position < 1 || position > int64(len(m.Files))) {
		err = fault.Missing("attachment")
	}
	if err != nil {
		return File{}, err
	}
	return m.Files[position-1], nil
}

func (s *Service) read(ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) (Message, error) {
	raw, err := s.Store.Original(ctx, t, ticket, number)
	if err != nil {
		return Message{}, err
	}
	return s.Parser.Parse(raw)
}

// OriginalUntil returns until when the original of a received mail is stored.
func (r Received) OriginalUntil() time.Time { return r.CreatedAt.Add(KeepOriginals) }
