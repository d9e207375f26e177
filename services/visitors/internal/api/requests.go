package api

import (
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

type list struct {
	Online httpkit.Flag `query:"online" json:"-"`
	paging.Following
}

type byToken struct {
	Token string `path:"token" json:"-"`
}

type byIDs struct {
	IDs httpkit.IDs[id.Visitor] `query:"ids" json:"-"`
}

// changes is the fields of a visitor that a request may set.
type changes struct {
	Name    optional.Value[string]                 `json:"name"`
	Context optional.Value[visitorcontext.Context] `json:"context"`
}

func (c changes) patch() visitors.Patch { return visitors.Patch{Name: c.Name, Context: c.Context.V} }

type update struct {
	Token string `path:"token" json:"-"`
	changes
}

type openSession struct {
	ClientToken  string `json:"clientToken"`
	VisitorToken string `json:"visitorToken"`
	// VisitorSecret is empty if the client has no secret yet. Clients older than secrets omit it.
	VisitorSecret optional.Value[string] `json:"visitorSecret"`
	Identity      claim                  `json:"identity"`
	changes
}

// claim is what a page says about the user that its visitor is.
type claim struct {
	UserID   string `json:"userId"`
	Email    string `json:"email"`
	UserHash string `json:"userHash"`
	Token    string `json:"token"`
}

// secret is nil if the field is omitted.
func (r openSession) secret() *string {
	if !r.VisitorSecret.Set {
		return nil
	}
	return &r.VisitorSecret.V
}

// heartbeat has no fields: the request only states that the visitor is present.
type heartbeat struct{}

// agentConversation is a conversation that an agent has begun with a visitor.
type agentConversation struct {
	ID    id.Visitor `path:"id" json:"-"`
	Token string     `json:"token"`
}

type importRequest struct {
	Rows []importRow `json:"rows"`
}

type importRow struct {
	Key     string                 `json:"key"`
	Name    string                 `json:"name"`
	Context visitorcontext.Context `json:"context"`
}

func (r importRequest) rows() visitors.ImportRows {
	rows := make(visitors.ImportRows, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = visitors.ImportRow(row)
	}
	return rows
}
