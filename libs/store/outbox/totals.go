package outbox

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// Totals are counts of a service's rows of one website, from one snapshot, and the log's position in it. The counts
// include the effects of all records up to Pos and of those in Waiting, and of no others.
type Totals struct {
	Counts  map[string]float64 `json:"counts"`
	Pos     int64              `json:"pos"`     // the last position
	Waiting []Record           `json:"waiting"` // the website's records without a position
}

// maxWaiting bounds a website's records without a position, in addition to BatchBytes. More of them exist only if no
// relay works.
const maxWaiting = 5_000

// ServeTotals adds the operation GET /internal/events/totals, which returns the result of count for a website. count
// must read rows with the context that it gets, so that it sees the transaction's snapshot.
func (l *Log) ServeTotals(
	r *httpkit.Router,
	chain operation.Chain,
	count func(context.Context, tenant.ID) (map[string]float64, error),
) {
	httpkit.Handle(
		r,
		"GET /internal/events/totals",
		200,
		operation.New(chain, l.tele.Component+".count_totals", authz.Internal,
			func(ctx context.Context, _ operation.None) (t Totals, err error) {
				err = l.db.Tx(ctx, func(ctx context.Context) error {
					website := identity.From(ctx).Website
					if t.Pos, err = l.Head(ctx); err != nil {
						return err
					}
					waiting := bson.D{{Key: mongokit.TenantKey, Value: website}, {Key: "pos", Value: int64(0)}}
					cut := false
					q := mongokit.Query{Limit: maxWaiting + 1, Bytes: BatchBytes}
					if t.Waiting, cut, err = l.rows.Part(ctx, waiting, q); err != nil {
						return err
					}
					if cut || len(t.Waiting) > maxWaiting {
						return fault.Away("the log", nil)
					}
					t.Counts, err = count(ctx, website)
					return err
				})
				return t, err
			}),
	)
}

// Totals requests another service's totals of a website.
func (r Remote) Totals(ctx context.Context, t tenant.ID) (Totals, error) {
	return httpkit.Call[Totals](ctx, r.Client, t, "GET", "/internal/events/totals", nil)
}
