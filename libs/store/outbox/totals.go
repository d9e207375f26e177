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

// Totals is what a service's rows of one website come to at one moment, counted anew, and where its log stood then. The
// effects of all records up to Pos and of those in Waiting are in the counts, and of no others.
type Totals struct {
	Counts  map[string]float64 `json:"counts"`
	Pos     int64              `json:"pos"`     // of the last record that had a position
	Waiting []Record           `json:"waiting"` // of the website, and without a position
}

// maxWaiting bounds the records of a website that wait for their positions, beside BatchBytes: more of them there are only
// where no relay works.
const maxWaiting = 5_000

// ServeTotals mounts what count comes to at GET /internal/events/totals, in the name of a website. count reads rows inside
// the transaction that it is given, whose snapshot is the moment.
func (l *Log) ServeTotals(r *httpkit.Router, chain operation.Chain, count func(context.Context, tenant.ID) (map[string]float64, error)) {
	httpkit.Handle(r, "GET /internal/events/totals", 200, operation.New(chain, l.tele.Component+".count_totals", authz.Internal,
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
		}))
}

// Totals asks another service what a website's rows come to.
func (r Remote) Totals(ctx context.Context, t tenant.ID) (Totals, error) {
	return httpkit.Call[Totals](ctx, r.Client, t, "GET", "/internal/events/totals", nil)
}
