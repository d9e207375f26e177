package faults_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/fleet"
	"fivechat.dev/tests/harness"
)

// longest is the longest text that a message may have, of characters that JSON escapes.
var longest = strings.Repeat("\"", 64<<10)

// attacker is one website and one address that mean no good.
type attacker struct {
	system  harness.System
	addr    string // of the gateway
	site    *harness.Website
	victim  *neighbour
	visitor harness.Session
	long    string // a conversation of long messages

	mu      sync.Mutex
	answers map[string]map[string]int // by attack: how often a status came
}

// attack is what an attacker does until ctx ends.
type attack struct {
	name string
	run  func(ctx context.Context)
}

// newAttacker makes the attacker and stores what some attacks read: long messages, tickets and webhooks. What a quota or a
// bound refuses of that is not stored; the rest is enough.
func newAttacker(t *testing.T, f *fleet.Fleet, victim *neighbour) *attacker {
	t.Helper()
	s := f.From(attackerAddress)
	a := &attacker{
		system:  s,
		addr:    strings.TrimPrefix(f.URL, "http://"),
		site:    s.Website(t, harness.Pro),
		victim:  victim,
		answers: map[string]map[string]int{},
	}
	a.visitor = a.site.Visit(t, nil)
	a.long = a.visitor.Open(t, "Hello")
	for range 95 {
		a.ask(t.Context(), "set-up", a.site.Writer(), "POST", "/conversations/"+a.long+"/messages", harness.Map{"content": longest})
		a.ask(t.Context(), "set-up", a.site.Writer(), "POST", "/tickets", harness.Map{"title": "x", "description": longest})
	}
	receiver := harness.Receive(t, nil)
	for range 20 {
		a.site.NewWebhook(t, receiver.URL, "message.created")
	}
	return a
}

// attacks are all of them; each paces itself, as they are to be cheap for who makes them.
func (a *attacker) attacks() []attack {
	reader, writer := a.site.Reader(), a.site.Writer()
	get := func(c harness.Client, path string) func(context.Context, string) {
		return func(ctx context.Context, name string) { a.ask(ctx, name, c, "GET", path, nil) }
	}
	post := func(c harness.Client, path string, body any) func(context.Context, string) {
		return func(ctx context.Context, name string) { a.ask(ctx, name, c, "POST", path, body) }
	}
	control := harness.Map{"content": strings.Repeat("\x01", 64<<10)}
	return []attack{
		a.repeat("threads of long messages", 8, 500*time.Millisecond, get(reader, "/conversations/"+a.long)),
		a.repeat("messages of control characters", 1, time.Second, post(a.visitor.Client, "/visitor/conversations/"+a.long+"/messages", control)),
		a.repeat("catching up from the beginning", 24, 500*time.Millisecond, a.catchUp),
		a.repeat("imports without a token", 60, time.Second, a.anonymousImport),
		a.repeat("lists of long tickets", 4, 500*time.Millisecond, get(reader, "/tickets?limit=100")),
		a.repeat("long queries", 4, 200*time.Millisecond, get(reader, "/visitors?limit=1&x="+strings.Repeat("%25", 1_000))),
		a.repeat("idle uploads", 16, time.Second, a.idleUpload),
		a.repeat("heartbeats", 4, 20*time.Millisecond, post(a.visitor.Client, "/visitor/heartbeat", harness.Map{})),
		a.repeat("sessions", 1, 50*time.Millisecond, post(a.system.Public(), "/visitor/sessions", harness.Map{"clientToken": a.site.ClientToken})),
		a.repeat("sessions of one IPv6 network", 1, 20*time.Millisecond, a.networkSession),
		{"streams of one address", a.streams},
		a.repeat("false tokens", 1, 50*time.Millisecond, a.falseToken),
		a.repeat("unknown visitors", 4, 10*time.Millisecond, a.unknownVisitor),
		a.repeat("long messages to twenty webhooks", 1, time.Second, post(writer, "/conversations/"+a.long+"/messages", harness.Map{"content": longest})),
	}
}

// repeat makes an attack of doing something again and again, by several at once, with pauses between.
func (a *attacker) repeat(name string, clients int, pause time.Duration, do func(context.Context, string)) attack {
	return attack{name, func(ctx context.Context) {
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				each(ctx, pause, func() bool {
					do(ctx, name)
					return true
				})
			})
		}
		all.Wait()
	}}
}

// ask makes a request and counts what came.
func (a *attacker) ask(ctx context.Context, name string, c harness.Client, method, path string, body any) {
	answer, err := c.Ask(ctx, method, path, body)
	what := fmt.Sprint(answer.Status)
	if answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
		what = "503 without Retry-After"
	}
	if err != nil {
		what = "no answer"
	}
	if ctx.Err() == nil {
		a.count(name, what)
	}
}

func (a *attacker) count(name, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers[name] == nil {
		a.answers[name] = map[string]int{}
	}
	a.answers[name][what]++
}

// report logs what the attacks got, and fails the test for answers that nobody may get, an attacker included.
func (a *attacker) report(t *testing.T) {
	t.Helper()
	for _, name := range sortedKeys(a.answers) {
		t.Logf("%s: %v", name, a.answers[name])
		for what := range a.answers[name] {
			if what == "500" || what == "502" || what == "504" || what == "503 without Retry-After" {
				t.Errorf("%s was answered with %s", name, what)
			}
		}
	}
}

// catchUp resumes an event stream from the beginning and leaves it after a moment.
func (a *attacker) catchUp(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	a.open(ctx, name, a.visitor.Client.With("Last-Event-ID", "0.0.0.0"), "/visitor/events")
}

// streams opens as many event streams of one visitor as it can, and keeps them.
func (a *attacker) streams(ctx context.Context) {
	var all sync.WaitGroup
	for range 1_600 {
		all.Go(func() { a.open(ctx, "streams of one address", a.visitor.Client, "/visitor/events") })
	}
	all.Wait()
}

// open reads a stream until ctx ends.
func (a *attacker) open(ctx context.Context, name string, c harness.Client, path string) {
	answer, err := c.Ask(ctx, "GET", path, nil)
	if err == nil || answer.Status != 0 {
		a.count(name, fmt.Sprint(answer.Status))
	}
}

// networkSession begins a session from an address of its own in one network.
func (a *attacker) networkSession(ctx context.Context, name string) {
	s := a.system.From("2001:db8:0:1::" + hex(rand.Text()))
	a.ask(ctx, name, s.Public(), "POST", "/visitor/sessions", harness.Map{"clientToken": a.site.ClientToken})
}

// hex is a group of an IPv6 address made of a random text.
func hex(text string) string { return fmt.Sprintf("%x", text[:2]) }

// falseToken guesses a token that begins as the neighbour's.
func (a *attacker) falseToken(ctx context.Context, name string) {
	secret := a.victim.site.Secret(harness.Read)
	guess := secret[:8] + strings.Repeat("x", len(secret)-8)
	a.ask(ctx, name, a.system.Bearer(guess), "GET", "/conversations", nil)
}

func (a *attacker) unknownVisitor(ctx context.Context, name string) {
	a.ask(ctx, name, a.system.Visitor("vis_"+strings.ToLower(rand.Text()+rand.Text())), "POST", "/visitor/heartbeat", harness.Map{})
}

// anonymousImport sends up to 8 MiB in chunks without a token.
func (a *attacker) anonymousImport(ctx context.Context, name string) {
	head := "POST /conversations/import HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + attackerAddress +
		"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
	a.send(ctx, name, head, func(c net.Conn) {
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10))
		for range 127 {
			if _, err := io.WriteString(c, chunk); err != nil {
				return
			}
		}
	})
}

// idleUpload promises a long body and sends one byte of it.
func (a *attacker) idleUpload(ctx context.Context, name string) {
	head := "POST /visitor/conversations HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + attackerAddress + "\r\nX-Visitor-Id: " + a.visitor.Token +
		"\r\nX-Visitor-Secret: " + a.visitor.Secret + "\r\nContent-Type: application/json\r\nContent-Length: 70000\r\n\r\n{"
	a.send(ctx, name, head, func(net.Conn) {})
}

// send writes a request by hand, and counts the status line that comes within some seconds.
func (a *attacker) send(ctx context.Context, name, head string, rest func(net.Conn)) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.addr)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return
	}
	if _, err := io.WriteString(c, head); err != nil {
		return
	}
	rest(c)
	line := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(c, line); err == nil {
		a.count(name, string(line[len("HTTP/1.1 "):]))
	}
}
