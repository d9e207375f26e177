package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// mountAssignment adds the operations on how a website assigns new conversations, and the one by which the
// conversations service follows that.
func mountAssignment(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /assignment", 200, operation.New(chain, "accounts.get_assignment", authz.Admin,
		func(ctx context.Context, _ operation.None) (assignment, error) {
			a, err := s.Assignment(ctx, identity.From(ctx).Website)
			return assignmentOf(a), err
		}))
	httpkit.Handle(r, "PUT /assignment", 200, operation.New(chain, "accounts.set_assignment", authz.Admin,
		func(ctx context.Context, req assignment) (assignment, error) {
			return req, s.SetAssignment(ctx, identity.From(ctx).Website,
				accounts.Assignment{Mode: req.Mode, Capacity: req.Capacity}, by(ctx))
		}))
	httpkit.Handle(r, "GET /internal/assignment", 200, operation.New(chain, "accounts.get_candidates", authz.Internal,
		func(ctx context.Context, _ operation.None) (candidates, error) {
			a, online, teams, err := s.Candidates(ctx, identity.From(ctx).Website)
			return candidates{assignmentOf(a), a.Since, online, viewsOf(teams, teamViewOf)}, err
		}))
}

type assignment struct {
	Mode     accounts.AssignmentMode `json:"mode"`
	Capacity int64                   `json:"capacity"`
}

func assignmentOf(a accounts.Assignment) assignment { return assignment{a.Mode, a.Capacity} }

// candidates are the agents from which a rule chooses; null if there is no rule.
type candidates struct {
	assignment
	Since      time.Time  `json:"since"` // when the rule was set
	Candidates []id.User  `json:"candidates"`
	Teams      []teamView `json:"teams"`
}
