package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// entryOf is the entry of a change in another service.
type entryOf struct {
	Actor    string         `json:"actor"`
	Address  string         `json:"address"`
	Kind     string         `json:"kind"`
	Action   string         `json:"action"`
	ObjectID int64          `json:"objectId"`
	Before   map[string]any `json:"before"`
	After    map[string]any `json:"after"`
}

type added struct {
	ID int64 `json:"id"`
}

// mountEntries adds the operation by which other services add entries to the audit log.
func mountEntries(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "POST /internal/audit", 201, operation.New(chain, "accounts.add_entry", authz.Internal,
		func(ctx context.Context, req entryOf) (added, error) {
			by := accounts.By{Actor: req.Actor, RequestID: httpkit.RequestID(ctx), Address: req.Address}
			e, err := s.Note(ctx, identity.From(ctx).Website, by, req.Kind, req.Action, req.ObjectID, req.Before, req.After)
			return added{e.ID}, err
		}))
}
