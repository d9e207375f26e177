package accounts

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Export reads all data of a website, or of one of its visitors (0 for the website), row by row as JSON objects. It
// returns the number of rows. Data that is written during the export may be missing. take is called once a page.
func (s *Service) Export(
	ctx context.Context, t tenant.ID, visitor int64, take func(rows [][]byte) error,
) (int64, error) {
	total := int64(0)
	for _, k := range s.holders() {
		for after, begun := "", false; after != "" || !begun; begun = true {
			page, err := k.Export(ctx, t, visitor, after)
			if err != nil {
				return total, fmt.Errorf("export of %s: %w", k.Name(), err)
			}
			if err := take(page.Rows); err != nil {
				return total, err
			}
			after, total = page.Next, total+int64(len(page.Rows))
		}
	}
	return total, nil
}

// BeginExport adds an audit entry for an export of a website's data, or of the data of the visitor of a token (unless
// it is ""). It returns the visitor's id.
func (s *Service) BeginExport(ctx context.Context, t tenant.ID, visitorToken string, by By) (visitor int64, err error) {
	kind, object := "website", t.Int64()
	if visitorToken != "" {
		if visitor, err = s.visitors.ByToken(ctx, t, visitorToken); err != nil {
			return 0, err
		}
		kind, object = "visitor", visitor
	}
	e, err := s.entry(ctx, t, by, kind, "export", object)
	if err != nil {
		return 0, err
	}
	return visitor, s.store.AddEntry(ctx, e)
}

// own is this service as a DataHolder.
type own struct{ s *Service }

// Name implements DataHolder.
func (own) Name() string { return "accounts" }

// Export implements DataHolder. This service holds no data of visitors.
func (o own) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (ExportPage, error) {
	if visitor != 0 {
		return ExportPage{}, nil
	}
	return o.s.store.ExportAccounts(ctx, t, after)
}

// announced is how many tokens are announced at the same time.
var announced = paging.Window{Limit: 100}

// Erase implements DataHolder. It invalidates the removed tokens in the caches of the gateways.
func (o own) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor != 0 {
		return false, nil
	}
	found, err := o.s.store.Tokens(ctx, t, announced)
	if err != nil {
		return false, err
	}
	if more, err = o.s.store.EraseAccounts(ctx, t); err == nil {
		o.s.announce.TokensChanged(ctx, hashes(found.Rows)...)
	}
	return more, err
}

func hashes(tokens []Token) []string {
	all := make([]string, len(tokens))
	for i, t := range tokens {
		all[i] = t.Hash
	}
	return all
}
