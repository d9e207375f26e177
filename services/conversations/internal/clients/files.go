package clients

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/conversations"
)

// Files implements conversations.Claimer.
type Files struct{ Client *httpkit.Client }

type claim struct {
	IDs       []id.File  `json:"ids"`
	VisitorID id.Visitor `json:"visitorId"`
	IsVisitor bool       `json:"isVisitor"`
}

type claimed struct {
	Files []conversations.Attachment `json:"files"`
}

// Claim implements conversations.Claimer.
func (f Files) Claim(
	ctx context.Context, t tenant.ID, visitor id.Visitor, byVisitor bool, files []id.File,
) ([]conversations.Attachment, error) {
	c, err := httpkit.Call[claimed](ctx, f.Client, t, "POST", "/internal/files/claim", claim{files, visitor, byVisitor})
	return c.Files, err
}
