// Package edge is the gateway's HTTP handler. It finds the row of a request, refuses it in the order that the API
// documents, and forwards the rest to a service.
//
// Begin with Edge, the handler of one listener, and Edge.serve, the order of the checks. Shared is what the public and
// the operator listener have in common. Each request is an exchange, which is logged, measured and traced exactly once.
//
// No check reads the body. The package doesn't decide quotas (quota), resolve credentials (token, visitor) or talk to
// services (proxy).
package edge

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/quota"
	"fivechat.dev/api-gateway/internal/responsecache"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/session"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/api-gateway/internal/visitor"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

// Credential resolves the caller of a request from its headers and address.
type Credential func(ctx context.Context, h http.Header, address string) (identity.Principal, error)

// Shared is what the listeners have in common.
type Shared struct {
	Telemetry *telemetry.Telemetry
	Tokens    Credential
	Sessions  Credential // the person of a session cookie, in the website that the request names
	Persons   Credential // as Sessions, in no website
	// SameOrigin refuses requests that change something and that a browser makes for a page of another origin.
	SameOrigin func(*http.Request) error
	Visitors   Credential // the visitor that a visitor token names
	Proven     Credential // as Visitors, and checks the visitor's secret
	// WatchVisitor calls end when the secret of a request's visitor token has been replaced, until stop is called.
	WatchVisitor func(h http.Header, end func()) (stop func())
	Operators    Credential
	Limits       *quota.Guard
	Storage      *storagequota.Limiter // refuses writes of websites that have reached their storage limit
	Proxy        *proxy.Proxy
	Bodies       *share.Budget        // limits the bytes of request bodies
	Widgets      *responsecache.Cache // caches public responses
	// Pages serves files to browsers; on an error nothing was written.
	Pages    func(http.ResponseWriter, *http.Request) error
	Trusted  []netip.Prefix // proxies whose X-Forwarded-For is trusted
	Origins  []string       // origins whose pages may call operations with a bearer token
	Timeout  time.Duration  // the deadline of a request
	metrics  *metrics
	overload *rate.Sometimes // bounds the log lines about requests refused for lack of room
	draining context.Context // ends when streams must end
	drain    context.CancelFunc
}

// overloadLogged is the interval between two log lines about requests refused for lack of room. All are counted;
// logging each would take capacity from other requests.
const overloadLogged = 100 * time.Millisecond

// New completes the parts that the listeners share.
func New(s Shared) *Shared {
	s.metrics, s.overload = newMetrics(s.Telemetry), &rate.Sometimes{Interval: overloadLogged}
	s.draining, s.drain = context.WithCancel(context.Background())
	return &s
}

// Drain ends all streams, which don't end by themselves. Their clients resume at another gateway.
func (s *Shared) Drain() { s.drain() }

// Edge is the handler of one listener.
type Edge struct {
	*Shared
	table  *route.Table
	series map[*route.Route]*series
}

// Over makes the Edge of a route table.
func (s *Shared) Over(rows []route.Route) *Edge {
	t := route.New(rows)
	return &Edge{s, t, s.metrics.of(t.Rows())}
}

// ServeHTTP responds within the timeout. Streams have no timeout and are served by the standard server.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := e.table.Find(r)
	var row *route.Route
	if path != nil {
		row = path.Route(r.Method)
	}
	if row == nil || !row.Class.Streams() {
		l := newLifetime(r.Context(), e.Timeout)
		defer l.end()
		e.answer(l, w, r, path, row) //nolint:contextcheck // its parent is the request's
		return
	}
	if plain, is := w.(interface{ HandOver() }); is {
		plain.HandOver()
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	// The read deadline of the request, left in place, would look like a client that disconnected.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a writer that cannot has no deadline
	end := func() { cancel(proxy.ErrDraining) }
	stop := context.AfterFunc(e.draining, end) //nolint:contextcheck // ends with the listener, not with the request
	defer stop()
	e.answer(ctx, w, r, path, row)
}

// answer handles one request as an exchange.
func (e *Edge) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, path *route.Path, row *route.Route) {
	x, ctx := e.begin(ctx, w, r, row)
	defer x.end(ctx)
	if err := e.serve(x, r.WithContext(ctx), path, row); err != nil {
		x.refuse(ctx, err)
	}
}

// serve refuses in the documented order: unknown path or method, overloaded service, stated length, credential,
// permission and plan, quota, storage limit. Only then it reads the body and forwards the request.
func (e *Edge) serve(x *exchange, r *http.Request, path *route.Path, row *route.Route) error {
	x.unread = unread(r)
	if strings.ContainsFunc(r.RequestURI, outsideTarget) {
		return fault.New(fault.Invalid, "the request target contains a space or a control character")
	}
	if path == nil && isBrowserAtRoot(r) {
		http.Redirect(x, r, "/console", http.StatusFound)
		return nil
	}
	if path == nil {
		return fault.Missing("path")
	}
	x.Route = path.Pattern
	if r.Method == http.MethodOptions {
		e.options(x, path, r)
		return nil
	}
	if row == nil {
		x.Header().Set("Allow", path.Allow())
		return fault.New(fault.MethodNotAllowed, "the path has no method "+r.Method)
	}
	x.row = row
	e.setCORS(x.Header(), row, r)
	p, err := e.authorize(x, r, row)
	if err != nil {
		return err
	}
	if row.Upstream == route.Self {
		return e.self(x, r, row)
	}
	if row.Class == route.ClassFile {
		x.Header()["Content-Security-Policy"] = fileContent
	}
	if row.Class == route.ClassSettings {
		if served, err := e.Widgets.Serve(x, r); served {
			return err
		}
	}
	if row.Rule.Caller != identity.Public || row.Class == route.ClassSignIn {
		x.Header()["Cache-Control"] = noStore // unless the service states another
	}
	caller := proxy.Caller{Principal: p, Address: x.client}
	if row.SignIn {
		caller.SignIn = session.SignIn(r.Header)
	}
	if row.Device {
		caller.Device = session.Device(r.Header)
	}
	if row.Class == route.ClassUpload {
		return e.upload(x, r, row, caller)
	}
	if row.Class.Streams() {
		r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil // streams take no body
		return e.stream(x, r, row, caller)
	}
	if err := e.readBody(x.ResponseWriter, r, row.Body, share.HoldersOf(p, x.client)); err != nil {
		return err
	}
	x.unread = false
	return e.Proxy.Forward(x, r, row.Upstream, caller)
}

// isBrowserAtRoot reports whether a person opened the address of the gateway without a path. Programs get 404.
func isBrowserAtRoot(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// authorize runs the checks that precede reading the body, and returns the caller.
func (e *Edge) authorize(x *exchange, r *http.Request, row *route.Route) (identity.Principal, error) {
	if row.Upstream != route.Self && row.Class != route.ClassSettings && !row.Class.Streams() {
		if err := e.Proxy.Full(row.Upstream); err != nil {
			return identity.Principal{}, err
		}
	}
	if err := declared(r, row.Body); err != nil {
		return identity.Principal{}, err
	}
	if row.Rule.Caller == identity.Token {
		x.token = token.Beginning(r.Header)
	}
	p, err := e.identify(row, r, x.client)
	if err != nil {
		return p, err
	}
	x.principal = p
	if err := row.Rule.Check(p); err != nil {
		return p, err
	}
	if err := e.Limits.Admit(r.Context(), row.Class, p, x.client, x.Header()); err != nil || !row.Stores {
		return p, err
	}
	return p, e.Storage.Check(r.Context(), p.Website)
}

// outsideTarget reports characters that no request target may contain (RFC 9112, 3.2). HTTP/2 can carry them, and in
// the request line to a service they would end the target.
func outsideTarget(r rune) bool { return r <= ' ' || r == 0x7f }

// recheckEvery is the interval at which a stream's credential is resolved again.
const recheckEvery = time.Second

// stream forwards a stream as long as its credential resolves to the same principal. An agent's access ends with the
// token or the session, and changes with its level or role and the website's plan. The client then connects again with
// its new rights.
func (e *Edge) stream(x *exchange, r *http.Request, row *route.Route, c proxy.Caller) error {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	if !row.Class.Transfers() {
		e.metrics.streams.Inc()
		defer e.metrics.streams.Dec()
	}
	if row.Rule.Caller == identity.Token || row.Rule.Caller == identity.Person {
		// The proxy changes the forwarded headers.
		credential := (&http.Request{Method: r.Method, Header: r.Header.Clone()}).WithContext(ctx)
		go e.watchPrincipal(credential, row, c, func() { cancel(proxy.ErrCredentialChanged) })
	}
	if row.Visitor == route.VisitorProven {
		defer e.WatchVisitor(r.Header, func() { cancel(proxy.ErrCredentialChanged) })()
	}
	if row.Class.Transfers() {
		return e.Proxy.Transfer(x, r.WithContext(ctx), row.Upstream, c)
	}
	return e.Proxy.Stream(x, r.WithContext(ctx), row.Upstream, c)
}

// watchPrincipal resolves the credential again every recheckEvery. It calls end if the credential is refused or names
// another principal than at the start. An unavailable service ends nothing.
func (e *Edge) watchPrincipal(r *http.Request, row *route.Route, c proxy.Caller, end func()) {
	again := time.NewTicker(recheckEvery)
	defer again.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-again.C:
		}
		p, err := e.identify(row, r, c.Address)
		p.Confirmed = c.Principal.Confirmed // ends by itself, and no stream needs it
		refused := fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Forbidden)
		if refused || err == nil && p != c.Principal {
			end()
			return
		}
	}
}

// takesSession reports whether the credential of a request is a person's session: its row needs a person, or takes one
// and the request has a personal access token, or a session cookie and no bearer.
func takesSession(row *route.Route, h http.Header) bool {
	switch {
	case row.Rule.Caller == identity.Person:
		return true
	case row.Rule.Caller == identity.Token, row.Session:
		return session.HasPersonalToken(h) || len(h.Values("Authorization")) == 0 && session.Has(h)
	default:
		return false
	}
}

// identify resolves the credential that the row requires, and no other. It refuses a session and a sign-in from a page
// of another origin.
func (e *Edge) identify(row *route.Route, r *http.Request, address string) (identity.Principal, error) {
	ctx, bySession := r.Context(), takesSession(row, r.Header)
	if bySession && !session.HasPersonalToken(r.Header) || row.Class == route.ClassSignIn {
		if err := e.SameOrigin(r); err != nil {
			return identity.Principal{}, err
		}
	}
	switch {
	case bySession:
		resolve := e.Sessions
		if row.Rule.Role == "" {
			resolve = e.Persons
		}
		p, err := resolve(ctx, r.Header, address)
		if row.Session && fault.Is(err, fault.Unauthenticated) { // a session that has ended counts as none
			return identity.Principal{Kind: identity.Public}, nil
		}
		return p, err
	case row.Rule.Caller == identity.Token:
		return e.Tokens(ctx, r.Header, address)
	case row.Rule.Caller == identity.Operator:
		return e.Operators(ctx, r.Header, address)
	case row.Visitor == route.VisitorInput:
		p, err := e.Visitors(ctx, r.Header, address)
		return p, visitor.AsInput(err)
	case row.Visitor == route.VisitorCredential:
		return e.Visitors(ctx, r.Header, address)
	case row.Visitor == route.VisitorProven:
		return e.Proven(ctx, r.Header, address)
	case row.Class == route.ClassHealth && session.HasPersonalToken(r.Header):
		return e.Persons(ctx, r.Header, address)
	case row.Class == route.ClassHealth && len(r.Header.Values("Authorization")) > 0:
		return e.Tokens(ctx, r.Header, address)
	default:
		return identity.Principal{Kind: identity.Public}, nil
	}
}

// OperatorKey is the Credential of the operator's key. The key is too long to be guessed, so failed attempts of others
// never block its owner.
func OperatorKey(key string, throttle token.Throttle) Credential {
	want := sha256.Sum256([]byte(key))
	return func(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
		secret, err := token.Bearer(h)
		if err != nil {
			return identity.Principal{}, err
		}
		if got := sha256.Sum256([]byte(secret)); subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return identity.Principal{}, token.Failed(ctx, throttle, address, "")
		}
		return identity.Principal{Kind: identity.Operator}, nil
	}
}

// self responds to the operations that the gateway implements itself.
func (e *Edge) self(x *exchange, r *http.Request, row *route.Route) error {
	if row.Class == route.ClassHealth {
		return health(x)
	}
	return e.Pages(x, r)
}

// health reports that the gateway responds. Monitors may call it without a token; a token that is sent must be valid.
func health(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	return httpkit.WriteJSON(w, http.StatusOK, struct {
		Status    string    `json:"status"`
		Timestamp time.Time `json:"timestamp"`
	}{"ok", time.Now()})
}
