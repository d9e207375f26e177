package faults_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// longest is the longest text that a message may have, of characters that JSON escapes.
var longest = strings.Repeat("\"", 64<<10)

// attacker is one hostile website at one address. It runs in a process of its own with the lowest priority, so that it
// doesn't slow down the neighbour's client: in production, attackers and neighbours have machines of their own.
type attacker struct {
	Config  attackerConfig
	system  harness.System
	reader  harness.Client
	writer  harness.Client
	visitor harness.Client

	mu      sync.Mutex
	answers answers
}

// attackerConfig is the configuration of an attacker's process.
type attackerConfig struct {
	URL                    string // of the gateway
	Reader, Writer         string // secrets of tokens
	ClientToken            string
	Visitor, VisitorSecret string
	Conversation           string // of long messages
	Victim                 string // a token's secret of another website
	Only                   string // the one attack to run; "": all of them
}

// answers counts status codes by attack.
type answers map[string]map[string]int

// attack is run until ctx ends.
type attack struct {
	name string
	run  func(ctx context.Context)
}

// newAttacker stores the data that some attacks read: long messages, tickets and webhooks. Requests that a quota or a
// bound refuses are skipped; the rest is enough.
func newAttacker(t *testing.T, f *cluster.Cluster, victim *neighbour) *attacker {
	t.Helper()
	site := f.From(attackerAddress).Website(t, harness.Pro)
	visitor := site.Visit(t, nil)
	a := attackerOf(attackerConfig{
		URL:           f.URL,
		Reader:        site.Secret(harness.Read),
		Writer:        site.Secret(harness.Write),
		ClientToken:   site.ClientToken,
		Visitor:       visitor.Token,
		VisitorSecret: visitor.Secret,
		Conversation:  visitor.Open(t, "Hello"),
		Victim:        victim.site.Secret(harness.Read),
	})
	for range 95 {
		a.ask(t.Context(), "set-up", a.writer, "POST", "/conversations/"+a.Config.Conversation+"/messages",
			harness.Map{"content": longest})
		a.ask(t.Context(), "set-up", a.writer, "POST", "/tickets", harness.Map{"title": "x", "description": longest})
	}
	receiver := harness.Receive(t, nil)
	for range 20 {
		site.NewWebhook(t, receiver.URL, "message.created")
	}
	return a
}

func attackerOf(c attackerConfig) *attacker {
	s := harness.System{URL: c.URL}.From(attackerAddress)
	return &attacker{
		Config:  c,
		system:  s,
		reader:  s.Bearer(c.Reader),
		writer:  s.Bearer(c.Writer),
		visitor: s.Proven(c.Visitor, c.VisitorSecret),
		answers: answers{},
	}
}

// attackerEnv holds the attackerConfig, as JSON, in the attacker's process.
const attackerEnv = "FIVECHAT_TEST_ATTACKER"

// runAttacker attacks until the process gets a signal, and prints its answers as JSON.
func runAttacker(config string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var c attackerConfig
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	a := attackerOf(c)
	var all sync.WaitGroup
	for _, attack := range a.attacks() {
		if c.Only == "" || c.Only == attack.name {
			all.Go(func() { attack.run(ctx) })
		}
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(a.answers)
}

// attack runs the attack of a name, or all attacks, in a process of their own while f runs.
func (a *attacker) attack(t *testing.T, only string, f func()) {
	t.Helper()
	a.Config.Only = only
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := exec.Command("nice", "-n", "19", self) //nolint:noctx // ended by a signal, not killed
	c.Env, c.Stdout = append(os.Environ(), attackerEnv+"="+string(config)), &out
	p, err := process.Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	f()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	var got answers
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("the attacker printed %q: %v", &out, err)
	}
	for name, statuses := range got {
		for status, n := range statuses {
			a.count(name, status, n)
		}
	}
}

// attacks are all attacks. Each paces itself, because it must be cheap for the attacker.
func (a *attacker) attacks() []attack {
	get := func(c harness.Client, path string) func(context.Context, string) {
		return func(ctx context.Context, name string) { a.ask(ctx, name, c, "GET", path, nil) }
	}
	post := func(c harness.Client, path string, body any) func(context.Context, string) {
		return func(ctx context.Context, name string) { a.ask(ctx, name, c, "POST", path, body) }
	}
	control := harness.Map{"content": strings.Repeat("\x01", 64<<10)}
	return []attack{
		a.repeat("threads of long messages", 8, 500*time.Millisecond, get(a.reader, "/conversations/"+a.Config.Conversation)),
		a.repeat("messages of control characters", 1, time.Second,
			post(a.visitor, "/visitor/conversations/"+a.Config.Conversation+"/messages", control)),
		a.repeat("catching up from the beginning", 24, 500*time.Millisecond, a.catchUp),
		a.repeat("imports without a token", 60, time.Second, a.anonymousImport),
		a.repeat("lists of long tickets", 4, 500*time.Millisecond, get(a.reader, "/tickets?limit=100")),
		a.repeat("long queries", 4, 200*time.Millisecond, get(a.reader, "/visitors?limit=1&x="+strings.Repeat("%25", 1_000))),
		a.repeat("idle uploads", 16, time.Second, a.idleUpload),
		a.repeat("heartbeats", 4, 20*time.Millisecond, post(a.visitor, "/visitor/heartbeat", harness.Map{})),
		a.repeat("sessions", 1, 50*time.Millisecond, post(a.system.Public(), "/visitor/sessions",
			harness.Map{"clientToken": a.Config.ClientToken})),
		a.repeat("sessions of one IPv6 network", 1, 20*time.Millisecond, a.networkSession),
		{"streams of one address", a.streams},
		a.repeat("false tokens", 1, 50*time.Millisecond, a.falseToken),
		a.repeat("unknown visitors", 4, 10*time.Millisecond, a.unknownVisitor),
		a.repeat("long messages to twenty webhooks", 1, time.Second,
			post(a.writer, "/conversations/"+a.Config.Conversation+"/messages", harness.Map{"content": longest})),
	}
}

// repeat returns an attack that repeats do in several clients, with pauses.
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

// ask makes a request and counts the result.
func (a *attacker) ask(ctx context.Context, name string, c harness.Client, method, path string, body any) {
	answer, err := c.Ask(ctx, method, path, body)
	what := fmt.Sprint(answer.Status)
	if answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
		what = "503 without Retry-After"
	}
	if err != nil {
		what = "no response"
	}
	if ctx.Err() == nil {
		a.count(name, what, 1)
	}
}

func (a *attacker) count(name, what string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers[name] == nil {
		a.answers[name] = map[string]int{}
	}
	a.answers[name][what] += n
}

// report logs the responses to the attacks. It fails the test for responses that no client may get, attackers included.
func (a *attacker) report(t *testing.T) {
	t.Helper()
	for _, name := range sortedKeys(a.answers) {
		t.Logf("%s: %v", name, a.answers[name])
		for what := range a.answers[name] {
			if what == "500" || what == "502" || what == "504" || what == "503 without Retry-After" {
				t.Errorf("%s got %s", name, what)
			}
		}
	}
}

// catchUp resumes an event stream from the beginning and leaves it after a moment.
func (a *attacker) catchUp(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	a.open(ctx, name, a.visitor.With("Last-Event-ID", "0.0.0.0"), "/visitor/events")
}

// streams opens as many event streams of one visitor as it can, and keeps them open.
func (a *attacker) streams(ctx context.Context) {
	var all sync.WaitGroup
	for range 1_600 {
		all.Go(func() { a.open(ctx, "streams of one address", a.visitor, "/visitor/events") })
	}
	all.Wait()
}

// open reads a stream until ctx ends.
func (a *attacker) open(ctx context.Context, name string, c harness.Client, path string) {
	answer, err := c.Ask(ctx, "GET", path, nil)
	if err == nil || answer.Status != 0 {
		a.count(name, fmt.Sprint(answer.Status), 1)
	}
}

// networkSession begins a session from a new address of one network.
func (a *attacker) networkSession(ctx context.Context, name string) {
	s := a.system.From("2001:db8:0:1::" + hex(rand.Text()))
	a.ask(ctx, name, s.Public(), "POST", "/visitor/sessions", harness.Map{"clientToken": a.Config.ClientToken})
}

// hex makes a group of an IPv6 address from a random text.
func hex(text string) string { return fmt.Sprintf("%x", text[:2]) }

// falseToken sends a guessed token with the neighbour's prefix.
func (a *attacker) falseToken(ctx context.Context, name string) {
	secret := a.Config.Victim
	guess := secret[:8] + strings.Repeat("x", len(secret)-8)
	a.ask(ctx, name, a.system.Bearer(guess), "GET", "/conversations", nil)
}

func (a *attacker) unknownVisitor(ctx context.Context, name string) {
	a.ask(ctx, name, a.system.Visitor("vis_"+strings.ToLower(rand.Text()+rand.Text())), "POST", "/visitor/heartbeat",
		harness.Map{})
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

// idleUpload announces a long body and sends one byte of it.
func (a *attacker) idleUpload(ctx context.Context, name string) {
	head := "POST /visitor/conversations HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + attackerAddress +
		"\r\nX-Visitor-Id: " + a.Config.Visitor +
		"\r\nX-Visitor-Secret: " + a.Config.VisitorSecret +
		"\r\nContent-Type: application/json\r\nContent-Length: 70000\r\n\r\n{"
	a.send(ctx, name, head, func(net.Conn) {})
}

// send writes a request by hand, and counts the status line if it arrives within some seconds.
func (a *attacker) send(ctx context.Context, name, head string, rest func(net.Conn)) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(a.Config.URL, "http://"))
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
		a.count(name, string(line[len("HTTP/1.1 "):]), 1)
	}
}
