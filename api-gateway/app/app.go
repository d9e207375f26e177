// Package app assembles the gateway from its settings (Config) into a process (New). It holds no rule of its own: those
// are in the internal packages.
package app

import (
	"context"
	"net/http"
	"net/url"

	"fivechat.dev/api-gateway/internal/edge"
	"fivechat.dev/api-gateway/internal/front"
	"fivechat.dev/api-gateway/internal/pages"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
)

// Operator is the name of the operator's listener.
const Operator = "operator"

// New makes the gateway. Its readiness doesn't depend on the services: one that is unavailable affects only the
// operations that need it. If readiness depended on it, all gateways would leave the load balancer and all operations
// would fail.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	if err := c.Validate(); err != nil {
		return runner.Unit{}, err
	}
	keys, err := c.keyring()
	if err != nil {
		return runner.Unit{}, err
	}
	services, err := c.services()
	if err != nil {
		return runner.Unit{}, err
	}
	tele, err := telemetry.New(ctx, "api-gateway", c.Telemetry)
	if err != nil {
		return runner.Unit{}, err
	}
	return unit(c, keys, services, tele)
}

func unit(
	c Config, keys *identity.Keyring, services map[route.Upstream]*url.URL, tele *telemetry.Telemetry,
) (runner.Unit, error) {
	p, err := newParts(c, keys, services, tele)
	if err != nil {
		return runner.Unit{}, err
	}
	shown, err := pages.New(c.Demo, c.DemoPeople)
	if err != nil {
		return runner.Unit{}, err
	}
	shown.ShowMail(c.DemoMail)
	edges := edge.New(edge.Shared{
		Telemetry:  tele,
		Tokens:     p.tokens.Resolve,
		Sessions:   p.sessions.Member,
		Persons:    p.sessions.Person,
		SameOrigin: p.sessions.CheckOrigin,
		Visitors:   p.visitors.Resolve,
		Proven:     p.visitors.Prove,

		WatchVisitor: p.visitors.Watch,
		Operators:    edge.OperatorKey(c.OperatorKey, p.guard),
		Limits:       p.guard,
		Storage:      p.storage,
		Proxy:        p.proxy,
		Bodies:       p.bodies,
		Widgets:      p.widgets,
		Pages:        shown.Serve,
		Trusted:      c.TrustedProxies,
		Origins:      c.CORSOrigins,
		Timeout:      c.Timeout,
	})
	u := runner.Unit{
		Name:      "api-gateway",
		Telemetry: tele,
		Access:    c.Access,
		Drain:     edges.Drain,
		Tasks:     p.tasks,
		Uses:      p.uses(),
		Close:     p.close,
		Listeners: []runner.Listener{
			{Name: "http", Addr: c.Addr, Handler: edges.Over(route.Public), Server: func(s *http.Server) runner.Server {
				return front.New(s)
			}},
			{Name: runner.Admin, Addr: c.AdminAddr},
		},
	}
	if c.OperatorKey != "" {
		u.Listeners = append(u.Listeners, runner.Listener{
			Name:    Operator,
			Addr:    c.OperatorAddr,
			Handler: edges.Over(route.Operator),
		})
	}
	if c.TLSCertificate != "" {
		k, err := newCertificate(c, tele.Registry)
		if err != nil {
			return runner.Unit{}, err
		}
		u.Listeners[0].TLS = k.config()
		u.Tasks = append(u.Tasks, k.follow(tele))
	}
	return u, nil
}
