// Package app puts the webhooks service together.
package app

import (
	"context"
	"net/netip"
	"time"

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/webhooks"
	"fivechat.dev/services/webhooks/internal/api"
	"fivechat.dev/services/webhooks/internal/dispatch"
	"fivechat.dev/services/webhooks/internal/mongostore"
	"fivechat.dev/services/webhooks/internal/sender"
)

// Reach says where webhooks may lead beside the internet over TLS.
type Reach struct {
	// Private addresses that webhooks may reach. Other private addresses are refused (SSRF protection).
	Allow []netip.Prefix `env:"FIVECHAT_WEBHOOKS_ALLOW"`
	// Allow webhook URLs without TLS.
	HTTP bool `env:"FIVECHAT_WEBHOOKS_HTTP"`
}

// Config is the service's settings.
type Config struct {
	servicekit.Config
	Reach
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	// Base URL of the tickets service.
	TicketsURL string            `env:"FIVECHAT_TICKETS_URL"`
	Schedule   webhooks.Schedule // the pauses between attempts
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{
		Config:           servicekit.Default(),
		ConversationsURL: "http://conversations:8080",
		VisitorsURL:      "http://visitors:8080",
		TicketsURL:       "http://tickets:8080",
		Schedule:         webhooks.Standard(),
	}
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "webhooks", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := outbox.NewLog(base.DB, base.Telemetry)
	log.PublishTo(base.Redis)
	log.Serve(base.Router, base.Chain)
	var dispatcher *dispatch.Dispatcher
	store := mongostore.New(base.DB, log, func() { dispatcher.Wake() }, time.Now)
	dispatcher = dispatch.New(store, sender.New(c.Allow, base.Telemetry), c.Schedule, base.Telemetry)
	datasubject.Serve(base.Router, base.Chain, "webhooks", datasubject.WithEraser(store, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "webhooks", store.Stored())
	api.Mount(base.Router, base.Chain, webhooks.New(store, c.HTTP, time.Now))
	follow := func(source, url string) runner.Task {
		f := feed.Follower{
			Feed:      feed.Feed{Name: source, Log: outbox.Remote{Client: base.Client(url)}, Redis: base.Redis},
			Telemetry: base.Telemetry,
			Position:  store.Position,
			Apply:     store.Apply,
		}
		return runner.Task{Name: "follow " + source, Run: f.Run}
	}
	return base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay}, runner.Task{
		Name: "dispatch",
		Run:  dispatcher.Run,
	},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error {
			return store.Stored().Run(ctx, base.Telemetry.Log)
		}},
		runner.Task{Name: "stored", Run: datasubject.Measure(base.Telemetry, store.Stored())},
		follow("conversations", c.ConversationsURL), follow("visitors", c.VisitorsURL), follow("tickets", c.TicketsURL))
}
