package outbox

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// The bounds of one batch of records, read over HTTP or from Redis.
const (
	BatchRecords = 500     // a follower applies as many in one transaction
	BatchBytes   = 4 << 20 // of BSON; JSON has at most twice as many, because it escapes quotes again
)

// Remote is another service's log, read over HTTP. It implements feed.Source.
type Remote struct{ Client *httpkit.Client }

// After implements feed.Source.
func (r Remote) After(ctx context.Context, pos, limit int64) ([]Record, error) {
	return r.Of(ctx, tenant.ID{}, pos, limit)
}

// Of implements feed.Source.
func (r Remote) Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]Record, error) {
	return httpkit.Call[[]Record](
		ctx,
		r.Client,
		t,
		"GET",
		fmt.Sprintf("/internal/events?after=%d&limit=%d", pos, limit),
		nil,
	)
}

// Head implements feed.Source.
func (r Remote) Head(ctx context.Context) (int64, error) {
	h, err := httpkit.Call[head](ctx, r.Client, tenant.ID{}, "GET", "/internal/events/head", nil)
	return h.Pos, err
}

type listRequest struct {
	After paging.After `query:"after" json:"-"`
	Limit int64        `query:"limit" json:"-"`
}

type head struct {
	Pos int64 `json:"pos"`
}

// Serve adds the operations by which other services read the log: GET /internal/events returns records, of one website
// if the request names it, and GET /internal/events/head returns the last position.
func (l *Log) Serve(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /internal/events", 200, operation.New(chain, l.tele.Component+".list_events", authz.Internal,
		func(ctx context.Context, req listRequest) ([]Record, error) {
			limit := min(max(req.Limit, 1), BatchRecords)
			if t := identity.From(ctx).Website; !t.IsZero() {
				return l.Of(ctx, t, int64(req.After), limit)
			}
			return l.After(ctx, int64(req.After), limit)
		}))
	httpkit.Handle(
		r,
		"GET /internal/events/head",
		200,
		operation.New(chain, l.tele.Component+".get_event_head", authz.Internal,
			func(ctx context.Context, _ operation.None) (head, error) {
				pos, err := l.Head(ctx)
				return head{pos}, err
			}),
	)
}

// MayHaveMore reports whether more records may follow a batch of up to 500: if it has 500 records, or more than half
// of BatchBytes.
func MayHaveMore(records []Record) bool {
	size := 0
	for _, r := range records {
		size += len(r.Data)
	}
	return len(records) == BatchRecords || size > BatchBytes/2
}
