package api

import (
	"context"
	"strconv"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/changefeed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/tickets"
)

// MountExport puts the export of tickets into the route table. log is the service's own.
func MountExport(r *httpkit.Router, chain operation.Chain, s *tickets.Service, log changefeed.Log) {
	kind := changefeed.Kind{
		Name: "tickets",
		Log:  log,
		Walk: func(
			ctx context.Context, t tenant.ID, after paging.Cursor, limit int64,
		) ([]changefeed.Row, bool, error) {
			found, err := s.List(ctx, t, tickets.Filter{}, changefeed.Window(after, limit))
			return rowsOf(found.Rows), found.More, err
		},
		Keys: func(r outbox.Record) ([]changefeed.Key, error) { return changefeed.RowKeys(r.Key), nil },
		ByKeys: func(ctx context.Context, t tenant.ID, keys []int64) ([]changefeed.Row, bool, error) {
			found, cut, err := s.ByIDs(ctx, t, changefeed.IDs[id.Ticket](keys))
			return rowsOf(found), cut, err
		},
		Gone: func(key int64) any { return deleted{strconv.FormatInt(key, 10), true} },
	}
	httpkit.Handle(
		r, "GET /export/tickets", 200, operation.New(chain, "tickets.export_tickets", authz.ProRead, kind.Answer),
	)
}

func rowsOf(details []tickets.Detail) []changefeed.Row {
	rows := make([]changefeed.Row, len(details))
	for i, d := range details {
		rows[i] = changefeed.Row{Key: int64(d.ID), At: d.UpdatedAt, ID: int64(d.ID), View: viewOf(d)}
	}
	return rows
}
