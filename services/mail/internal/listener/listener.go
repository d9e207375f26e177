// Package listener receives mail by SMTP and LMTP. It answers a recipient with 250 if its mailbox exists, and content
// with 250 only when it is stored. Temporary trouble is 4xx: the other server tries again.
//
// Begin with New. The package bounds connections, recipients, lines, sizes and times. Package mail decides which
// mailboxes exist and how much a website may receive.
package listener

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/mail"
)

// The bounds of a listener.
const (
	maxConnections = 200              // open at the same time
	maxPerServer   = 20               // of them from one address, over SMTP
	maxMemory      = 128 << 20        // bytes of mails that are being received
	maxCommand     = 2_000            // bytes of a line
	idleTimeout    = 2 * time.Minute  // between commands
	stepTimeout    = 20 * time.Second // of a recipient's check, and of checking and storing a mail
	stopTimeout    = 5 * time.Second  // for mails in progress when the process stops
)

// Service is the part of mail.Service that a listener uses.
type Service interface {
	Admit(ctx context.Context, peer string) error
	Recipient(ctx context.Context, address string) (mail.Target, error)
	Receive(ctx context.Context, d mail.Delivery) (int, error)
}

// Listeners are the parts that all listeners of a process share.
type Listeners struct {
	service  Service
	tele     *telemetry.Telemetry
	received *prometheus.CounterVec
	memory   atomic.Int64
}

// The outcomes of deliveries, as labels.
const (
	stored      = "stored"
	duplicate   = "duplicate"
	unknown     = "unknown_mailbox"
	forbidden   = "plan"
	full        = "storage_limit"
	limited     = "rate_limit"
	tooLarge    = "too_large"
	unreadable  = "unreadable"
	unavailable = "unavailable"
)

// New returns Listeners over a service.
func New(s Service, t *telemetry.Telemetry) *Listeners {
	l := &Listeners{service: s, tele: t, received: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_mail_received_total",
		Help: "Recipients of received mails, by outcome: stored, duplicate, or why they were refused.",
	}, []string{"outcome"})}
	t.Registry.MustRegister(l.received)
	for _, o := range []string{
		stored, duplicate, unknown, forbidden, full, limited, tooLarge, unreadable, unavailable,
	} {
		l.received.WithLabelValues(o) // the series exist from the start, so that a rate sees the first one
	}
	return l
}

// Options of one listener.
type Options struct {
	Domain string      // the name in the greeting
	TLS    *tls.Config // for STARTTLS; nil: it isn't offered
	LMTP   bool        // the clients are servers of the installation: connections aren't limited by their address
}

// Server returns a server that runs in place of an HTTP server.
func (l *Listeners) Server(o Options) *Server {
	b := &backend{Listeners: l, limitsPeers: !o.LMTP}
	s := smtp.NewServer(b)
	s.Domain, s.TLSConfig, s.LMTP = o.Domain, o.TLS, o.LMTP
	s.MaxRecipients, s.MaxMessageBytes, s.MaxLineLength = mail.MaxRecipients, mail.MaxMail, maxCommand
	s.ReadTimeout, s.WriteTimeout = idleTimeout, idleTimeout
	s.ErrorLog = logger{l.tele.Log}
	s.EnableSMTPUTF8 = true
	perServer := maxPerServer
	if o.LMTP {
		perServer = maxConnections
	}
	return &Server{s, perServer}
}

// Server is an SMTP or LMTP server that a runner runs.
type Server struct {
	smtp      *smtp.Server
	perServer int // connections from one address
}

// Serve accepts connections until Shutdown or Close.
func (s *Server) Serve(l net.Listener) error {
	err := s.smtp.Serve(&bounded{Listener: l, perServer: s.perServer, open: map[string]int{}})
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return http.ErrServerClosed
}

// Shutdown waits for a short time until clients have ended, and then closes their connections. They deliver again what
// wasn't answered.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if err := s.smtp.Shutdown(ctx); err != nil {
		_ = s.smtp.Close() // it is closed already: only its connections are left
	}
	return nil
}

// Close closes all connections.
func (s *Server) Close() error { return s.smtp.Close() }

// logger writes the errors of connections, which clients cause.
type logger struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (l logger) Printf(format string, v ...any) {
	l.log.Debug("smtp connection", "error", fmt.Sprintf(format, v...))
}

// Println implements smtp.Logger.
func (l logger) Println(v ...any) { l.log.Debug("smtp connection", "error", fmt.Sprint(v...)) }

type backend struct {
	*Listeners
	limitsPeers bool
}

// NewSession implements smtp.Backend.
func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	peer := hostOf(c.Conn().RemoteAddr())
	if b.limitsPeers {
		ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
		defer cancel()
		if err := b.service.Admit(ctx, peer); err != nil {
			b.received.WithLabelValues(limited).Inc()
			return nil, answer(err)
		}
	}
	s := &session{backend: b, peer: peer, helo: c.Hostname()}
	if b.limitsPeers {
		s.client = clientOf(peer)
	}
	return s, nil
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// clientOf returns the address of a server that sends for an author. A server in a private network only passes mail on,
// as a load balancer does: then it is the zero Addr.
func clientOf(peer string) netip.Addr {
	client, err := netip.ParseAddr(peer)
	if err != nil || !client.Unmap().IsGlobalUnicast() || client.Unmap().IsPrivate() {
		return netip.Addr{}
	}
	return client.Unmap().WithZone("")
}

// session is a connection of a client.
type session struct {
	*backend
	peer    string
	client  netip.Addr // the zero Addr if the peer only passes mail on
	helo    string
	from    string
	targets []mail.Target
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.targets = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.Reset()
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	at, err := s.service.Recipient(ctx, to)
	if err != nil {
		s.refused(ctx, err)
		return answer(err)
	}
	if !slices.Contains(s.targets, at) {
		s.targets = append(s.targets, at)
	}
	return nil
}

// Data implements smtp.Session. Over LMTP, its result is that of every recipient.
func (s *session) Data(r io.Reader) error {
	raw, release, err := s.read(r)
	defer release()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	n, err := s.service.Receive(ctx, mail.Delivery{
		Sender: s.from, Peer: s.peer, Client: s.client, HELO: s.helo, Targets: s.targets, Raw: raw,
	})
	s.received.WithLabelValues(stored).Add(float64(n))
	if err != nil {
		s.refused(ctx, err)
		return answer(err)
	}
	s.received.WithLabelValues(duplicate).Add(float64(len(s.targets) - n))
	return nil
}

// read returns the content, and the function that releases its memory. Of all connections, contents have at most
// maxMemory.
func (s *session) read(r io.Reader) (raw []byte, release func(), err error) {
	var held int64
	release = func() { s.memory.Add(-held) }
	var content bytes.Buffer
	const step = 64 << 10
	for {
		if s.memory.Add(step) > maxMemory {
			s.memory.Add(-step)
			s.received.WithLabelValues(unavailable).Inc()
			return nil, release, busy
		}
		held += step
		_, err := io.CopyN(&content, r, step)
		switch {
		case errors.Is(err, io.EOF):
			return content.Bytes(), release, nil
		case errors.Is(err, smtp.ErrDataTooLarge):
			s.received.WithLabelValues(tooLarge).Inc()
			return nil, release, err
		case err != nil:
			return nil, release, err
		}
	}
}

// refused counts a refusal, and logs it if the system is its cause.
func (s *session) refused(ctx context.Context, err error) {
	reason := unavailable
	switch fault.KindOf(err) {
	case fault.NotFound:
		reason = unknown
	case fault.Forbidden:
		reason = forbidden
	case fault.TooLarge:
		reason = full
	case fault.Limited:
		reason = limited
	case fault.Invalid:
		reason = unreadable
	default:
		s.tele.Log.WarnContext(ctx, "mail: receiving failed; the server tries again", "error", err)
	}
	s.received.WithLabelValues(reason).Inc()
}

var busy = &smtp.SMTPError{
	Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Too many mails, try again later",
}

// answer returns the response to an error. It discloses nothing about the system.
func answer(err error) error {
	code, enhanced, text := 451, smtp.EnhancedCode{4, 3, 0}, "Temporary failure, try again later"
	switch fault.KindOf(err) {
	case fault.NotFound:
		code, enhanced, text = 550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox"
	case fault.Forbidden:
		code, enhanced, text = 550, smtp.EnhancedCode{5, 7, 1}, "This mailbox doesn't receive mail"
	case fault.TooLarge:
		code, enhanced, text = 452, smtp.EnhancedCode{4, 2, 2}, "The mailbox is full"
	case fault.Limited:
		code, enhanced, text = 451, smtp.EnhancedCode{4, 7, 1}, "Too many mails, try again later"
	case fault.Invalid:
		code, enhanced, text = 554, smtp.EnhancedCode{5, 6, 0}, "The mail can't be read"
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
