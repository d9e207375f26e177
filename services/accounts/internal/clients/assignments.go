package clients

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Assignments implements accounts.Assignments over another service.
type Assignments struct{ Client *httpkit.Client }

// Unassign implements accounts.Assignments.
func (a Assignments) Unassign(ctx context.Context, t tenant.ID, user id.User) (more bool, err error) {
	answer, err := httpkit.Call[struct {
		More bool `json:"more"`
	}](ctx, a.Client, t, "POST", fmt.Sprintf("/internal/users/%d/unassign", user), nil)
	return answer.More, err
}
