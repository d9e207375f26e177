package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// together adds the operation by which agents see who looks at the same conversation.
func (a api) together(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "POST /conversations/{token}/viewing", 204,
		operation.New(chain, "conversations.set_viewing", authz.Agent,
			func(ctx context.Context, req viewing) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.SetViewing(ctx, p.Website, req.Token, p.UserID, *req.Viewing)
			}))
}

type viewing struct {
	Token   string `path:"token" json:"-"`
	Viewing *bool  `json:"viewing"`
}

// Validate implements the validation of requests in httpkit.
func (v viewing) Validate() error {
	if v.Viewing == nil {
		return fault.Bad("viewing", "must be true or false")
	}
	return nil
}
