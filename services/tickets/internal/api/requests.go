package api

import (
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/tickets"
)

type byID struct {
	ID id.Ticket `path:"id" json:"-"`
}

type thread struct {
	byID
	After  paging.After `query:"after" json:"-"`
	Expand httpkit.List `query:"expand" json:"-"`
}

// authors reports whether messages are requested with their authors. Other values are ignored.
func (t thread) authors() bool { return slices.Contains(t.Expand, "authors") }

type list struct {
	paging.Following
	Status     httpkit.List `query:"status" json:"-"`
	Priority   httpkit.List `query:"priority" json:"-"`
	AssigneeID httpkit.List `query:"assigneeId" json:"-"`
	VisitorID  id.Visitor   `query:"visitorId" json:"-"`
	Search     string       `query:"search" json:"-"`
}

// filter returns the filter for a caller. me is the user that a person is; it is 0 for a program.
func (l list) filter(me id.User) (tickets.Filter, error) {
	f := tickets.Filter{VisitorID: l.VisitorID, Me: me, Search: l.Search}
	for _, status := range l.Status {
		f.Statuses = append(f.Statuses, tickets.Status(status))
	}
	for _, priority := range l.Priority {
		f.Priorities = append(f.Priorities, tickets.Priority(priority))
	}
	var err error
	if f.Assignees, err = id.ParseAssignees(l.AssigneeID, me); err != nil {
		return f, fault.Bad("assigneeId", err.Error())
	}
	return f, nil
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

func (c create) draft(channel tickets.Channel) tickets.Draft {
	return tickets.Draft{
		Title:             c.Title,
		Description:       c.Description,
		Email:             c.Email,
		Priority:          c.Priority,
		LanguageCode:      c.LanguageCode,
		VisitorToken:      c.VisitorToken,
		ConversationToken: c.ConversationToken,
		AssigneeID:        c.AssigneeID,
		Channel:           channel,
	}
}

// channelOf returns how a caller opens tickets.
func channelOf(p identity.Principal) tickets.Channel {
	if p.IsProgram() {
		return tickets.ChannelAPI
	}
	return tickets.ChannelConsole
}

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
