package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/datasubject"
)

// Export returns the rows of a data subject's export, without the contents of the files.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// EraseCounts removes the byte counts of a website that has no files any more.
func (s *Store) EraseCounts(ctx context.Context, of subject.Subject) (more bool, err error) {
	if of.IsVisitor() {
		return false, nil
	}
	return s.bytes.Erase(ctx, of.Website())
}
