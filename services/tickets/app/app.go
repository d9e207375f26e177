// Package app puts the tickets service together.
package app

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/tickets"
	"fivechat.dev/services/tickets/internal/api"
	"fivechat.dev/services/tickets/internal/clients"
	"fivechat.dev/services/tickets/internal/mongostore"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	Mail        Mail
}

// Mail has the settings of tickets by e-mail.
type Mail struct {
	// Domain of the e-mail addresses of tickets, which receive replies.
	Domain string `env:"FIVECHAT_MAIL_DOMAIN"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{
		Config:           servicekit.Default(),
		AccountsURL:      "http://accounts:8080",
		ConversationsURL: "http://conversations:8080",
		VisitorsURL:      "http://visitors:8080",
		Mail:             Mail{Domain: "tickets.fivechat.localhost"},
	}
}

// Validate refuses settings that cannot work.
func (c Config) Validate() error {
	err := c.Config.Validate()
	if c.Mail.Domain == "" {
		err = errors.Join(err, errors.New("FIVECHAT_MAIL_DOMAIN is empty"))
	}
	return err
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "tickets", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := outbox.NewLog(base.DB, base.Telemetry)
	log.PublishTo(base.Redis)
	log.Serve(base.Router, base.Chain)
	store := mongostore.New(base.DB, log)
	datasubject.Serve(base.Router, base.Chain, "tickets", datasubject.WithEraser(store, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "tickets", store.Stored())
	service := tickets.New(
		store,
		clients.Accounts{Client: base.Client(c.AccountsURL)},
		clients.Visitors{Client: base.Client(c.VisitorsURL)},
		clients.Conversations{Client: base.Client(c.ConversationsURL)},
		c.Mail.Domain,
		time.Now,
	)
	api.Mount(base.Router, base.Chain, service)
	api.MountExport(base.Router, base.Chain, service, log)
	reindexing := feed.NewReindexing(base.Telemetry, tickets.IndexVersion, service, store.Positions(), log.Leading)
	reindexing.Serve(base.Router, base.Chain)
	return base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay}, runner.Task{
		Name: "stored",
		Run:  datasubject.Measure(base.Telemetry, store.Stored()),
	},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error { return store.Tend(ctx, base.Telemetry.Log) }},
		runner.Task{Name: "search.tickets", Run: reindexing.Run})
}
