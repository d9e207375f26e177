package api

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/changefeed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/visitors"
)

// gone is the row of an export for an erased visitor.
type gone struct {
	Deleted bool       `json:"deleted"`
	ID      id.Visitor `json:"id"`
}

// MountExport adds the export of visitors to the route table. log is the service's own event log.
func MountExport(r *httpkit.Router, chain operation.Chain, s *visitors.Service, log changefeed.Log) {
	kind := changefeed.Kind{
		Name: "visitors", Log: log,
		Walk: func(ctx context.Context, t tenant.ID, behind paging.Cursor, limit int64) ([]changefeed.Row, bool, error) {
			found, err := s.List(ctx, t, nil, changefeed.Window(behind, limit))
			return rowsOf(found.Rows), found.More, err
		},
		Keys: func(r outbox.Record) ([]changefeed.Key, error) {
			switch r.Type {
			case contract.VisitorNoteCreated, contract.VisitorNoteUpdated, contract.VisitorNoteDeleted:
				return nil, nil // they don't change the visitor
			case contract.VisitorsImported:
				var imported contract.VisitorsImportedData
				err := r.Decode(&imported)
				return changefeed.RowKeys(imported.VisitorIDs...), err
			default:
				return changefeed.RowKeys(r.Key), nil
			}
		},
		ByKeys: func(ctx context.Context, t tenant.ID, keys []int64) ([]changefeed.Row, bool, error) {
			found, err := s.ByIDs(ctx, t, changefeed.IDs[id.Visitor](keys))
			return rowsOf(found), false, err
		},
		Gone: func(key int64) any { return gone{true, id.Visitor(key)} },
	}
	httpkit.Handle(r, "GET /export/visitors", 200,
		operation.New(chain, "visitors.export_visitors", authz.Read, kind.Answer))
}

func rowsOf(found []visitors.Visitor) []changefeed.Row {
	rows := make([]changefeed.Row, len(found))
	for i, v := range found {
		rows[i] = changefeed.Row{Key: int64(v.ID), At: v.UpdatedAt, ID: int64(v.ID), View: viewOf(v)}
	}
	return rows
}
