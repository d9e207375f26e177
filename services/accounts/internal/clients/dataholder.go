package clients

import (
	"context"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/services/accounts"
)

// DataHolder implements accounts.DataHolder over another service's data.
type DataHolder struct {
	Service string
	Data    datasubject.DataHolder
}

// Name implements accounts.DataHolder.
func (k DataHolder) Name() string { return k.Service }

// Export implements accounts.DataHolder.
func (k DataHolder) Export(ctx context.Context, of subject.Subject, after string) (accounts.ExportPage, error) {
	page, err := k.Data.Export(ctx, of, after)
	out := accounts.ExportPage{Rows: make([][]byte, len(page.Rows)), Next: page.Next}
	for i, row := range page.Rows {
		out.Rows[i] = row
	}
	return out, err
}

// Erase implements accounts.DataHolder.
func (k DataHolder) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	return k.Data.Erase(ctx, of)
}
