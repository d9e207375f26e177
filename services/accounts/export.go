package accounts

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

// Export reads all data of a website, or of one of its visitors, row by row as JSON objects. It returns the number of
// rows. Data that is written during the export may be missing. take is called once a page.
func (s *Service) Export(ctx context.Context, of subject.Subject, take func(rows [][]byte) error) (int64, error) {
	total := int64(0)
	for _, k := range s.holders() {
		for after, begun := "", false; after != "" || !begun; begun = true {
			page, err := k.Export(ctx, of, after)
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

// VisitorOf returns the visitor of a token as the subject of an export or an erasure.
func (s *Service) VisitorOf(ctx context.Context, t tenant.ID, token string) (subject.Subject, error) {
	visitor, err := s.visitors.ByToken(ctx, t, token)
	if err != nil {
		return subject.Subject{}, err
	}
	return subject.Visitor(t, visitor), nil
}

// BeginExport adds an audit entry for an export.
func (s *Service) BeginExport(ctx context.Context, of subject.Subject, by By) error {
	e, err := s.subjectEntry(ctx, of, by, "export")
	if err != nil {
		return err
	}
	return s.store.AddEntry(ctx, e)
}

// subjectEntry returns the audit entry of an action on all data of a subject.
func (s *Service) subjectEntry(ctx context.Context, of subject.Subject, by By, action string) (Entry, error) {
	if visitor, ok := of.Visitor(); ok {
		return s.entry(ctx, of.Website(), by, "visitor", action, int64(visitor))
	}
	return s.entry(ctx, of.Website(), by, "website", action, of.Website().Int64())
}

// own is this service as a DataHolder.
type own struct{ s *Service }

// Name implements DataHolder.
func (own) Name() string { return "accounts" }

// Export implements DataHolder. This service holds no data of visitors.
func (o own) Export(ctx context.Context, of subject.Subject, after string) (ExportPage, error) {
	if of.IsVisitor() {
		return ExportPage{}, nil
	}
	return o.s.store.ExportAccounts(ctx, of.Website(), after)
}

// announced is how many tokens are announced at the same time.
var announced = paging.Window{Limit: 100}

// Erase implements DataHolder. It invalidates the removed tokens in the caches of the gateways.
func (o own) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	if of.IsVisitor() {
		return false, nil
	}
	t := of.Website()
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
