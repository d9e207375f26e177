package files

import (
	"context"
	"errors"
	"io"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
)

// partSize is the length of a part of a content in an export, in bytes: in base64 it fits into a page.
const partSize = 512 << 10

// Part is a part of a file's content.
type Part struct {
	FileID  id.File
	Offset  int64
	Content []byte
}

// NextPart returns the part of a content that begins at an offset of a file or, if the file has none, the first part of
// the next file of a website or a visitor; false at the end. A file whose content is missing is left out.
func (s *Service) NextPart(ctx context.Context, of subject.Subject, file id.File, offset int64) (Part, bool, error) {
	for {
		if file != 0 {
			content, err := s.part(ctx, of, file, offset)
			if err != nil || len(content) > 0 {
				return Part{file, offset, content}, err == nil, err
			}
		}
		following, err := s.Store.After(ctx, of, file, 1)
		if err != nil || len(following) == 0 {
			return Part{}, false, err
		}
		file, offset = following[0].ID, 0
	}
}

// End returns the offset behind the part.
func (p Part) End() int64 { return p.Offset + int64(len(p.Content)) }

// part returns up to partSize bytes of a file's content; none if the file or its content doesn't exist.
func (s *Service) part(ctx context.Context, of subject.Subject, file id.File, offset int64) ([]byte, error) {
	content, err := s.Blobs.Get(ctx, File{ID: file, WebsiteID: of.Website()}.blob())
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if _, err := content.Seek(offset, io.SeekStart); err != nil {
		return nil, fault.Away("the store of files", err)
	}
	part := make([]byte, partSize)
	n, err := io.ReadFull(content, part)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fault.Away("the store of files", err)
	}
	return part[:n], nil
}
