package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// mountTargets adds the operations on how fast a website wants to answer, and the one by which the conversations
// service follows that.
func mountTargets(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /targets", 200, operation.New(chain, "accounts.get_targets", authz.Admin,
		func(ctx context.Context, _ operation.None) (targets, error) {
			g, err := s.Targets(ctx, identity.From(ctx).Website)
			return targets(g), err
		}))
	httpkit.Handle(r, "PUT /targets", 200, operation.New(chain, "accounts.set_targets", authz.Admin,
		func(ctx context.Context, req targets) (targets, error) {
			return req, s.SetTargets(ctx, identity.From(ctx).Website, accounts.Targets(req), by(ctx))
		}))
	httpkit.Handle(r, "GET /internal/targets", 200, operation.New(chain, "accounts.get_targets_in_hours", authz.Internal,
		func(ctx context.Context, _ operation.None) (targetsInHours, error) {
			g, hours, err := s.TargetsInHours(ctx, identity.From(ctx).Website)
			return targetsInHours{targets(g), hours}, err
		}))
}

type targets struct {
	FirstResponse *int64 `json:"firstResponseMinutes"`
	NextResponse  *int64 `json:"nextResponseMinutes"`
	Resolution    *int64 `json:"resolutionMinutes"`
	InHours       bool   `json:"businessHours"`
}

// targetsInHours are the targets with the hours that count; null if all time counts.
type targetsInHours struct {
	targets
	Hours *businesshours.Hours `json:"hours"`
}
