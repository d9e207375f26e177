package contract

import (
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// attachmentBytes is about the length of an attachment's JSON without its name.
const attachmentBytes = 600

// WithAddresses returns the attachment of a website with signed addresses of its content and, if it has one, its
// thumbnail. The addresses are valid for 12 to 24 hours.
func (a Attachment) WithAddresses(s fileaddress.Signer, t tenant.ID, hasThumbnail bool) Attachment {
	a.URL = s.Of(t, a.ID, fileaddress.Content)
	if hasThumbnail {
		thumbnail := s.Of(t, a.ID, fileaddress.Thumbnail)
		a.ThumbnailURL = &thumbnail
	}
	return a
}

func jsonBytesOf(attachments []Attachment) (n int) {
	for _, a := range attachments {
		n += attachmentBytes + searchterms.JSONLength(a.Name)
	}
	return n
}
