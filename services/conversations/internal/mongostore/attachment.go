package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// attachedField has the ids of the files that a message carries.
const attachedField = "attachments.id"

// NamedFiles implements conversations.Store.
func (s *Store) NamedFiles(ctx context.Context, t tenant.ID, files []id.File) (named []id.File, err error) {
	for _, file := range files {
		found, err := s.messages.Count(ctx, t, among(attachedField, []id.File{file}))
		if err != nil {
			return nil, err
		}
		if found > 0 {
			named = append(named, file)
		}
	}
	return named, nil
}
