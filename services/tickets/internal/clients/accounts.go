package clients

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/tickets"
)

// Accounts implements tickets.Accounts.
type Accounts struct{ Client *httpkit.Client }

// Website implements tickets.Accounts.
func (a Accounts) Website(ctx context.Context, t tenant.ID) (tickets.Website, error) {
	answer, err := httpkit.Call[struct {
		tickets.Website
		Plan identity.Plan `json:"plan"`
	}](ctx, a.Client, t, "GET", "/internal/website", nil)
	answer.Website.Plan = answer.Plan
	return answer.Website, err
}

// Users implements tickets.Accounts.
func (a Accounts) Users(ctx context.Context, t tenant.ID, ids []id.User) ([]tickets.User, error) {
	found, err := httpkit.Call[[]struct {
		tickets.User
		Former bool `json:"former"`
	}](ctx, a.Client, t, "GET", "/internal/users?ids="+httpkit.IDs[id.User](ids).String(), nil)
	users := make([]tickets.User, len(found))
	for i, f := range found {
		users[i] = f.User
		users[i].IsFormer = f.Former
	}
	return users, err
}
