package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

const (
	assertionKey = "an assertion key of 32 bytes or more"
	operatorKey  = "operator-key-for-tests"
)

// The API tokens that the fake accounts service knows, and an unknown one (stray).
var (
	readFree  = apiToken("readfree")
	writeFree = apiToken("writefree")
	bothPro   = apiToken("bothpro")
	stray     = apiToken("unknown")
)

// someone is a visitor with a secret, earlier a visitor of the version before secrets.
const (
	someone = "vis_someone"
	secret  = "vsec_someones"
	earlier = "vis_earlier"
)

// The headers that name someone, and prove it.
const (
	named  = "x-visitor-id: " + someone
	proven = "x-visitor-secret: " + secret
)

// apiToken makes a token in the form that accounts issues.
func apiToken(name string) string {
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := name + strings.Repeat("x", 32-len(name))
	check := ""
	for sum := crc32.ChecksumIEEE([]byte(body)); len(check) < 6; sum /= 62 {
		check = string(base62[sum%62]) + check
	}
	return "5c_" + body + check
}

// seen is a request as a service saw it. The echo returns it.
type seen struct {
	Service   string             `json:"service"`
	Principal identity.Principal `json:"principal"`
	Method    string             `json:"method"`
	URI       string             `json:"uri"`
	Header    http.Header        `json:"header"`
	Body      string             `json:"body"`
	Length    int64              `json:"length"`
}

// fixture is a gateway with fake services.
type fixture struct {
	t        *testing.T
	public   string
	operator string
	admin    string
	log      *lockedBuffer
	accounts *directory[tokenAnswer]
	visitors *directory[visitorAnswer]
	websites *directory[websiteAnswer]
	widgets  *directory[int64]                             // the versions of widgets
	answer   func(http.ResponseWriter, *http.Request) bool // responds in place of the echo if it returns true
	running  *runner.Running
	services map[string]*httptest.Server
}

type tokenAnswer struct {
	WebsiteID tenant.ID      `json:"websiteId"`
	TokenID   int64          `json:"tokenId"`
	Level     identity.Level `json:"level"`
	Plan      identity.Plan  `json:"plan"`
}

// stored is the storage usage of the website: too little to be limited.
func (h *fixture) stored(context.Context, operation.None) (storagequota.Usage, error) {
	return storagequota.Usage{Used: 0, Limit: storagequota.MaxLimit}, nil
}

// websiteAnswer is the data that limits depend on.
type websiteAnswer struct {
	WebsiteID tenant.ID         `json:"websiteId"`
	Plan      identity.Plan     `json:"plan"`
	Quotas    map[string]amount `json:"quotas"`
}

type amount struct {
	Requests int `json:"requests"`
	Seconds  int `json:"seconds"`
}

type visitorAnswer struct {
	WebsiteID  tenant.ID `json:"websiteId"`
	VisitorID  int64     `json:"visitorId"`
	SecretHash string    `json:"secretHash,omitempty"`
}

// open starts a gateway. adjust changes its settings first.
func open(t *testing.T, adjust ...func(*app.Config)) *fixture {
	t.Helper()
	website, _ := tenant.New(7)
	h := &fixture{
		t: t, log: &lockedBuffer{}, services: map[string]*httptest.Server{},
		accounts: &directory[tokenAnswer]{known: map[string]tokenAnswer{
			hashOf(readFree):  {website, 11, identity.Read, identity.Free},
			hashOf(writeFree): {website, 12, identity.Write, identity.Free},
			hashOf(bothPro):   {website, 13, identity.ReadWrite, identity.Pro},
		}},
		visitors: &directory[visitorAnswer]{
			known: map[string]visitorAnswer{someone: {website, 42, hashOf(secret)}, earlier: {website, 43, ""}},
		},
		websites: &directory[websiteAnswer]{known: map[string]websiteAnswer{"7": {website, identity.Pro, nil}}},
	}
	h.widgets = &directory[int64]{known: map[string]int64{"w": 1}}
	keys, err := identity.NewKeyring([]byte(assertionKey))
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Addr, c.AdminAddr, c.OperatorAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.AssertionKeys, c.OperatorKey = []string{assertionKey}, operatorKey
	c.Telemetry.LogTo = h.log
	c.AccountsURL = h.service("accounts", keys, func(r *httpkit.Router, chain operation.Chain) {
		httpkit.Handle(
			r, "GET /internal/tokens/{key}", 200,
			operation.New(chain, "accounts.resolve_token", authz.Internal, h.accounts.find),
		)
		httpkit.Handle(
			r, "GET /internal/websites/{key}/limits", 200,
			operation.New(chain, "accounts.get_limits", authz.Internal, h.websites.find),
		)
		httpkit.Handle(
			r, "GET /internal/website-storage", 200,
			operation.New(chain, "accounts.get_storage", authz.Internal, h.stored),
		)
	})
	c.VisitorsURL = h.service("visitors", keys, func(r *httpkit.Router, chain operation.Chain) {
		httpkit.Handle(
			r, "GET /internal/visitor-tokens/{key}", 200,
			operation.New(chain, "visitors.resolve_token", authz.Internal, h.visitors.find),
		)
	})
	c.ConversationsURL = h.service("conversations", keys, nil)
	c.WidgetsURL = h.service("widgets", keys, func(r *httpkit.Router, _ operation.Chain) {
		r.Mount("GET /widgets/{key}", http.HandlerFunc(h.widget))
	})
	c.TicketsURL = h.service("tickets", keys, nil)
	c.StatisticsURL = h.service("statistics", keys, nil)
	c.WebhooksURL = h.service("webhooks", keys, nil)
	c.WorkspaceURL = h.service("workspace", keys, nil)
	c.MailURL = h.service("mail", keys, nil)
	c.FilesURL = h.service("files", keys, nil)
	for _, a := range adjust {
		a(&c)
	}
	unit, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	running, err := runner.Start(unit)
	if err != nil {
		t.Fatal(err)
	}
	h.running = running
	t.Cleanup(func() {
		if err := running.Stop(context.Background()); err != nil {
			t.Error("stop:", err)
		}
	})
	h.public, h.operator, h.admin = running.URL("http"), running.URL(app.Operator), running.URL(runner.Admin)
	return h
}

// widget responds with a widget that contains only its version.
func (h *fixture) widget(w http.ResponseWriter, r *http.Request) {
	v, err := h.widgets.find(r.Context(), byKey{r.PathValue("key")})
	if err != nil {
		httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(r.Context()), err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=1, stale-while-revalidate=5")
	w.Header().Set("ETag", fmt.Sprintf(`"7.%s.x"`, strconv.FormatInt(v, 36)))
	if err := httpkit.WriteJSON(w, http.StatusOK, map[string]int64{"version": v}); err != nil {
		h.t.Error(err)
	}
}

// service starts a fake service: its internal operations, and an echo for all other requests.
func (h *fixture) service(name string, keys *identity.Keyring, mount func(*httpkit.Router, operation.Chain)) string {
	h.t.Helper()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(h.t.Context(), name, c)
	if err != nil {
		h.t.Fatal(err)
	}
	router := httpkit.NewRouter(tele, keys)
	if mount != nil {
		mount(router, operation.Standard(tele))
	}
	router.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.answer != nil && h.answer(w, r) {
			return
		}
		body, _ := io.ReadAll(r.Body)
		saw := seen{name, identity.From(r.Context()), r.Method, r.RequestURI, r.Header, string(body), r.ContentLength}
		if err := httpkit.WriteJSON(w, http.StatusOK, saw); err != nil {
			h.t.Error(err)
		}
	}))
	s := httptest.NewUnstartedServer(router)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	h.t.Cleanup(s.Close)
	h.services[name] = s
	return s.URL
}

// directory has the data of a fake service, by internal keys.
type directory[V any] struct {
	mu    sync.Mutex
	known map[string]V
	asked int
	hold  chan struct{} // if set, responses wait until it is closed
}

type byKey struct {
	Key string `path:"key" json:"-"`
}

func (d *directory[V]) find(_ context.Context, k byKey) (V, error) {
	d.mu.Lock()
	d.asked++
	hold := d.hold
	v, ok := d.known[k.Key]
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if !ok {
		return v, fault.Missing("token")
	}
	return v, nil
}

func (d *directory[V]) remove(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, key)
}

func (d *directory[V]) put(key string, v V) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[key] = v
}

func (d *directory[V]) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// lockedBuffer is a log that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// answer is a response whose body has been read.
type answer struct {
	*http.Response
	body []byte
}

// headers are a request's headers as "Name: value".
func (h *fixture) do(method, url string, body io.Reader, headers ...string) answer {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, url, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{resp, b}
}

func (h *fixture) problem(a answer) httpkit.Problem {
	h.t.Helper()
	var p httpkit.Problem
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		h.t.Errorf("Content-Type %q of status %d: %s", got, a.StatusCode, a.body)
	}
	if err := httpkit.Decode(a.body, &p, false); err != nil {
		h.t.Errorf("the problem cannot be read: %v: %s", err, a.body)
	}
	return p
}

func (h *fixture) echoed(a answer) seen {
	h.t.Helper()
	var s seen
	if a.StatusCode != http.StatusOK {
		h.t.Fatalf("status %d: %s", a.StatusCode, a.body)
	}
	if err := httpkit.Decode(a.body, &s, false); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// eventually waits until ok reports true. It reports false if that takes longer than limit.
func eventually(t *testing.T, limit time.Duration, ok func() bool) bool {
	t.Helper()
	deadline, tick := time.After(limit), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
	return true
}

// listening waits until n gateways are subscribed to announcements.
func listening(t *testing.T, redis *miniredis.Miniredis, n int) {
	t.Helper()
	const channel = "fivechat:forget"
	if !eventually(t, 10*time.Second, func() bool { return redis.PubSubNumSub(channel)[channel] == n }) {
		t.Fatal("the gateways aren't subscribed")
	}
}

func bearer(token string) string { return "Authorization: Bearer " + token }
