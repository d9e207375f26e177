package clients

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/workspace"
)

// Accounts implements workspace.Audit.
type Accounts struct{ Client *httpkit.Client }

// Note implements workspace.Audit.
func (a Accounts) Note(ctx context.Context, t tenant.ID, e workspace.Entry) error {
	_, err := httpkit.Call[struct {
		ID int64 `json:"id"`
	}](ctx, a.Client, t, "POST", "/internal/audit", struct {
		Actor    string           `json:"actor"`
		Address  string           `json:"address"`
		Kind     string           `json:"kind"`
		Action   string           `json:"action"`
		ObjectID id.WorkspaceItem `json:"objectId"`
		Before   map[string]any   `json:"before"`
		After    map[string]any   `json:"after"`
	}{identity.From(ctx).Actor(), httpkit.ClientAddress(ctx), e.Kind, e.Action, e.ID, e.Before, e.After})
	if fault.Is(err, fault.NotFound) { // accounts is still of a version without the operation
		return fault.Away("accounts", err)
	}
	return err
}
