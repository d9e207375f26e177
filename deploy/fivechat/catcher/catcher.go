// Package catcher is a mail server for evaluation and tests: it accepts all mails, keeps the last ones in memory, and
// delivers none. Begin with Start. It isn't for production.
package catcher

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// The bounds of a Catcher.
const (
	maxMails     = 100
	maxBytes     = 1 << 20 // of a mail
	maxRequested = 64      // recipients of a mail
	idle         = time.Minute
)

// Mail is a caught mail.
type Mail struct {
	At   time.Time
	From string // of the envelope
	To   []string
	Raw  []byte
}

// Header returns a decoded field of the header, or "".
func (m Mail) Header(name string) string {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	text := parsed.Header.Get(name)
	if decoded, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		return decoded
	}
	return text
}

// Text returns the first part with plain text, or "".
func (m Mail) Text() string {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	kind, parameters, _ := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		return decoded(parsed.Body, parsed.Header.Get("Content-Transfer-Encoding"))
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return ""
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/plain") {
			return decoded(p, p.Header.Get("Content-Transfer-Encoding"))
		}
	}
}

func decoded(r io.Reader, encoding string) string {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	text, _ := io.ReadAll(r) // what can be decoded
	return string(text)
}

// Catcher is a running mail server.
type Catcher struct {
	server  *smtp.Server
	address string

	mu     sync.Mutex
	mails  []Mail
	answer func(to string) error
}

// Start listens on a free loopback port.
func Start() (*Catcher, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Catcher{address: l.Addr().String()}
	c.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{of: c}, nil }))
	c.server.Domain, c.server.MaxMessageBytes, c.server.MaxRecipients = "localhost", maxBytes, maxRequested
	c.server.ReadTimeout, c.server.WriteTimeout, c.server.EnableSMTPUTF8 = idle, idle, true
	go func() { _ = c.server.Serve(l) }() // it ends with Close
	return c, nil
}

// Address is where the catcher listens.
func (c *Catcher) Address() string { return c.address }

// Close stops the catcher.
func (c *Catcher) Close() error {
	if err := c.server.Close(); !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Refuse makes the catcher call answer for the content of each further mail, by its recipient; nil accepts all.
func (c *Catcher) Refuse(answer func(to string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

// To returns the caught mails to an address, the oldest first; "" is every address.
func (c *Catcher) To(address string) []Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Mail
	for _, m := range c.mails {
		for _, to := range m.To {
			if address == "" || strings.EqualFold(to, address) {
				found = append(found, m)
				break
			}
		}
	}
	return found
}

func (c *Catcher) take(m Mail) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer != nil {
		for _, to := range m.To {
			if err := c.answer(to); err != nil {
				return err
			}
		}
	}
	if len(c.mails) == maxMails {
		c.mails = c.mails[1:]
	}
	c.mails = append(c.mails, m)
	return nil
}

type session struct {
	of *Catcher
	m  Mail
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.m = Mail{} }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.m = Mail{From: from}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.m.To = append(s.m.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) (err error) {
	if s.m.Raw, err = io.ReadAll(r); err != nil {
		return err
	}
	s.m.At = time.Now()
	return s.of.take(s.m)
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sent mail</title>
<h1>Sent mail</h1>
<p>The demo's mail server delivers nothing. These are the last mails of agents, the newest first. An answer to one goes
to the address of its ticket, which the SMTP server of the demo receives at {{.At}}.</p>
{{range .Mails}}<hr><p><b>{{.Header "Subject"}}</b><br>from {{.Header "From"}}<br>to {{.Header "To"}}</p>
<pre>{{.Text}}</pre>{{else}}<p>There is none yet: answer a ticket that has an e-mail address.</p>{{end}}
</html>`))

// Page returns the page that shows the mails. smtp is the address at which the system receives mail.
func (c *Catcher) Page(smtp func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mails := c.To("")
		for i, j := 0, len(mails)-1; i < j; i, j = i+1, j-1 {
			mails[i], mails[j] = mails[j], mails[i]
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, struct { // the browser has gone
			At    string
			Mails []Mail
		}{smtp(), mails})
	})
}
