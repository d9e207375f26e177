package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/visitors"
)

// view is a visitor as clients see it.
type view struct {
	ID        id.Visitor `json:"id" writer:"kept"`
	Name      string     `json:"name"`
	Token     string     `json:"token" writer:"kept"`
	IP        string     `json:"ip"`
	Context   string     `json:"context" writer:"kept"` // JSON in a string, as in the hosted API
	WebsiteID tenant.ID  `json:"websiteId" writer:"kept"`
	Country   *string    `json:"country"`
	City      *string    `json:"city"`
	Online    bool       `json:"online"`
	CreatedAt time.Time  `json:"createdAt" writer:"kept"`
	UpdatedAt time.Time  `json:"updatedAt" writer:"kept"`
	Identity  *user      `json:"identity"`
	BlockedAt *time.Time `json:"blockedAt"`
	of        version.Of
}

// user is the user of the website that a visitor is. If it isn't verified, the page says so and nothing proves it.
type user struct {
	UserID   string  `json:"userId"`
	Email    *string `json:"email"`
	Name     *string `json:"name"`
	Verified bool    `json:"verified"`
}

func userOf(i *visitors.Identity) *user {
	if i == nil {
		return nil
	}
	return &user{i.UserID, textOrNil(i.Email), textOrNil(i.Name), i.Verified}
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// Revision is the version of the visitor in the view.
func (v view) Revision() version.Of { return v.of }

func viewOf(v visitors.Visitor) view {
	return view{
		v.ID, v.Name, v.Token, v.IP, v.Context, v.WebsiteID, v.Country, v.City, v.Online(time.Now()), v.CreatedAt,
		v.UpdatedAt, userOf(v.Identity), timeOrNil(v.BlockedAt), v.Revision(),
	}
}

// changedView is the response to a change. A token that may not read sees only the keys of the context that it wrote.
func changedView(ctx context.Context, v visitors.Visitor, wrote visitorcontext.Context) view {
	if identity.From(ctx).Level == identity.Write {
		v.Context = visitorcontext.Written(wrote)
	}
	return viewOf(v)
}

func viewsOf(found []visitors.Visitor) []view {
	views := make([]view, len(found))
	for i, v := range found {
		views[i] = viewOf(v)
	}
	return views
}

// session is the state that a widget needs to start.
type session struct {
	Visitor       view          `json:"visitor"`
	VisitorToken  string        `json:"visitorToken"`
	VisitorSecret *string       `json:"visitorSecret"` // null: the secret that was sent stays valid
	Widget        visitors.View `json:"widget"`
	Conversation  visitors.View `json:"conversation"`
	presence
	ReplySeconds *int64 `json:"replySeconds"`
}

func sessionOf(s visitors.Session) session {
	v := session{viewOf(s.Visitor), s.Token, nil, s.Widget, s.Conversation, presenceOf(s.Presence), s.ReplySeconds}
	if s.Secret != "" {
		v.VisitorSecret = &s.Secret
	}
	return v
}

// presence is the response to a heartbeat.
type presence struct {
	AgentsOnline      bool    `json:"agentsOnline"`
	AgentConversation *string `json:"agentConversation"`
}

func presenceOf(p visitors.Presence) presence {
	return presence{p.AgentsOnline, textOrNil(p.AgentConversation)}
}

// resolved is the owner of a visitor token, as the gateway requests it.
type resolved struct {
	WebsiteID  tenant.ID  `json:"websiteId"`
	VisitorID  id.Visitor `json:"visitorId"`
	SecretHash string     `json:"secretHash,omitempty"`
	IsRefused  bool       `json:"identityRequired,omitzero"`
	IsBlocked  bool       `json:"blocked,omitzero"`
}

// named is the visitor of a token, as other services request it.
type named struct {
	view
	IsRefused bool `json:"identityRequired,omitzero"`
}

// identityPolicy is whether a website serves verified visitors only. The response to a change has the one before.
type identityPolicy struct {
	Required bool `json:"required"`
}

type imported struct {
	Key string     `json:"key"`
	ID  id.Visitor `json:"id"`
}

func importedOf(done []visitors.Imported) []imported {
	views := make([]imported, len(done))
	for i, d := range done {
		views[i] = imported(d)
	}
	return views
}

type online struct {
	Online int64 `json:"online"`
}
