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
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/conversations/internal/people"
)

// Config is the service's settings.
type Config struct {
	component.Config
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{component.Default(), "http://accounts:8080", "http://visitors:8080"}
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := component.New(ctx, "conversations", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := events.NewLog(base.DB, base.Telemetry)
	service := conversations.New(mongostore.New(base.DB, log), people.New(base.Client(c.AccountsURL), base.Client(c.VisitorsURL)), time.Now)
	api.Mount(base.Router, base.Chain, service)
	log.Serve(base.Router, base.Chain)
	return base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay})
}
