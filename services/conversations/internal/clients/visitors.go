package clients

import (
	"context"
	"fmt"
	"net/url"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/conversations"
)

// Visitors implements conversations.Visitors.
type Visitors struct{ Client *httpkit.Client }

// Visitors implements conversations.Visitors.
func (v Visitors) Visitors(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]conversations.Visitor, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return httpkit.Call[[]conversations.Visitor](
		ctx, v.Client, t, "GET", "/internal/visitors?ids="+httpkit.IDs[id.Visitor](ids).String(), nil,
	)
}

// VisitorByToken implements conversations.Visitors.
func (v Visitors) VisitorByToken(
	ctx context.Context, t tenant.ID, token string,
) (conversations.Addressee, error) {
	return httpkit.Call[conversations.Addressee](
		ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil,
	)
}

type agentConversation struct {
	Token string `json:"token"`
}

// AgentBegan implements conversations.Visitors.
func (v Visitors) AgentBegan(ctx context.Context, t tenant.ID, visitor id.Visitor, conversation string) error {
	_, err := httpkit.Call[struct{}](ctx, v.Client, t, "PUT",
		fmt.Sprintf("/internal/visitors/%d/agent-conversation", visitor), agentConversation{conversation})
	return err
}

type importRow struct {
	Key     string                 `json:"key"`
	Name    string                 `json:"name"`
	Context visitorcontext.Context `json:"context,omitempty"`
}

type importRequest struct {
	Rows []importRow `json:"rows"`
}

type importedVisitor struct {
	Key string     `json:"key"`
	ID  id.Visitor `json:"id"`
}

// ImportVisitors implements conversations.Visitors.
func (v Visitors) ImportVisitors(
	ctx context.Context, t tenant.ID, rows []conversations.ImportVisitor,
) ([]id.Visitor, error) {
	req := importRequest{Rows: make([]importRow, len(rows))}
	for i, r := range rows {
		req.Rows[i] = importRow(r)
	}
	made, err := httpkit.Call[[]importedVisitor](ctx, v.Client, t, "POST", "/internal/visitors/import", req)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]id.Visitor, len(made))
	for _, one := range made {
		byKey[one.Key] = one.ID
	}
	ids := make([]id.Visitor, len(rows))
	for i, r := range rows {
		ids[i] = byKey[r.Key]
	}
	return ids, nil
}
