package conversations

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// MaxAttachments is how many files a message may have.
const MaxAttachments = 10

// Attachment is what a message knows of a file that it carries, as it was when the message was posted. The file itself
// belongs to the service files.
type Attachment struct {
	ID           id.File `bson:"id" json:"id"`
	Name         string  `bson:"name" json:"name"`
	Type         string  `bson:"type" json:"type"`
	Size         int64   `bson:"size" json:"size"`
	Width        int64   `bson:"width,omitempty" json:"width"` // of a picture; else 0
	Height       int64   `bson:"height,omitempty" json:"height"`
	HasThumbnail bool    `bson:"hasThumbnail,omitempty" json:"hasThumbnail"`
}

// view returns the attachment as clients see it, with signed addresses.
func (a Attachment) view(s fileaddress.Signer, t tenant.ID) contract.Attachment {
	v := contract.Attachment{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size}
	if a.Width > 0 {
		v.Width, v.Height = &a.Width, &a.Height
	}
	return v.WithAddresses(s, t, a.HasThumbnail)
}

// View returns the message as clients see it, in responses and in events.
func (s *Service) View(m Message) MessageView { return m.view(s.files.Addresses) }

// attach claims the files of a draft for the visitor of its conversation, and adds what is known of them to the
// message. It precedes the message's transaction: if that isn't committed, the files are removed after a day.
func (s *Service) attach(ctx context.Context, t tenant.ID, m *Message, d Draft, visitor id.Visitor) (err error) {
	if len(d.Attachments) > 0 {
		m.Attachments, err = s.files.Claimer.Claim(ctx, t, visitor, m.SenderType == FromVisitor, d.Attachments)
	}
	return err
}

// NamedFiles returns those of some files that messages name.
func (s *Service) NamedFiles(ctx context.Context, t tenant.ID, files []id.File) ([]id.File, error) {
	return s.store.NamedFiles(ctx, t, files)
}
