// Package app puts the accounts service together.
package app

import (
	"context"
	"errors"

	"fivechat.dev/libs/component"
	"fivechat.dev/libs/runner"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/announcer"
	"fivechat.dev/services/accounts/internal/api"
	"fivechat.dev/services/accounts/internal/mongostore"
	"fivechat.dev/services/accounts/internal/widgetsclient"
)

// Config is the service's settings. Without Redis the edges learn of a revoked token only when they ask again.
type Config struct {
	component.Config
	WidgetsURL string `env:"FIVECHAT_WIDGETS_URL"`
}

// Default is the settings before the environment's.
func Default() Config { return Config{Config: component.Default()} }

// Validate refuses settings that cannot work.
func (c Config) Validate() error {
	err := c.Config.Validate()
	if c.WidgetsURL == "" {
		err = errors.Join(err, errors.New("FIVECHAT_WIDGETS_URL is not set"))
	}
	return err
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := component.New(ctx, "accounts", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	service := accounts.New(mongostore.New(base.DB), widgetsclient.New(base.Client(c.WidgetsURL)), announcer.New(base.Redis, base.Log))
	api.Mount(base.Router, base.Chain, service)
	return base.Unit(ctx)
}
