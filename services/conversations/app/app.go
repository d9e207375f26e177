// Package app puts the conversations service together.
package app

import (
	"context"
	"time"

	"fivechat.dev/libs/component"
	"fivechat.dev/libs/events"
	"fivechat.dev/libs/runner"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/api"
	"fivechat.dev/services/conversations/internal/live"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/conversations/internal/people"
)

// Config is the service's settings.
type Config struct {
	component.Config
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	TicketsURL  string `env:"FIVECHAT_TICKETS_URL"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{component.Default(), "http://accounts:8080", "http://visitors:8080", "http://tickets:8080"}
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := component.New(ctx, "conversations", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := events.NewLog(base.DB, base.Telemetry)
	log.PublishTo(base.Redis)
	service := conversations.New(mongostore.New(base.DB, log), people.New(base.Client(c.AccountsURL), base.Client(c.VisitorsURL)),
		events.NewTeller(base.Redis, base.Telemetry), time.Now)
	api.Mount(base.Router, base.Chain, service)
	log.Serve(base.Router, base.Chain)
	feed := func(name string, source events.Source) events.Feed {
		return events.Feed{Name: name, Log: source, Redis: base.Redis}
	}
	hub := live.New([]events.Feed{
		feed("conversations", log), feed("visitors", events.Remote{Client: base.Client(c.VisitorsURL)}), feed("tickets", events.Remote{Client: base.Client(c.TicketsURL)}),
	}, base.Redis, base.Telemetry)
	hub.Mount(base.Router)
	unit, err := base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay}, runner.Task{Name: "live", Run: hub.Run})
	unit.Drain = hub.Drain
	return unit, err
}
