// Package api maps the operations of the mail service to HTTP routes. It holds no business rules; those are in package
// mail.
package api

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/mail"
)

// Mount adds the operations of s to the route table. receives reports whether mail is received.
func Mount(r *httpkit.Router, chain operation.Chain, s *mail.Service, receives bool) {
	httpkit.Handle(r, "GET /mail", 200, operation.New(chain, "mail.get_mail", authz.ProRead,
		func(ctx context.Context, _ operation.None) (settings, error) {
			address, err := s.Address(ctx, identity.From(ctx).Website)
			return settings{address, receives, s.Sends()}, err
		}))
	httpkit.Handle(r, "GET /tickets/{id}/mail", 200, operation.New(chain, "mail.list_ticket_mail", authz.ProRead,
		func(ctx context.Context, req ofTicket) (list, error) {
			received, sent, err := s.OfTicket(ctx, identity.From(ctx).Website, req.ID)
			return listOf(received, sent), err
		}))
	httpkit.Handle(r, "GET /tickets/{id}/mail/{mailId}", 200,
		operation.New(chain, "mail.get_ticket_mail", authz.ProRead,
			func(ctx context.Context, req oneOfTicket) (details, error) {
				d, err := s.Details(ctx, identity.From(ctx).Website, req.ID, req.MailID)
				return detailsOf(req.MailID, d), err
			}))
	httpkit.Handle(r, "GET /tickets/{id}/mail/{mailId}/original", 200,
		operation.New(chain, "mail.get_ticket_mail_original", authz.ProRead,
			func(ctx context.Context, req oneOfTicket) (httpkit.File, error) {
				raw, err := s.Original(ctx, identity.From(ctx).Website, req.ID, req.MailID)
				return httpkit.File{Name: fmt.Sprintf("mail-%d.eml", req.MailID), Media: "message/rfc822", Content: raw}, err
			}))
	httpkit.Handle(r, "GET /tickets/{id}/mail/{mailId}/attachments/{position}", 200,
		operation.New(chain, "mail.get_ticket_mail_attachment", authz.ProRead,
			func(ctx context.Context, req attachmentOfTicket) (httpkit.File, error) {
				f, err := s.Attachment(ctx, identity.From(ctx).Website, req.ID, req.MailID, req.Position)
				if err != nil {
					return httpkit.File{}, err
				}
				return httpkit.File{Name: f.Name, Media: "application/octet-stream", Content: f.Content()}, nil
			}))
}

type ofTicket struct {
	ID id.Ticket `path:"id" json:"-"`
}

type oneOfTicket struct {
	ofTicket
	MailID id.Mail `path:"mailId" json:"-"`
}

type attachmentOfTicket struct {
	oneOfTicket
	Position int64 `path:"position" json:"-"`
}

// settings are those of a website's mail.
type settings struct {
	Address  string `json:"address"`
	Receives bool   `json:"receives"`
	Sends    bool   `json:"sends"`
}
