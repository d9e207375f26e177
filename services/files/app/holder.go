package app

import (
	"context"
	"encoding/json"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/services/files"
	"fivechat.dev/services/files/internal/mongostore"
)

// holder implements datasubject.DataHolder. The store exports the rows, and then the service the contents; the service
// removes contents with their rows.
type holder struct {
	*files.Service
	store *mongostore.Store
}

// inContents begins the positions of an export that has reached the contents.
const inContents = "content."

// contentRow is a part of a file's content in an export.
type contentRow struct {
	Kind    string  `json:"kind"`
	FileID  id.File `json:"fileId"`
	Offset  int64   `json:"offset"`
	Content []byte  `json:"content"` // base64
}

// Export implements datasubject.DataHolder.
func (h holder) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	position, isContent := strings.CutPrefix(after, inContents)
	if !isContent {
		page, err := h.store.Export(ctx, of, after)
		if err == nil && page.Next == "" {
			page.Next = inContents + paging.Numbers{0, 0}.String()
		}
		return page, err
	}
	at, err := paging.ParseNumbers(position, 2)
	if err != nil || at[0] < 0 || at[1] < 0 {
		return datasubject.Page{}, fault.Bad("after", "isn't a position that a page returned")
	}
	part, found, err := h.NextPart(ctx, of, id.File(at[0]), at[1])
	if err != nil || !found {
		return datasubject.Page{}, err
	}
	row, err := json.Marshal(contentRow{"file_content", part.FileID, part.Offset, part.Content})
	return datasubject.Page{
		Rows: []json.RawMessage{row},
		Next: inContents + paging.Numbers{int64(part.FileID), part.End()}.String(),
	}, err
}

// Erase implements datasubject.DataHolder.
func (h holder) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	if more, err = h.Service.Erase(ctx, of); more || err != nil {
		return more, err
	}
	return h.store.EraseCounts(ctx, of)
}
