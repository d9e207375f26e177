// Package route is the gateway's route table: which paths exist, who may call them, which quota they spend, and which
// service answers. The rows of the public listener are generated from the OpenAPI document (public.gen.go); this file
// finds the row of a request.
package route

import (
	"net/http"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/authz"
)

// Upstream names the service that answers a row.
type Upstream string

// The services that respond to rows. Self is the gateway's own answer.
const (
	Self          Upstream = ""
	Accounts      Upstream = "accounts"
	Conversations Upstream = "conversations"
	Visitors      Upstream = "visitors"
	Widgets       Upstream = "widgets"
	Tickets       Upstream = "tickets"
	Statistics    Upstream = "statistics"
	Webhooks      Upstream = "webhooks"
	Workspace     Upstream = "workspace"
	Mail          Upstream = "mail"
	Files         Upstream = "files"
)

// Visitor says how a row treats the headers x-visitor-id, which names a visitor, and x-visitor-secret, which proves it.
type Visitor uint8

// The visitor policies. They differ in what an unknown visitor token is: part of the input, or the credential.
const (
	NoVisitor         Visitor = iota // the headers are not read
	VisitorInput                     // token missing or unknown: 400
	VisitorCredential                // token missing: 400; unknown: 401
	VisitorProven                    // like VisitorCredential; secret missing or wrong: 401
)

// CORS says whose pages may call a row from a browser.
type CORS uint8

// The CORS policies.
const (
	Configured CORS = iota // pages of the origins in the configuration
	Open                   // any page: the widget runs on tenants' sites
)

// Class names the rate limit that a row counts towards.
type Class string

// The limit classes.
const (
	ClassRead     Class = "read"
	ClassWrite    Class = "write"
	ClassImport   Class = "import"
	ClassVisitor  Class = "visitor"
	ClassSession  Class = "session"
	ClassPublic   Class = "public"
	ClassSettings Class = "settings" // a public response that the gateway caches
	ClassStream   Class = "stream"   // a response that continues until one side ends it
	ClassExport   Class = "export"   // a response that continues until all rows are sent
	ClassUpload   Class = "upload"   // a request whose body is passed on as it arrives
	ClassFile     Class = "file"     // a response of any length, which everyone may read who has its address
	ClassSignIn   Class = "signIn"   // a request by which somebody becomes a known person
	ClassHealth   Class = "health"
	ClassPage     Class = "page" // a page for browsers
	ClassOperator Class = "operator"
)

// Streams reports whether responses of the class pass through as they arrive, without a deadline.
func (c Class) Streams() bool { return c == ClassStream || c == ClassExport || c.Transfers() }

// Transfers reports whether requests of the class transfer a file, in one direction or the other.
func (c Class) Transfers() bool { return c == ClassUpload || c == ClassFile }

// Route is one row.
type Route struct {
	Method   string
	Pattern  string // a ServeMux pattern's path; also the route's name in logs, metrics and traces
	Upstream Upstream
	Rule     authz.Rule
	Visitor  Visitor
	CORS     CORS
	Body     int64 // the request body's cap in bytes
	Class    Class

	// Session is set if a public row takes a person's session, if the request has one.
	Session bool

	// SignIn is set if the service gets the cookie of a sign-in at an identity provider.
	SignIn bool

	// Device is set if the service gets the cookie of a browser in which a person has signed in before.
	Device bool

	// Stores is set if a request stores new text of a website that is known before it is forwarded. It is refused if the
	// website has reached its storage limit. Requests that change or remove stored text are allowed: each is bounded by
	// itself. A new visitor is refused by the visitors service, which knows the website of a client token.
	Stores bool
}

// Path has the rows of one pattern, by method.
type Path struct {
	Pattern string
	routes  map[string]*Route
}

// Route returns the row of a method; HEAD is GET without a body. It is nil if the path has no such method.
func (p *Path) Route(method string) *Route {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return p.routes[method]
}

// Methods returns the methods of the rows that keep accepts, sorted, with HEAD beside GET.
func (p *Path) Methods(keep func(*Route) bool) []string {
	var methods []string
	for m, r := range p.routes {
		if !keep(r) {
			continue
		}
		if methods = append(methods, m); m == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return methods
}

// Allow is the value of the header Allow: every method of the path, and OPTIONS.
func (p *Path) Allow() string {
	methods := append(p.Methods(func(*Route) bool { return true }), http.MethodOptions)
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// ServeHTTP makes a Path a handler, so that a ServeMux can find it. It is never called.
func (p *Path) ServeHTTP(http.ResponseWriter, *http.Request) {}

// Table finds the Path of a request.
type Table struct {
	mux  *http.ServeMux
	rows []*Route
}

// New makes a table of rows. It panics on patterns that clash, so that a wrong table never starts.
func New(rows []Route) *Table {
	paths := map[string]*Path{}
	t := &Table{mux: http.NewServeMux()}
	for _, row := range rows {
		p := paths[row.Pattern]
		if p == nil {
			p = &Path{row.Pattern, map[string]*Route{}}
			paths[row.Pattern] = p
			t.mux.Handle(row.Pattern, p)
		}
		if p.routes[row.Method] != nil {
			panic("route: " + row.Method + " " + row.Pattern + " is in the table twice")
		}
		p.routes[row.Method] = &row
		t.rows = append(t.rows, &row)
	}
	return t
}

// Rows returns all rows, the same pointers as Path.Route.
func (t *Table) Rows() []*Route { return t.rows }

// Find returns the path of a request, or nil. Only the plainest spelling of a path is found: a path that a ServeMux
// would redirect, or that a service could read differently, doesn't exist.
func (t *Table) Find(r *http.Request) *Path {
	if !plain(r.URL.EscapedPath()) {
		return nil
	}
	h, _ := t.mux.Handler(r)
	p, _ := h.(*Path)
	return p
}

// plain reports whether an escaped path has neither empty nor dot segments, nor an encoded slash, backslash or dot
// segment.
func plain(escaped string) bool {
	rest, rooted := strings.CutPrefix(escaped, "/")
	if !rooted {
		return false
	}
	lower := strings.ToLower(rest)
	if strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") || strings.Contains(lower, `\`) {
		return false
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(lower, "%2e", "."), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
