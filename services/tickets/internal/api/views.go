package api

import (
	"net/url"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/tickets"
)

// view is a ticket as clients see it. Its id and the ids of its messages are decimal strings.
type view struct {
	ID                 id.Ticket        `json:"id,string" writer:"kept"`
	WebsiteID          tenant.ID        `json:"websiteId" writer:"kept"`
	VisitorID          *id.Visitor      `json:"visitorId"`
	ConversationID     *id.Conversation `json:"conversationId"`
	Title              string           `json:"title"`
	Description        string           `json:"description"`
	Status             tickets.Status   `json:"status" writer:"kept"`
	Priority           tickets.Priority `json:"priority" writer:"kept"`
	AssigneeID         *id.User         `json:"assigneeId"`
	Email              *string          `json:"email"`
	UniqueEmailAddress string           `json:"uniqueEmailAddress" writer:"kept"`
	LanguageCode       string           `json:"languageCode" writer:"kept"`
	Summary            *string          `json:"summary"`
	CreatedAt          time.Time        `json:"createdAt" writer:"kept"`
	UpdatedAt          time.Time        `json:"updatedAt" writer:"kept"`
	Website            *tickets.Website `json:"website" writer:"kept"`
	Visitor            *visitorView     `json:"visitor"`
	Assignee           *tickets.User    `json:"assignee"`
	Messages           []messageView    `json:"messages"`
	// more messages follow: get the ticket with the last one's id
	HasMore bool     `json:"hasMore,omitzero"`
	Tags    []string `json:"tags"`
	of      version.Of
}

// Revision is the version of the ticket in the view.
func (v view) Revision() version.Of { return v.of }

// rowBytes is the approximate size of a ticket or a message as JSON, without its long texts.
const rowBytes = 2 << 10

// JSONBytes implements paging.Sized, for a ticket without messages.
func (v view) JSONBytes() int {
	return rowBytes + searchterms.JSONLength(v.Title) + searchterms.JSONLength(v.Description)
}

// threadView is a ticket with its messages after an id.
type threadView struct{ view }

// Links returns the link to the next messages.
func (v threadView) Links(at *url.URL) string {
	if !v.HasMore {
		return ""
	}
	return paging.Link(at, "next", "after", strconv.FormatInt(int64(v.Messages[len(v.Messages)-1].ID), 10))
}

type visitorView struct {
	Token string `json:"token"`
	Name  string `json:"name"`
}

type messageView struct {
	ID             id.TicketMessage    `json:"id,string" writer:"kept"`
	TicketID       id.Ticket           `json:"ticketId,string" writer:"kept"`
	MessageType    tickets.MessageType `json:"messageType" writer:"kept"`
	Content        string              `json:"content"`
	EmailMessageID *string             `json:"emailMessageId"`
	SenderEmail    *string             `json:"senderEmail"`
	IsFromEmail    bool                `json:"isFromEmail"`
	CreatedAt      time.Time           `json:"createdAt" writer:"kept"`
	Author         *author             `json:"author,omitempty"` // with expand=authors
}

// author is the author of a message.
type author struct {
	Kind   tickets.AuthorKind `json:"kind"`
	UserID *id.User           `json:"userId"`
	Name   *string            `json:"name"`
}

type deleted struct {
	ID      string `json:"id" writer:"kept"`
	Deleted bool   `json:"deleted" writer:"kept"`
}

func viewOf(d tickets.Detail) view {
	v := view{
		ID:                 d.ID,
		WebsiteID:          d.WebsiteID,
		VisitorID:          d.VisitorID,
		ConversationID:     d.ConversationID,
		Title:              d.Title,
		Description:        d.Description,
		Status:             d.Status,
		Priority:           d.Priority,
		AssigneeID:         d.AssigneeID,
		Email:              d.Email,
		UniqueEmailAddress: d.UniqueEmailAddress,
		LanguageCode:       d.LanguageCode,
		Summary:            d.Summary,
		CreatedAt:          d.CreatedAt,
		UpdatedAt:          d.UpdatedAt,
		Website:            d.Website,
		Assignee:           d.Assignee,
		Tags:               d.Tags,
		of:                 d.Revision(),
	}
	if d.Visitor != nil {
		v.Visitor = &visitorView{d.Visitor.Token, d.Visitor.Name}
	}
	for _, m := range d.Messages {
		shown := messageViewOf(m)
		if d.Authors != nil {
			shown.Author = &author{Kind: m.AuthorKind(), UserID: m.AuthorID, Name: d.AuthorName(m)}
		}
		v.Messages = append(v.Messages, shown)
	}
	fitting, cut := paging.Fit(v.Messages)
	v.Messages, v.HasMore = fitting, cut || d.HasMore
	return v
}

func viewsOf(details []tickets.Detail) []view {
	views := make([]view, len(details))
	for i, d := range details {
		views[i] = viewOf(d)
	}
	return views
}

// JSONBytes implements paging.Sized.
func (m messageView) JSONBytes() int {
	return rowBytes + searchterms.JSONLength(m.Content)
}

func messageViewOf(m tickets.Message) messageView {
	return messageView{
		ID:             m.ID,
		TicketID:       m.TicketID,
		MessageType:    m.Type,
		Content:        m.Content,
		EmailMessageID: m.EmailMessageID,
		SenderEmail:    m.SenderEmail,
		IsFromEmail:    m.IsFromEmail,
		CreatedAt:      m.CreatedAt,
	}
}
