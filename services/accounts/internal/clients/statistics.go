package clients

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts"
)

// Statistics implements accounts.Statistics.
type Statistics struct{ Client *httpkit.Client }

// Recount implements accounts.Statistics.
func (s Statistics) Recount(ctx context.Context, t tenant.ID, repair bool) ([]accounts.Drift, error) {
	type request struct {
		Repair bool `json:"repair"`
	}
	type drift struct {
		Counter   string  `json:"counter"`
		Kept      float64 `json:"kept"`
		Recounted float64 `json:"recounted"`
	}
	type answer struct {
		Drift []drift `json:"drift"`
	}
	a, err := httpkit.Call[answer](ctx, s.Client, t, "POST", "/internal/statistics/recount", request{repair})
	all := make([]accounts.Drift, len(a.Drift))
	for i, d := range a.Drift {
		all[i] = accounts.Drift(d)
	}
	return all, err
}
