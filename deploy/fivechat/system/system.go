// Package system runs all of Fivechat in one process: every service and the gateway each on a loopback listener of its
// own, as they would run in processes of their own, over the stores that are named or over embedded ones.
package system

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"time"

	gateway "fivechat.dev/api-gateway/app"
	"fivechat.dev/deploy/fivechat/catcher"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/mongokit"
	accounts "fivechat.dev/services/accounts/app"
	conversations "fivechat.dev/services/conversations/app"
	files "fivechat.dev/services/files/app"
	mail "fivechat.dev/services/mail/app"
	statistics "fivechat.dev/services/statistics/app"
	tickets "fivechat.dev/services/tickets/app"
	visitors "fivechat.dev/services/visitors/app"
	webhooks "fivechat.dev/services/webhooks/app"
	widgets "fivechat.dev/services/widgets/app"
	workspace "fivechat.dev/services/workspace/app"
)

// Options say how to run.
type Options struct {
	Data     string    // folder of the embedded store and the secrets; "" keeps all in memory
	Demo     bool      // make the demo websites, once
	Catch    bool      // receive mail, and catch sent mails, unless a relay is set; as Demo does
	Log      io.Writer // defaults to standard error
	Settings *Settings // nil: DefaultSettings, with the environment's settings of telemetry

	PurgeAfter time.Duration // how long after an erasure the embedded store purges its files; 0 is its own default

	placed func([]mongokit.Placement) // called with the collections that each service declares
}

// Settings are those of all components. Start sets the addresses at which they find each other. Embedded stores and
// generated keys replace those that are not set.
type Settings struct {
	Service   servicekit.Config // of every service, and the gateway's too if both have it
	Gateway   gateway.Config
	SignIn    accounts.SignIn
	Mail      tickets.Mail
	Post      mail.Post
	Files     files.Blobs
	Reach     webhooks.Reach
	Assistant conversations.Assistant
}

// DefaultSettings returns the settings that apply if the environment sets nothing else: free loopback ports, no admin
// listener, and warnings only in the log, so that what the program prints for its user stays in sight.
func DefaultSettings() Settings {
	s := Settings{
		Service:   servicekit.Default(),
		Gateway:   gateway.Default(),
		SignIn:    accounts.Default().SignIn,
		Mail:      tickets.Default().Mail,
		Post:      mail.Default().Post,
		Assistant: conversations.Default().Assistant,
	}
	s.Service.Telemetry.LogLevel = slog.LevelWarn
	s.Gateway.Addr, s.Gateway.OperatorAddr, s.Service.AdminAddr, s.Gateway.AdminAddr = "", "", "", ""
	return s
}

// System is a running Fivechat.
type System struct {
	Demo    *Demo // with Options.Demo
	running []*runner.Running
	gateway *runner.Running
	admin   *runner.Running // nil without an admin address
	stores  *stores
	secrets secrets
	mail    *runner.Running
	caught  *catcher.Catcher // nil if sent mails are delivered, or none are sent
}

// parts are the services' names, in the order they start; the gateway comes last and stops first.
var parts = []string{
	"widgets", "workspace", "accounts", "visitors", "files", "conversations", "tickets", "mail", "statistics", "webhooks",
}

// Start runs everything. On an error nothing is left running.
func Start(ctx context.Context, o Options) (s *System, err error) {
	if o.Data != "" {
		if err := PrivateFolder(o.Data); err != nil {
			return nil, err
		}
	}
	settings := DefaultSettings()
	if o.Settings != nil {
		settings = *o.Settings
	} else if settings.Service.Telemetry, err = config.Load(settings.Service.Telemetry); err != nil {
		return nil, err
	}
	o.Settings = &settings
	if o.Log != nil {
		o.Settings.Service.Telemetry.LogTo = o.Log
	}
	tele := o.Settings.Service.Telemetry
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
	if (o.Demo || o.Catch) && o.Settings.Post.Relay == "" {
		if err = s.catch(o.Settings); err != nil {
			return s, err
		}
	}
	if err = s.startAll(ctx, o); err != nil {
		return s, err
	}
	if admin := o.Settings.Gateway.AdminAddr; admin != "" {
		if err = s.startAdmin(ctx, admin, o.Settings.Service.Access, tele); err != nil {
			return s, err
		}
	}
	if o.Demo {
		s.Demo, err = s.makeDemo(ctx, o.Data)
	}
	return s, err
}

func (s *System) startAll(ctx context.Context, o Options) error {
	listeners, url, err := listen()
	if err != nil {
		return err
	}
	common := o.Settings.Service
	if len(common.AssertionKeys) == 0 {
		common.AssertionKeys = []string{s.secrets.AssertionKey}
	}
	signIn := o.Settings.SignIn
	if len(signIn.SecretKeys) == 0 {
		signIn.SecretKeys = []string{s.secrets.SecretKey}
	}
	common.Mongo.URI, common.Mongo.Placed, common.Redis = s.stores.mongoURI, o.placed, s.stores.redis
	build := map[string]func() (runner.Unit, error){
		"widgets": func() (runner.Unit, error) { return unitOf(ctx, widgets.New, widgets.Config{Config: common}) },
		"workspace": func() (runner.Unit, error) {
			return unitOf(ctx, workspace.New, workspace.Config{Config: common, AccountsURL: url["accounts"]})
		},
		"accounts": func() (runner.Unit, error) {
			return unitOf(ctx, accounts.New, accounts.Config{
				Config: common, WidgetsURL: url["widgets"], VisitorsURL: url["visitors"], ConversationsURL: url["conversations"],
				TicketsURL: url["tickets"], StatisticsURL: url["statistics"], WebhooksURL: url["webhooks"],
				WorkspaceURL: url["workspace"], MailURL: url["mail"], FilesURL: url["files"],
				QuotasFile: o.Settings.Gateway.QuotasFile, SignIn: signIn,
			})
		},
		"visitors": func() (runner.Unit, error) {
			return unitOf(ctx, visitors.New, visitors.Config{
				Config: common, AccountsURL: url["accounts"],
				ConversationsURL: url["conversations"], WidgetsURL: url["widgets"], StatisticsURL: url["statistics"],
			})
		},
		"conversations": func() (runner.Unit, error) {
			return unitOf(ctx, conversations.New, conversations.Config{
				Config: common, Assistant: o.Settings.Assistant, AccountsURL: url["accounts"],
				VisitorsURL: url["visitors"], TicketsURL: url["tickets"], WebhooksURL: url["webhooks"],
				FilesURL: url["files"],
			})
		},
		"files":   func() (runner.Unit, error) { return filesUnit(ctx, o, common, url) },
		"tickets": func() (runner.Unit, error) { return ticketsUnit(ctx, o.Settings, common, url) },
		"mail":    func() (runner.Unit, error) { return mailUnit(ctx, o.Settings, common, url) },
		"statistics": func() (runner.Unit, error) {
			return unitOf(ctx, statistics.New, statistics.Config{
				Config: common, ConversationsURL: url["conversations"], VisitorsURL: url["visitors"],
			})
		},
		"webhooks": func() (runner.Unit, error) {
			c := webhooks.Default()
			c.Config, c.Reach = common, o.Settings.Reach
			c.ConversationsURL, c.VisitorsURL, c.TicketsURL = url["conversations"], url["visitors"], url["tickets"]
			return unitOf(ctx, webhooks.New, c)
		},
	}
	for _, name := range parts {
		unit, err := build[name]()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		running, err := s.start(unit, listeners[name]) //nolint:contextcheck // it runs until Close
		if err != nil {
			return err
		}
		if name == "mail" {
			s.mail = running
		}
	}
	return s.startGateway(ctx, o, common, url)
}

// listen listens on a port for each service, whose URL the others need.
func listen() (listeners map[string]net.Listener, url map[string]string, err error) {
	listeners, url = map[string]net.Listener{}, map[string]string{}
	for _, name := range parts {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		listeners[name], url[name] = l, "http://"+l.Addr().String()
	}
	return listeners, url, nil
}

// unitOf makes a component, unless its settings can't work.
func unitOf[C any](
	ctx context.Context, build func(context.Context, C) (runner.Unit, error), settings C,
) (runner.Unit, error) {
	if v, ok := any(settings).(config.Validator); ok {
		if err := v.Validate(); err != nil {
			return runner.Unit{}, err
		}
	}
	return build(ctx, settings)
}

// startGateway starts the edge before the services at their addresses.
func (s *System) startGateway(
	ctx context.Context, o Options, common servicekit.Config, url map[string]string,
) (err error) {
	g := o.Settings.Gateway
	if g.OperatorKey == "" {
		g.OperatorKey = s.secrets.OperatorKey
	}
	s.secrets.OperatorKey = g.OperatorKey
	g.AssertionKeys, g.Telemetry, g.Redis, g.Access = common.AssertionKeys, common.Telemetry, common.Redis, common.Access
	g.AccountsURL, g.ConversationsURL, g.VisitorsURL = url["accounts"], url["conversations"], url["visitors"]
	g.WidgetsURL, g.TicketsURL = url["widgets"], url["tickets"]
	g.StatisticsURL, g.WebhooksURL, g.WorkspaceURL = url["statistics"], url["webhooks"], url["workspace"]
	g.MailURL, g.FilesURL = url["mail"], url["files"]
	g.Demo = g.Demo || o.Demo
	if o.Demo && o.Data != "" {
		g.DemoPeople = filepath.Join(o.Data, demoFile)
	}
	if s.caught != nil {
		g.DemoMail = s.caught.Page(s.SMTPAddr)
	}
	g.Addr, g.OperatorAddr = cmp.Or(g.Addr, "127.0.0.1:0"), cmp.Or(g.OperatorAddr, "127.0.0.1:0")
	unit, err := unitOf(ctx, gateway.New, g)
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
	if s.caught != nil {
		errs = append(errs, s.caught.Close())
	}
	if s.stores != nil {
		errs = append(errs, s.stores.Close())
	}
	return errors.Join(errs...)
}
