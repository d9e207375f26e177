// Package system runs all of Fivechat in one process: every service and the gateway each on a loopback listener of its
// own, as they would run in processes of their own, over the stores that are named or over embedded ones.
package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	gateway "fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rediskit"
	accounts "fivechat.dev/services/accounts/app"
	conversations "fivechat.dev/services/conversations/app"
	statistics "fivechat.dev/services/statistics/app"
	tickets "fivechat.dev/services/tickets/app"
	visitors "fivechat.dev/services/visitors/app"
	webhooks "fivechat.dev/services/webhooks/app"
	widgets "fivechat.dev/services/widgets/app"
)

// Options say how to run.
type Options struct {
	Listen    string                  // the public edge's address; "" is a free loopback port
	Operator  string                  // the operator's address; "" is a free loopback port
	Admin     string                  // the address of /status and of every component's /metrics; "" is none
	Access    runner.AdminAccess      // to that address
	Data      string                  // folder of the embedded store and the secrets; "" keeps all in memory
	MongoURI  string                  // a replica set instead of the embedded store
	Redis     rediskit.Config         // a Redis instead of the embedded one, if it has a URL
	Quotas    string                  // a file of rate limits in place of the gateway's own
	Trusted   []netip.Prefix          // the proxies whose X-Forwarded-For the gateway believes
	Demo      bool                    // make the demo websites, once
	Webhooks  webhooks.Reach          // where webhooks may lead beside the internet over TLS
	Assistant conversations.Assistant // a model that summarizes conversations, where it has a URL
	Log       io.Writer               // defaults to standard error

	PurgeAfter time.Duration // how long after an erasure the embedded store purges its files; 0 is its own default

	placed func([]mongokit.Placement) // called with the collections that each service declares
}

// System is a running Fivechat.
type System struct {
	Demo    *Demo // with Options.Demo
	running []*runner.Running
	gateway *runner.Running
	admin   *runner.Running // nil without an admin address
	stores  *stores
	secrets secrets
}

// parts are the services' names, in the order they start; the gateway comes last and stops first.
var parts = []string{"widgets", "accounts", "visitors", "conversations", "tickets", "statistics", "webhooks"}

// Start runs everything. On an error nothing is left running.
func Start(ctx context.Context, o Options) (s *System, err error) {
	if o.Data != "" {
		if err := PrivateFolder(o.Data); err != nil {
			return nil, err
		}
	}
	defaults := Telemetry()
	if o.Log != nil {
		defaults.LogTo = o.Log
	}
	tele, err := config.Load(defaults)
	if err != nil {
		return nil, err
	}
	s = &System{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if s.secrets, err = loadSecrets(o.Data); err != nil {
		return s, err
	}
	handler := slog.NewJSONHandler(tele.LogTo, &slog.HandlerOptions{Level: tele.LogLevel})
	if s.stores, err = openStores(ctx, o, slog.New(handler).With("component", "store")); err != nil {
		return s, err
	}
	if err = s.startAll(ctx, o, tele); err != nil {
		return s, err
	}
	if o.Admin != "" {
		if err = s.startAdmin(ctx, o.Admin, o.Access, tele); err != nil {
			return s, err
		}
	}
	if o.Demo {
		s.Demo, err = s.makeDemo(ctx, o.Data)
	}
	return s, err
}

// Telemetry is how a system logs and traces by default: it logs warnings, so that what it prints for its user stays in
// sight.
func Telemetry() telemetry.Config {
	c := telemetry.Default()
	c.LogLevel = slog.LevelWarn
	return c
}

func (s *System) startAll(ctx context.Context, o Options, tele telemetry.Config) error {
	listeners := map[string]net.Listener{}
	url := map[string]string{}
	for _, name := range parts {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		listeners[name], url[name] = l, "http://"+l.Addr().String()
	}
	common := servicekit.Config{
		AssertionKeys: []string{s.secrets.AssertionKey}, Telemetry: tele, Access: o.Access,
		Mongo: mongokit.Config{URI: s.stores.mongoURI, Placed: o.placed}, Redis: s.stores.redis,
	}
	build := map[string]func() (runner.Unit, error){
		"widgets": func() (runner.Unit, error) { return widgets.New(ctx, widgets.Config{Config: common}) },
		"accounts": func() (runner.Unit, error) {
			return accounts.New(ctx, accounts.Config{
				Config: common, WidgetsURL: url["widgets"], VisitorsURL: url["visitors"], ConversationsURL: url["conversations"],
				TicketsURL: url["tickets"], StatisticsURL: url["statistics"], WebhooksURL: url["webhooks"], QuotasFile: o.Quotas,
			})
		},
		"visitors": func() (runner.Unit, error) {
			return visitors.New(ctx, visitors.Config{
				Config: common, AccountsURL: url["accounts"],
				ConversationsURL: url["conversations"], WidgetsURL: url["widgets"],
			})
		},
		"conversations": func() (runner.Unit, error) {
			return conversations.New(ctx, conversations.Config{
				Config: common, Assistant: o.Assistant,
				AccountsURL: url["accounts"], VisitorsURL: url["visitors"],
				TicketsURL: url["tickets"], WebhooksURL: url["webhooks"],
			})
		},
		"tickets": func() (runner.Unit, error) {
			c := tickets.Default()
			c.Config = common
			c.AccountsURL, c.VisitorsURL, c.ConversationsURL = url["accounts"], url["visitors"], url["conversations"]
			return tickets.New(ctx, c)
		},
		"statistics": func() (runner.Unit, error) {
			return statistics.New(ctx, statistics.Config{
				Config: common, ConversationsURL: url["conversations"], VisitorsURL: url["visitors"],
			})
		},
		"webhooks": func() (runner.Unit, error) {
			c := webhooks.Default()
			c.Config, c.Reach = common, o.Webhooks
			c.ConversationsURL, c.VisitorsURL, c.TicketsURL = url["conversations"], url["visitors"], url["tickets"]
			return webhooks.New(ctx, c)
		},
	}
	for _, name := range parts {
		unit, err := build[name]()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := s.start(unit, listeners[name]); err != nil { //nolint:contextcheck // it runs until Close
			return err
		}
	}
	return s.startGateway(ctx, o, common, url)
}

// startGateway starts the edge before the services at their addresses.
func (s *System) startGateway(
	ctx context.Context, o Options, common servicekit.Config, url map[string]string,
) (err error) {
	g := gateway.Default()
	g.Addr, g.OperatorAddr = o.Listen, o.Operator
	g.OperatorKey, g.AssertionKeys = s.secrets.OperatorKey, common.AssertionKeys
	g.Telemetry, g.Redis = common.Telemetry, common.Redis
	g.AccountsURL, g.ConversationsURL, g.VisitorsURL = url["accounts"], url["conversations"], url["visitors"]
	g.WidgetsURL, g.TicketsURL = url["widgets"], url["tickets"]
	g.StatisticsURL, g.WebhooksURL = url["statistics"], url["webhooks"]
	g.Demo, g.QuotasFile, g.TrustedProxies, g.Access = o.Demo, o.Quotas, o.Trusted, o.Access
	if g.Addr == "" {
		g.Addr = "127.0.0.1:0"
	}
	if g.OperatorAddr == "" {
		g.OperatorAddr = "127.0.0.1:0"
	}
	unit, err := gateway.New(ctx, g)
	if err != nil {
		return err
	}
	s.gateway, err = s.start(unit, nil) //nolint:contextcheck // it runs until Close
	return err
}

// start starts a component. What its own admin listener would answer is on the one of the whole process (startAdmin).
func (s *System) start(u runner.Unit, l net.Listener) (*runner.Running, error) {
	u.Listeners = slices.DeleteFunc(u.Listeners, func(l runner.Listener) bool { return l.Name == runner.Admin })
	for i := range u.Listeners {
		if u.Listeners[i].Name == "http" && l != nil {
			u.Listeners[i].Net = l
		}
	}
	r, err := runner.Start(u)
	if err != nil {
		return nil, err
	}
	s.running = append(s.running, r)
	return r, nil
}

// URL is where the public edge answers.
func (s *System) URL() string { return s.gateway.URL("http") }

// OperatorURL is where the operator's API answers.
func (s *System) OperatorURL() string { return s.gateway.URL("operator") }

// OperatorKey opens the operator's API.
func (s *System) OperatorKey() string { return s.secrets.OperatorKey }

// MongoURI is the URI of the system's MongoDB or embedded store. Only users that may enter the data folder reach an
// embedded one.
func (s *System) MongoURI() string { return s.stores.mongoURI }

// RedisURL is the URL of the system's Redis or its stand-in. Only users that may enter the data folder reach a
// stand-in.
func (s *System) RedisURL() string { return s.stores.redis.URL }

// Wait blocks until ctx ends or a part fails.
func (s *System) Wait(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, r := range s.running {
		go func() {
			select {
			case <-r.Failed():
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	<-ctx.Done()
}

// Stop lets requests in progress finish, then stops everything, the gateway first (graceful shutdown).
func (s *System) Stop(ctx context.Context) error {
	var errs []error
	for i := len(s.running) - 1; i >= 0; i-- {
		errs = append(errs, s.running[i].Stop(ctx))
	}
	if s.stores != nil {
		errs = append(errs, s.stores.Close())
	}
	return errors.Join(errs...)
}
