package clients

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/mail"
)

// Tickets implements mail.Tickets.
type Tickets struct{ Client *httpkit.Client }

// AtAddress implements mail.Tickets.
func (c Tickets) AtAddress(ctx context.Context, address string) (mail.Target, error) {
	found, err := httpkit.Call[struct {
		WebsiteID tenant.ID `json:"websiteId"`
		TicketID  id.Ticket `json:"ticketId"`
	}](ctx, c.Client, tenant.ID{}, "GET", "/internal/ticket-addresses/"+url.PathEscape(address), nil)
	return mail.Target(found), err
}

// Check implements mail.Tickets.
func (c Tickets) Check(ctx context.Context, t tenant.ID, ticket id.Ticket) error {
	_, err := httpkit.Call[struct {
		WebsiteID tenant.ID `json:"websiteId"`
		TicketID  id.Ticket `json:"ticketId"`
	}](ctx, c.Client, t, "GET", fmt.Sprintf("/internal/tickets/%d", ticket), nil)
	return err
}

// File implements mail.Tickets.
func (c Tickets) File(ctx context.Context, r mail.Received) (mail.Filed, error) {
	filed, err := httpkit.Call[struct {
		TicketID  id.Ticket        `json:"ticketId"`
		MessageID id.TicketMessage `json:"messageId"`
		VisitorID *id.Visitor      `json:"visitorId"`
	}](ctx, c.Client, r.WebsiteID, "POST", "/internal/ticket-mails", struct {
		TicketID    id.Ticket `json:"ticketId"`
		MessageID   string    `json:"messageId"`
		From        string    `json:"from"`
		FromName    string    `json:"fromName"`
		Subject     string    `json:"subject"`
		Text        string    `json:"text"`
		References  string    `json:"references"`
		IsAutomatic bool      `json:"isAutomatic"`
	}{
		r.TicketID, inBrackets(r.MessageID), r.From.Address, r.From.Name, r.Subject, r.Text,
		inBrackets(r.References...), r.Kind != mail.Human,
	})
	return mail.Filed(filed), err
}

// inBrackets returns Message-IDs as a header has them.
func inBrackets(messageIDs ...string) string {
	all := make([]string, len(messageIDs))
	for i, s := range messageIDs {
		all[i] = "<" + s + ">"
	}
	return strings.Join(all, " ")
}

// Answer implements mail.Tickets.
func (c Tickets) Answer(
	ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage,
) (mail.Answer, error) {
	a, err := httpkit.Call[struct {
		ForRequester bool        `json:"forRequester"`
		Content      string      `json:"content"`
		AuthorName   string      `json:"authorName"`
		WebsiteName  string      `json:"websiteName"`
		Title        string      `json:"title"`
		Address      string      `json:"address"`
		VisitorID    *id.Visitor `json:"visitorId"`
		Name         *string     `json:"name"`
		Email        *string     `json:"email"`
	}](ctx, c.Client, t, "GET", fmt.Sprintf("/internal/tickets/%d/messages/%d", ticket, message), nil)
	made := mail.Answer{
		ForRequester: a.ForRequester,
		Content:      a.Content,
		AuthorName:   a.AuthorName,
		WebsiteName:  a.WebsiteName,
		Title:        a.Title,
		Address:      a.Address,
		VisitorID:    a.VisitorID,
	}
	if a.Name != nil {
		made.Requester.Name = *a.Name
	}
	if a.Email != nil {
		made.Requester.Address = *a.Email
	}
	return made, err
}
