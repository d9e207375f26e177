package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/tickets"
)

// mountMail adds the operations of the service mail.
func mountMail(r *httpkit.Router, chain operation.Chain, s *tickets.Service) {
	httpkit.Handle(r, "GET /internal/ticket-addresses/{address}", 200,
		operation.New(chain, "tickets.find_address", authz.Internal,
			func(ctx context.Context, req atAddress) (owner, error) {
				one, err := s.AtAddress(ctx, req.Address)
				return owner{one.WebsiteID, one.ID}, err
			}))
	httpkit.Handle(r, "GET /internal/tickets/{id}", 200, operation.New(chain, "tickets.find_ticket", authz.Internal,
		func(ctx context.Context, req byID) (owner, error) {
			found, _, err := s.ByIDs(ctx, identity.From(ctx).Website, []id.Ticket{req.ID})
			if err == nil && len(found) == 0 {
				err = fault.Missing("ticket")
			}
			return owner{identity.From(ctx).Website, req.ID}, err
		}))
	httpkit.Handle(r, "POST /internal/ticket-mails", 200, operation.New(chain, "tickets.file_mail", authz.Internal,
		func(ctx context.Context, req newMail) (filed, error) {
			f, err := s.FileMail(ctx, identity.From(ctx).Website, tickets.NewMail(req))
			return filed(f), err
		}))
	httpkit.Handle(r, "GET /internal/tickets/{id}/messages/{message}", 200,
		operation.New(chain, "tickets.get_answer", authz.Internal,
			func(ctx context.Context, req ofMessage) (answerView, error) {
				a, err := s.Answer(ctx, identity.From(ctx).Website, req.ID, req.Message)
				return answerViewOf(a), err
			}))
}

type atAddress struct {
	Address string `path:"address" json:"-"`
}

// owner is the ticket of an address.
type owner struct {
	WebsiteID tenant.ID `json:"websiteId"`
	TicketID  id.Ticket `json:"ticketId"`
}

type newMail struct {
	TicketID    id.Ticket `json:"ticketId"`
	MessageID   string    `json:"messageId"`
	From        string    `json:"from"`
	FromName    string    `json:"fromName"`
	Subject     string    `json:"subject"`
	Text        string    `json:"text"`
	InReplyTo   string    `json:"inReplyTo"`
	References  string    `json:"references"`
	IsAutomatic bool      `json:"isAutomatic"`
}

type filed struct {
	TicketID  id.Ticket        `json:"ticketId"`
	MessageID id.TicketMessage `json:"messageId"`
	VisitorID *id.Visitor      `json:"visitorId"`
}

type ofMessage struct {
	byID
	Message id.TicketMessage `path:"message" json:"-"`
}

// answerView is a message with what an e-mail with it needs.
type answerView struct {
	ForRequester bool        `json:"forRequester"`
	Content      string      `json:"content"`
	CreatedAt    time.Time   `json:"createdAt"`
	AuthorName   string      `json:"authorName"`
	WebsiteName  string      `json:"websiteName"`
	Title        string      `json:"title"`
	Address      string      `json:"address"` // of the ticket
	VisitorID    *id.Visitor `json:"visitorId"`
	Name         *string     `json:"name"` // of the requester
	Email        *string     `json:"email"`
}

func answerViewOf(a tickets.Answer) answerView {
	return answerView{
		ForRequester: a.IsForRequester(),
		Content:      a.Message.Content,
		CreatedAt:    a.Message.CreatedAt,
		AuthorName:   a.AuthorName,
		WebsiteName:  a.WebsiteName,
		Title:        a.Ticket.Title,
		Address:      a.Ticket.UniqueEmailAddress,
		VisitorID:    a.Ticket.VisitorID,
		Name:         a.Requester.Name,
		Email:        a.Requester.Email,
	}
}
