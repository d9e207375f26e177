package listener_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	smtpd "github.com/emersion/go-smtp"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/listener"
)

// service knows the mailboxes that begin with ok, and fails as the others say.
type service struct {
	mu     sync.Mutex
	stored []mail.Delivery
	err    error // of Receive
	busy   error // of Admit
}

var faults = map[string]error{
	"gone": fault.Missing("mailbox"), "free": fault.New(fault.Forbidden, "secret"), "full": fault.New(fault.TooLarge, "x"),
	"busy": fault.New(fault.Limited, "x"), "away": errors.New("secret"),
}

func (s *service) Admit(context.Context, string) error { return s.busy }

func (s *service) Recipient(_ context.Context, address string) (mail.Target, error) {
	name, _, _ := strings.Cut(address, "@")
	if err := faults[name]; err != nil {
		return mail.Target{}, err
	}
	return mail.Target{WebsiteID: storetest.Tenant(1), TicketID: id.Ticket(len(name))}, nil
}

func (s *service) Receive(_ context.Context, d mail.Delivery) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.stored = append(s.stored, d)
	}
	return len(d.Targets), s.err
}

func listen(t *testing.T, s *service, isLMTP bool) string {
	t.Helper()
	server := listener.New(s, storetest.Telemetry(t, "mail")).Server(listener.Options{Domain: "m.example", LMTP: isLMTP})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// code returns the status of a response, and its text.
func code(err error) (int, string) {
	var response *textproto.Error
	if errors.As(err, &response) {
		return response.Code, response.Msg
	}
	return 0, ""
}

func TestResponsesToRecipients(t *testing.T) {
	t.Parallel()
	s := &service{}
	at := listen(t, s, false)
	for name, want := range map[string]int{"gone": 550, "free": 550, "full": 452, "busy": 451, "away": 451} {
		err := smtp.SendMail(at, nil, "a@c.example", []string{name + "@m.example"}, []byte("x"))
		if got, text := code(err); got != want || strings.Contains(text, "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.stored) > 0 {
		t.Errorf("%d are stored", len(s.stored))
	}
	err := smtp.SendMail(at, nil, "a@c.example", []string{"ok@m.example", "ok@m.example", "ok2@m.example"}, []byte("x"))
	if err != nil || len(s.stored) != 1 || len(s.stored[0].Targets) != 2 || s.stored[0].Sender != "a@c.example" ||
		s.stored[0].Peer != "127.0.0.1" || s.stored[0].HELO != "localhost" || s.stored[0].Client.IsValid() ||
		string(s.stored[0].Raw) != "x\r\n" {
		t.Errorf("%+v, %v", s.stored, err)
	}
}

// TestContentIsAcknowledgedWhenStored: 250 comes after Receive. Failures are 4xx, or 554 for what can't be read.
func TestContentIsAcknowledgedWhenStored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{{errors.New("no store"), 451}, {fault.Away("the store", nil), 451}, {fault.Bad("mail", "empty"), 554}} {
		at := listen(t, &service{err: c.err}, false)
		err := smtp.SendMail(at, nil, "a@c.example", []string{"ok@m.example"}, []byte("x"))
		if got, _ := code(err); got != c.want {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	if err := smtp.SendMail(listen(t, &service{busy: faults["busy"]}, false), nil, "a@c.example", nil, nil); err == nil {
		t.Error("a server with too many connections is admitted")
	}
}

func TestListenerRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := &service{}
	at := listen(t, s, false)
	line := strings.Repeat("x", 997) + "\r\n"
	for size, want := range map[int]int{mail.MaxMail / 2: 0, mail.MaxMail + 2_000: 552} {
		err := smtp.SendMail(at, nil, "a@c.example", []string{"ok@m.example"}, []byte(strings.Repeat(line, size/len(line))))
		if got, _ := code(err); got != want || (want == 0) != (err == nil) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	c, err := smtp.Dial(at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("a@c.example"); err != nil {
		t.Fatal(err)
	}
	for i := range mail.MaxRecipients + 1 {
		err = c.Rcpt(strings.Repeat("k", i+1) + "@m.example")
	}
	if got, _ := code(err); got != 452 {
		t.Errorf("recipient %d: %v", mail.MaxRecipients+1, err)
	}
}

func TestListenerBoundsConnections(t *testing.T) {
	t.Parallel()
	at := listen(t, &service{}, false)
	var open []*smtp.Client
	for {
		c, err := smtp.Dial(at)
		if err != nil {
			break
		}
		defer c.Close()
		if open = append(open, c); len(open) > 30 {
			break
		}
	}
	if len(open) != 20 {
		t.Errorf("an address has %d connections", len(open))
	}
	_ = open[0].Close() // another one is possible, once the server has seen that
	for {
		if c, err := smtp.Dial(at); err == nil {
			_ = c.Close()
			return
		}
	}
}

func TestLMTPDelivers(t *testing.T) {
	t.Parallel()
	s := &service{}
	conn, err := net.Dial("tcp", listen(t, s, true))
	if err != nil {
		t.Fatal(err)
	}
	c := smtpd.NewClientLMTP(conn)
	defer c.Close()
	if err := c.SendMail("", []string{"ok@m.example", "fine@m.example"}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if len(s.stored) != 1 || len(s.stored[0].Targets) != 2 || s.stored[0].Sender != "" {
		t.Errorf("%+v", s.stored)
	}
}
