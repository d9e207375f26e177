package api

import (
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/services/tickets"
)

type byID struct {
	ID id.Ticket `path:"id" json:"-"`
}

type thread struct {
	byID
	After paging.After `query:"after" json:"-"`
}

type list struct {
	paging.Following
	Status     string     `query:"status" json:"-"`
	Priority   string     `query:"priority" json:"-"`
	AssigneeID id.User    `query:"assigneeId" json:"-"`
	VisitorID  id.Visitor `query:"visitorId" json:"-"`
	Search     string     `query:"search" json:"-"`
}

func (l list) filter() tickets.Filter {
	return tickets.Filter{
		Status:     tickets.Status(l.Status),
		Priority:   tickets.Priority(l.Priority),
		AssigneeID: l.AssigneeID,
		VisitorID:  l.VisitorID,
	}
}

type create struct {
	Title             string   `json:"title"`
	Description       string   `json:"description"`
	Email             *string  `json:"email"`
	Priority          *string  `json:"priority"`
	LanguageCode      *string  `json:"languageCode"`
	VisitorToken      *string  `json:"visitorToken"`
	ConversationToken *string  `json:"conversationToken"`
	AssigneeID        *id.User `json:"assigneeId"`
}

func (c create) draft() tickets.Draft { return tickets.Draft(c) }

type update struct {
	ID           id.Ticket               `path:"id" json:"-"`
	Title        optional.Value[string]  `json:"title"`
	Description  optional.Value[string]  `json:"description"`
	Email        optional.Value[string]  `json:"email"`
	Priority     optional.Value[string]  `json:"priority"`
	Status       optional.Value[string]  `json:"status"`
	VisitorToken optional.Value[string]  `json:"visitorToken"`
	AssigneeID   optional.Value[id.User] `json:"assigneeId"`
}

func (u update) patch() tickets.Patch {
	return tickets.Patch{
		Title:        u.Title,
		Description:  u.Description,
		Email:        u.Email,
		Priority:     u.Priority,
		Status:       u.Status,
		VisitorToken: u.VisitorToken,
		AssigneeID:   u.AssigneeID,
	}
}

type setStatus struct {
	ID     id.Ticket `path:"id" json:"-"`
	Status string    `json:"status"`
}

type post struct {
	ID             id.Ticket `path:"id" json:"-"`
	Content        string    `json:"content"`
	MessageType    *string   `json:"messageType"`
	EmailMessageID *string   `json:"emailMessageId"`
	SenderEmail    *string   `json:"senderEmail"`
	IsFromEmail    bool      `json:"isFromEmail"`
	AuthorID       *id.User  `json:"authorId"`
	InReplyTo      *string   `json:"inReplyTo"`
	References     *string   `json:"references"`
	Subject        *string   `json:"subject"`
}

func (p post) post() tickets.Post {
	return tickets.Post{
		Content:        p.Content,
		Type:           p.MessageType,
		EmailMessageID: p.EmailMessageID,
		SenderEmail:    p.SenderEmail,
		IsFromEmail:    p.IsFromEmail,
		AuthorID:       p.AuthorID,
		InReplyTo:      p.InReplyTo,
		References:     p.References,
		Subject:        p.Subject,
	}
}

type ofUser struct {
	ID id.User `path:"id" json:"-"`
}

// unassigned reports whether there may be more to unassign.
type unassigned struct {
	More bool `json:"more"`
}
