package route_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
)

func TestEveryRowHasWhatItNeeds(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range slices.Concat(route.Public, route.Operator) {
		name := r.Method + " " + r.Pattern
		check := func(ok bool, what string) {
			t.Helper()
			if !ok {
				t.Errorf("%s: %s", name, what)
			}
		}
		check(!seen[name], "is in the table twice")
		seen[name] = true
		check(
			strings.HasPrefix(r.Pattern, "/") && !strings.HasSuffix(r.Pattern, "/"),
			"the pattern is not a plain path",
		)
		check(r.Rule.Caller != "", "has no rule")
		check(r.Rule.Caller != identity.Service, "is for services only")
		check(
			r.Rule.Caller != identity.Token || r.Rule.Level != "" && r.Rule.Plan != "",
			"the rule has no level or plan",
		)
		check((r.Rule.Caller == identity.Visitor) == (r.Visitor != route.NoVisitor), "rule and visitor policy disagree")
		check(r.Rule.Caller != identity.Token || r.CORS == route.Configured, "a bearer operation is open to every page")
		check(
			r.Rule.Caller != identity.Visitor || r.CORS == route.Open,
			"a visitor operation is closed to tenants' pages",
		)
		check(r.Body > 0, "has no body cap")
		check(r.Class != "", "has no limit class")
		check(
			(r.Upstream == route.Self) == (r.Class == route.ClassHealth || r.Class == route.ClassPage),
			"goes nowhere, or past the edge's own answer",
		)
		check(r.Method != "GET" || r.Rule.Level != identity.Write, "reads with a write rule")
		check(r.Method == "GET" || r.Rule.Level != identity.Read, "writes with a read rule")
		check(
			!strings.HasPrefix(r.Pattern, "/internal/") || r.Pattern == "/internal/visitors/tickets",
			"is a service's own",
		)
		check(
			strings.HasPrefix(r.Pattern, "/operator/") == (r.Rule == authz.Operator),
			"operator path and rule disagree",
		)
		check(
			(strings.HasPrefix(r.Pattern, "/tickets") ||
				r.Pattern == "/mail" || r.Pattern == "/export/tickets") == (r.Rule.Plan == identity.Pro),
			"plan",
		)
	}
	for _, r := range route.Public {
		if r.Rule == authz.Operator {
			t.Errorf("%s %s is public", r.Method, r.Pattern)
		}
	}
}

func TestDocumentedOperationsHaveRows(t *testing.T) {
	t.Parallel()
	table := route.New(route.Public)
	for _, d := range []struct {
		method, path string
		to           route.Upstream
		rule         authz.Rule
	}{
		{"GET", "/health", route.Self, authz.Public},
		{"GET", "/conversations?page=2", route.Conversations, authz.Read},
		{"GET", "/conversations/conv_1?lang=de", route.Conversations, authz.Read},
		{"GET", "/conversations/conv_1/messages", route.Conversations, authz.Read},
		{"POST", "/conversations/conv_1/rate", route.Conversations, authz.Visitor.UnlessBlocked()},
		{"GET", "/visitors/vis_1", route.Visitors, authz.Read},
		{"PATCH", "/visitors/vis_1/context", route.Visitors, authz.Write},
		{"GET", "/widgets/w", route.Widgets, authz.Public},
		{"PATCH", "/widgets/w", route.Widgets, authz.ManageWrite},
		{"GET", "/statistics/current", route.Statistics, authz.Read},
		{"GET", "/tickets", route.Tickets, authz.ProRead},
		{"POST", "/tickets", route.Tickets, authz.ProWrite},
		{"GET", "/tickets/1", route.Tickets, authz.ProRead},
		{"PATCH", "/tickets/1", route.Tickets, authz.ProWrite},
		{"DELETE", "/tickets/1", route.Tickets, authz.ProWrite},
		{"PATCH", "/tickets/1/status", route.Tickets, authz.ProWrite},
		{"POST", "/tickets/1/messages", route.Tickets, authz.ProWrite},
		{"POST", "/internal/visitors/tickets", route.Tickets, authz.Visitor.UnlessBlocked()},
		{"GET", "/widget/w?ver=1.0.1", route.Widgets, authz.Public},
	} {
		path := table.Find(httptest.NewRequest(d.method, d.path, nil))
		if path == nil || path.Route(d.method) == nil {
			t.Errorf("%s %s has no row", d.method, d.path)
			continue
		}
		if r := path.Route(d.method); r.Upstream != d.to || r.Rule != d.rule {
			t.Errorf("%s %s leads to %q under %+v", d.method, d.path, r.Upstream, r.Rule)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	table := route.New(route.Public)
	for _, c := range []struct{ path, want string }{
		{"/conversations", "/conversations"},
		{"/conversations/import", "/conversations/import"},
		{"/conversations/imported", "/conversations/{token}"},
		{"/tags/a%20b", "/tags/{name}"},
		{"/tags/%2e%2e%2e", "/tags/{name}"},
		{"/tags/..a", "/tags/{name}"},
		{"/conversations/", ""},
		{"//conversations", ""},
		{"/conversations//messages", ""},
		{"/conversations/../health", ""},
		{"/conversations/./x", ""},
		{"/conversations/%2e%2e", ""},
		{"/conversations/%2E.", ""},
		{"/conversations/a%2fb", ""},
		{"/conversations/a%2Fb", ""},
		{"/conversations/a%5cb", ""},
		{"/internal/tokens/x", ""},
		{"/internal/visitors/by-token/x", ""},
		{"/internal/visitors/tickets/", ""},
		{"/INTERNAL/visitors/tickets", ""},
		{"/operator/websites", ""},
		{"/", ""},
		{"*", ""},
		{"", ""},
	} {
		u := &url.URL{Path: c.path}
		if unescaped, err := url.PathUnescape(c.path); err == nil && unescaped != c.path {
			u = &url.URL{Path: unescaped, RawPath: c.path}
		}
		got := ""
		if p := table.Find(&http.Request{Method: "GET", URL: u}); p != nil {
			got = p.Pattern
		}
		if got != c.want {
			t.Errorf("%q leads to %q, want %q", c.path, got, c.want)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	path := route.New(route.Public).Find(httptest.NewRequest("GET", "/widgets/w", nil))
	if got := path.Allow(); got != "GET, HEAD, OPTIONS, PATCH" {
		t.Errorf("Allow: %s", got)
	}
	open := path.Methods(func(r *route.Route) bool { return r.CORS == route.Open })
	if !slices.Equal(open, []string{"GET", "HEAD"}) {
		t.Errorf("open methods: %v", open)
	}
	if path.Route("HEAD") != path.Route("GET") || path.Route("POST") != nil || path.Route("") != nil {
		t.Error("HEAD must be GET's row, and an unknown method has no row")
	}
}

func TestDuplicateRowIsRefused(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the table was made")
		}
	}()
	route.New([]route.Route{route.Public[0], route.Public[0]})
}
