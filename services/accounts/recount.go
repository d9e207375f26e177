package accounts

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
)

// Recount recounts a website's statistics and, if repair is set, corrects them and adds an audit entry.
func (s *Service) Recount(ctx context.Context, t tenant.ID, repair bool, by By) ([]Drift, error) {
	if repair {
		e, err := s.entry(ctx, t, by, "statistics", "repair", t.Int64())
		if err == nil {
			err = s.store.AddEntry(ctx, e)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.statistics.Recount(ctx, t, repair)
}
