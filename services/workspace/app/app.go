// Package app puts the workspace service together.
package app

import (
	"context"
	"time"

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/services/workspace"
	"fivechat.dev/services/workspace/internal/api"
	"fivechat.dev/services/workspace/internal/clients"
	"fivechat.dev/services/workspace/internal/mongostore"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
}

// Default is the settings before the environment's.
func Default() Config { return Config{servicekit.Default(), "http://accounts:8080"} }

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "workspace", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	store := mongostore.New(base.DB)
	api.Mount(base.Router, base.Chain,
		workspace.New(store.Stores(), clients.Accounts{Client: base.Client(c.AccountsURL)},
			transient.NewNotifier(base.Redis, base.Telemetry), time.Now))
	datasubject.Serve(base.Router, base.Chain, "workspace", datasubject.WithEraser(store, base.Idempotency))
	return base.Unit(ctx)
}
