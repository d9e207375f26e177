package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// mountNotifications adds the operations on what a person is notified of.
func mountNotifications(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "GET /auth/notifications", 200, operation.New(chain, "accounts.get_notifications", authz.Person,
		func(ctx context.Context, _ operation.None) (accounts.Notifications, error) {
			return p.Notifications(ctx, identity.From(ctx).PersonID)
		}))
	httpkit.Handle(r, "PUT /auth/notifications", 200, operation.New(chain, "accounts.set_notifications", authz.Person,
		func(ctx context.Context, req notifications) (accounts.Notifications, error) {
			n := accounts.Notifications{
				Enabled: *req.Enabled, Ways: req.Ways, Kinds: req.Kinds, QuietHours: req.QuietHours,
			}
			return n, p.SetNotifications(ctx, identity.From(ctx).PersonID, n)
		}))
}

type notifications struct {
	Enabled    *bool                `json:"enabled"`
	Ways       []string             `json:"ways"`
	Kinds      []string             `json:"kinds"`
	QuietHours *accounts.QuietHours `json:"quietHours"`
}

// Validate requires the member whose absence would look like false.
func (n notifications) Validate() error {
	if n.Enabled == nil {
		return fault.Bad("enabled", "must be true or false")
	}
	return nil
}
