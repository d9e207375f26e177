// Package relay submits mails to an SMTP server, which delivers them. Begin with Relay.Submit.
//
// It says for each submission whether the relay has accepted it, refused it, or may have accepted it: that isn't known
// if the connection ends between the end of the content and the response. It doesn't repeat submissions.
package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"fivechat.dev/services/mail"
)

// The modes of TLS.
const (
	StartTLS = "starttls" // required: a relay that doesn't offer it gets nothing
	TLS      = "tls"      // from the beginning of the connection
	Plain    = "none"     // only for a relay on the same machine or in the same network
)

// The times that a relay may take.
const (
	dialTimeout    = 15 * time.Second
	commandTimeout = 30 * time.Second
	contentTimeout = 2 * time.Minute // to accept the content
	submitTimeout  = 4 * time.Minute // altogether
)

// Relay is an SMTP server. Every submission has a connection of its own.
type Relay struct {
	Address        string         // host:port
	TLS            string         // a mode
	User, Password string         // without a user it doesn't authenticate
	Name           string         // of this system, in its greeting
	RootCAs        *x509.CertPool // nil: those of the machine
}

// Submit implements mail.Relay. Once start has returned, the end of ctx doesn't end the submission.
func (r Relay) Submit(
	ctx context.Context, from, to string, content []byte, start func() error,
) (mail.Outcome, error) {
	submission, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
	defer cancel()
	c, err := r.connect(ctx)
	if err != nil {
		return refused(err), nil
	}
	defer func() { _ = c.Close() }() // its errors don't change the outcome
	stop := context.AfterFunc(submission, func() { _ = c.Close() })
	defer stop()
	if err := r.open(c); err != nil {
		return refused(err), nil
	}
	if err := c.Mail(from, &smtp.MailOptions{UTF8: needsUTF8(from, to)}); err != nil {
		return refused(err), nil
	}
	if err := c.Rcpt(to, nil); err != nil {
		return refused(err), nil
	}
	if err := ctx.Err(); err != nil {
		return mail.Outcome{}, err
	}
	if err := start(); err != nil {
		return mail.Outcome{}, err
	}
	o := deliver(c, content)
	_ = c.Quit() // the relay has answered, so its goodbye doesn't matter
	return o, nil
}

// connect returns a connection, with TLS if the mode says so.
func (r Relay) connect(ctx context.Context) (*smtp.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	host, _, err := net.SplitHostPort(r.Address)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	settings := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: r.RootCAs}
	var c *smtp.Client
	switch r.TLS {
	case TLS:
		c = smtp.NewClient(tls.Client(conn, settings))
	case StartTLS:
		if c, err = smtp.NewClientStartTLS(conn, settings); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	default:
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = commandTimeout, contentTimeout
	return c, nil
}

// open greets the relay and authenticates.
func (r Relay) open(c *smtp.Client) error {
	if r.TLS != StartTLS { // STARTTLS has greeted already
		if err := c.Hello(r.Name); err != nil {
			return err
		}
	}
	if r.User == "" {
		return nil
	}
	return c.Auth(sasl.NewPlainClient("", r.User, r.Password))
}

// deliver sends the content.
func deliver(c *smtp.Client, content []byte) mail.Outcome {
	data, err := c.Data()
	if err != nil {
		return refused(err) // the relay has nothing to accept
	}
	if _, err := data.Write(content); err != nil {
		return refused(err) // without its end, content isn't accepted
	}
	err = data.Close()
	var response *smtp.SMTPError
	if err != nil && !errors.As(err, &response) {
		return mail.Outcome{State: mail.Uncertain, Reason: fmt.Sprintf("no response to the content: %v", err)}
	}
	return refused(err)
}

// permanent is the first code of permanent failures.
const permanent = 500

// refused returns the outcome of an error, or that the relay has accepted the mail. An error that is no response of the
// relay is temporary: the mail wasn't accepted.
func refused(err error) mail.Outcome {
	var response *smtp.SMTPError
	switch {
	case err == nil:
		return mail.Outcome{State: mail.Accepted}
	case errors.As(err, &response) && response.Code >= permanent:
		return mail.Outcome{State: mail.Undelivered, Reason: fmt.Sprintf("%d %s", response.Code, response.Message)}
	case errors.As(err, &response):
		return mail.Outcome{State: mail.Deferred, Reason: fmt.Sprintf("%d %s", response.Code, response.Message)}
	default:
		return mail.Outcome{State: mail.Deferred, Reason: err.Error()}
	}
}

func needsUTF8(addresses ...string) bool {
	for _, a := range addresses {
		for i := range len(a) {
			if a[i] >= 0x80 {
				return true
			}
		}
	}
	return false
}
