// Package edge is the handler behind which everything stands: it finds a request's row, refuses in the contract's
// order, and has the rest forwarded. The public and the operator listener are each an Edge, over tables of their own.
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

	"fivechat.dev/api-gateway/internal/limit"
	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/responsecache"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/api-gateway/internal/visitor"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

// Credential resolves what the headers of a request from an address say about its caller.
type Credential func(ctx context.Context, h http.Header, address string) (identity.Principal, error)

// Shared is what the listeners have in common.
type Shared struct {
	Telemetry *telemetry.Telemetry
	Tokens    Credential
	Visitors  Credential // who a visitor token names
	Proven    Credential // that, and the visitor's secret
	Operators Credential
	Limits    *limit.Guard
	Storage   *storagequota.Limiter // refuses writes of websites that have reached their storage limit
	Proxy     *proxy.Proxy
	Bodies    *share.Budget                                  // the bytes of request bodies
	Widgets   *responsecache.Cache                           // what public answers are kept
	Pages     func(http.ResponseWriter, *http.Request) error // what browsers show; an error says that nothing was answered
	Trusted   []netip.Prefix                                 // the proxies whose X-Forwarded-For counts
	Origins   []string                                       // whose pages may call operations with a bearer
	Timeout   time.Duration                                  // how long a request may take
	metrics   *metrics
	crowd     *rate.Sometimes // which of those are logged that a service has no room for
	draining  context.Context // ends when streams have to
	drain     context.CancelFunc
}

// crowdLogged is between two log lines about requests that a service has no room for: they are counted, and to write down
// each would take what is left for others.
const crowdLogged = 100 * time.Millisecond

// New completes what the listeners share.
func New(s Shared) *Shared {
	s.metrics, s.crowd = newMetrics(s.Telemetry), &rate.Sometimes{Interval: crowdLogged}
	s.draining, s.drain = context.WithCancel(context.Background())
	return &s
}

// Drain ends the streams, which would not end by themselves; their readers go on elsewhere.
func (s *Shared) Drain() { s.drain() }

// Edge answers one listener.
type Edge struct {
	*Shared
	table  *route.Table
	series map[*route.Route]*series
}

// Over makes the Edge of a table.
func (s *Shared) Over(rows []route.Route) *Edge {
	t := route.New(rows)
	return &Edge{s, t, s.metrics.of(t.Rows())}
}

// ServeHTTP answers a request: within the timeout, unless it asks for a stream, which the standard server serves.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := e.table.Find(r)
	var row *route.Route
	if path != nil {
		row = path.Route(r.Method)
	}
	if row == nil || !row.Class.Streams() {
		l := newLifetime(r.Context(), e.Timeout)
		defer l.end()
		e.answer(l, w, r, path, row) //nolint:contextcheck // it is made of the request's
		return
	}
	if plain, is := w.(interface{ HandOver() }); is {
		plain.HandOver()
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	// The deadline of reading the request, left in place, would look like a client that went away.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a writer that cannot has no deadline
	end := func() { cancel(proxy.ErrDraining) }
	stop := context.AfterFunc(e.draining, end) //nolint:contextcheck // the listener's end, not the request's
	defer stop()
	e.answer(ctx, w, r, path, row)
}

// answer is one exchange.
func (e *Edge) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, path *route.Path, row *route.Route) {
	x, ctx := e.begin(ctx, w, r, row)
	defer x.end(ctx)
	if err := e.serve(x, r.WithContext(ctx), path, row); err != nil {
		x.refuse(ctx, err)
	}
}

// serve refuses in the contract's order: path and method, stated length, credential, permission, quota; only then it reads
// the body, and the rest is the service's.
func (e *Edge) serve(x *exchange, r *http.Request, path *route.Path, row *route.Route) error {
	x.unread = unread(r)
	if strings.ContainsFunc(r.RequestURI, outsideTarget) {
		return fault.New(fault.Invalid, "the request target contains a space or a control character")
	}
	if path == nil {
		return fault.Missing("path")
	}
	x.pattern = path.Pattern
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
	p, err := e.admit(x, r, row)
	if err != nil {
		return err
	}
	if row.Upstream == route.Self {
		return e.self(x, r, row)
	}
	if row.Class == route.ClassSettings {
		if served, err := e.Widgets.Serve(x, r); served {
			return err
		}
	}
	if row.Rule.Caller != identity.Public {
		x.Header()["Cache-Control"] = noStore // unless the service knows better
	}
	caller := proxy.Caller{Principal: p, Address: x.client}
	if row.Class.Streams() {
		r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil // no stream takes one
		return e.stream(x, r, row, caller)
	}
	if err := e.readBody(x.ResponseWriter, r, row.Body, share.HoldersOf(p, x.client)); err != nil {
		return err
	}
	x.unread = false
	return e.Proxy.Forward(x, r, row.Upstream, caller)
}

// admit refuses a request by what is known before its body is read, and returns whom it is from.
func (e *Edge) admit(x *exchange, r *http.Request, row *route.Route) (identity.Principal, error) {
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
	if err := e.Limits.Admit(r.Context(), row.Class, p, x.client, x.Header()); err != nil || !row.Stores() {
		return p, err
	}
	return p, e.Storage.Check(r.Context(), p.Website)
}

// outsideTarget reports the characters that no request target has (RFC 9112, 3.2). HTTP/2 carries them all the same, and
// in the request line to a service they would end the target.
func outsideTarget(r rune) bool { return r <= ' ' || r == 0x7f }

// admitEvery is between looks whether who reads a stream may still read it.
const admitEvery = time.Second

// stream forwards a stream for as long as its bearer is the same: what an agent may read ends with the token, and
// changes with its level and the website's plan. The client connects again as what it has become.
func (e *Edge) stream(x *exchange, r *http.Request, row *route.Route, c proxy.Caller) error {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	e.metrics.streams.Inc()
	defer e.metrics.streams.Dec()
	if row.Rule.Caller == identity.Token {
		bearer := (&http.Request{Header: r.Header.Clone()}).WithContext(ctx) // what is forwarded is changed on its way
		go e.watchPrincipal(bearer, row, c, func() { cancel(proxy.ErrCredentialChanged) })
	}
	return e.Proxy.Stream(x, r.WithContext(ctx), row.Upstream, c)
}

// watchPrincipal resolves the credential again every admitEvery, and calls end once it is refused or stands for another
// principal than the stream began with. An unavailable service is neither.
func (e *Edge) watchPrincipal(r *http.Request, row *route.Route, c proxy.Caller, end func()) {
	again := time.NewTicker(admitEvery)
	defer again.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-again.C:
		}
		p, err := e.identify(row, r, c.Address)
		refused := fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Forbidden)
		if refused || err == nil && p != c.Principal {
			end()
			return
		}
	}
}

// identify resolves the credential that the row asks for, and no other.
func (e *Edge) identify(row *route.Route, r *http.Request, address string) (identity.Principal, error) {
	ctx := r.Context()
	switch {
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
	case row.Class == route.ClassHealth && len(r.Header.Values("Authorization")) > 0:
		return e.Tokens(ctx, r.Header, address)
	default:
		return identity.Principal{Kind: identity.Public}, nil
	}
}

// OperatorKey is the Credential of who holds an installation's operator key. The key is too long to be guessed, so who
// has it is not stopped by who tries.
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

// self answers what no service does.
func (e *Edge) self(x *exchange, r *http.Request, row *route.Route) error {
	if row.Class == route.ClassHealth {
		return health(x)
	}
	return e.Pages(x, r)
}

// health says that the edge answers. A monitor without a token may ask; a token that is sent must be valid.
func health(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	return httpkit.WriteJSON(w, http.StatusOK, struct {
		Status    string    `json:"status"`
		Timestamp time.Time `json:"timestamp"`
	}{"ok", time.Now()})
}
