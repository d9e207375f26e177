package system

import (
	"context"
	"strings"

	"fivechat.dev/deploy/fivechat/catcher"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	mail "fivechat.dev/services/mail/app"
	tickets "fivechat.dev/services/tickets/app"
)

// catch starts a catcher, and sets it as the relay. Mail is received on a free loopback port, and its senders aren't
// checked, unless settings say otherwise.
func (s *System) catch(to *Settings) (err error) {
	if s.caught, err = catcher.Start(); err != nil {
		return err
	}
	to.Post.Relay, to.Post.RelayTLS = s.caught.Address(), "none"
	if to.Post.SMTPAddr == "" {
		to.Post.SMTPAddr = "127.0.0.1:0"
	}
	if to.Post.Resolver == "" {
		to.Post.Resolver = "off"
	}
	return nil
}

// ticketsUnit makes the service tickets.
func ticketsUnit(
	ctx context.Context, s *Settings, common servicekit.Config, url map[string]string,
) (runner.Unit, error) {
	c := tickets.Default()
	c.Config, c.Mail = common, s.Mail
	c.AccountsURL, c.VisitorsURL, c.ConversationsURL = url["accounts"], url["visitors"], url["conversations"]
	return unitOf(ctx, tickets.New, c)
}

// mailUnit makes the service mail, at the domain of the service tickets.
func mailUnit(
	ctx context.Context, s *Settings, common servicekit.Config, url map[string]string,
) (runner.Unit, error) {
	return unitOf(ctx, mail.New, mail.Config{
		Config: common, AccountsURL: url["accounts"], TicketsURL: url["tickets"], Domain: s.Mail.Domain, Post: s.Post,
	})
}

// SMTPAddr is where the system receives mail, or "" if it doesn't.
func (s *System) SMTPAddr() string { return strings.TrimPrefix(s.mail.URL("smtp"), "http://") }

// Caught returns the mail server that catches sent mails, or nil.
func (s *System) Caught() *catcher.Catcher { return s.caught }
