package relay_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/relay"
)

// script is a relay that answers each command by its first word; the connection ends where it has no answer. "." is the
// end of the content.
func script(t *testing.T, answers map[string]string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			converse(c, answers)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func converse(c net.Conn, answers map[string]string) {
	in := bufio.NewScanner(c)
	_, _ = c.Write([]byte("220 relay\r\n"))
	inContent := false
	for in.Scan() {
		word, _, _ := strings.Cut(in.Text(), " ")
		if inContent && word != "." {
			continue
		}
		answer := answers[word]
		if answer == "" {
			return
		}
		inContent = strings.HasPrefix(answer, "354")
		_, _ = c.Write([]byte(answer + "\r\n"))
	}
}

func TestOutcomesOfSubmissions(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"EHLO": "250 relay", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", ".": "250 ok", "QUIT": "221 bye",
	}
	for _, c := range []struct {
		name, word, answer string
		state              mail.State
		started            bool
	}{
		{"accepted", "", "", mail.Accepted, true},
		{"accepted without a goodbye", "QUIT", "", mail.Accepted, true},
		{"greeting", "EHLO", "", mail.Deferred, false},
		{"sender", "MAIL", "451 later", mail.Deferred, false},
		{"greylisted", "RCPT", "450 later", mail.Deferred, false},
		{"unknown", "RCPT", "550 no such user", mail.Undelivered, false},
		{"no content", "DATA", "554 no", mail.Undelivered, true},
		{"ends before the content", "DATA", "", mail.Deferred, true},
		{"content", ".", "554 spam", mail.Undelivered, true},
		{"content later", ".", "452 full", mail.Deferred, true},
		{"no response to the content", ".", "", mail.Uncertain, true},
	} {
		answers := map[string]string{}
		for word, answer := range good {
			answers[word] = answer
		}
		if c.word != "" {
			answers[c.word] = c.answer
		}
		r := relay.Relay{Address: script(t, answers), TLS: relay.Plain, Name: "m.example"}
		started := false
		o, err := r.Submit(t.Context(), "a@m.example", "b@c.example", []byte("x\r\n"), func() error {
			started = true
			return nil
		})
		if err != nil || o.State != c.state || started != c.started || (o.Reason == "") != (c.state == mail.Accepted) {
			t.Errorf("%s: %+v, started %v, %v", c.name, o, started, err)
		}
	}
}

func TestSubmissionStopsIfItsStartIsNotStored(t *testing.T) {
	t.Parallel()
	r := relay.Relay{Address: script(t, map[string]string{
		"EHLO": "250 relay", "MAIL": "250 ok", "RCPT": "250 ok", // the content would end the connection
	}), TLS: relay.Plain, Name: "m.example"}
	stored := errors.New("no store")
	fail := func() error { return stored }
	if _, err := r.Submit(t.Context(), "a@m.example", "b@c.example", []byte("x"), fail); !errors.Is(err, stored) {
		t.Errorf("%v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if o, err := r.Submit(ended, "a@m.example", "b@c.example", nil, nil); err == nil && o.State != mail.Deferred {
		t.Errorf("after the end: %+v", o)
	}
}

// TestPlainRelayGetsNothingIfTLSIsRequired also refuses a relay without STARTTLS.
func TestPlainRelayGetsNothingIfTLSIsRequired(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{relay.StartTLS, relay.TLS} {
		r := relay.Relay{Address: script(t, map[string]string{"EHLO": "250 relay"}), TLS: mode, Name: "m.example"}
		o, err := r.Submit(t.Context(), "a@m.example", "b@c.example", nil, func() error {
			t.Error("the submission has started")
			return nil
		})
		if err != nil || o.State != mail.Deferred {
			t.Errorf("%s: %+v, %v", mode, o, err)
		}
	}
}
