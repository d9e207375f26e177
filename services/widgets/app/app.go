// Package app puts the widgets service together.
package app

import (
	"context"
	"time"
	_ "time/tzdata" // the machine may have no time zones

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/services/widgets"
	"fivechat.dev/services/widgets/internal/announcer"
	"fivechat.dev/services/widgets/internal/api"
	"fivechat.dev/services/widgets/internal/mongostore"
)

// Config is the service's settings.
type Config struct{ servicekit.Config }

// Default is the settings before the environment's.
func Default() Config { return Config{servicekit.Default()} }

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "widgets", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	store := mongostore.New(base.DB)
	service := widgets.New(store, announcer.Announcer{Announcer: rediskit.NewAnnouncer(base.Redis, base.Log)}, time.Now)
	datasubject.Serve(
		base.Router, base.Chain, "widgets", datasubject.WithEraser(dataHolder{store, service}, base.Idempotency),
	)
	if err := api.Mount(base.Router, base.Chain, service); err != nil {
		return runner.Unit{}, err
	}
	return base.Unit(ctx)
}

// dataHolder is a datasubject.DataHolder: the store exports, the service erases.
type dataHolder struct {
	*mongostore.Store
	*widgets.Service
}
