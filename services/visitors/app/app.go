// Package app assembles the visitors service: New connects its store and clients; Config is its settings. It contains
// no business rules.
package app

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/services/visitors"
	"fivechat.dev/services/visitors/internal/announcer"
	"fivechat.dev/services/visitors/internal/api"
	"fivechat.dev/services/visitors/internal/clients"
	"fivechat.dev/services/visitors/internal/mongostore"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the widgets service.
	WidgetsURL string `env:"FIVECHAT_WIDGETS_URL"`
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the statistics service.
	StatisticsURL string `env:"FIVECHAT_STATISTICS_URL"`
}

// Default returns the settings that apply if the environment sets nothing else.
func Default() Config {
	return Config{Config: servicekit.Default(), StatisticsURL: "http://statistics:8080"}
}

// Validate reports settings that can't work.
func (c Config) Validate() error {
	err := c.Config.Validate()
	if c.WidgetsURL == "" {
		err = errors.Join(err, errors.New("FIVECHAT_WIDGETS_URL is not set"))
	}
	if c.ConversationsURL == "" {
		err = errors.Join(err, errors.New("FIVECHAT_CONVERSATIONS_URL is not set"))
	}
	if c.AccountsURL == "" {
		err = errors.Join(err, errors.New("FIVECHAT_ACCOUNTS_URL is not set"))
	}
	return err
}

// New returns the service as a unit that a process can run.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "visitors", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := outbox.NewLog(base.DB, base.Telemetry)
	log.PublishTo(base.Redis)
	log.Serve(base.Router, base.Chain)
	store := mongostore.New(base.DB, log)
	log.ServeTotals(base.Router, base.Chain, store.Totals)
	datasubject.Serve(base.Router, base.Chain, "visitors", datasubject.WithEraser(store, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "visitors", store.Stored())
	accounts := clients.NewAccounts(base.Client(c.AccountsURL), time.Now)
	service := visitors.New(
		store,
		clients.Widgets{Client: base.Client(c.WidgetsURL)},
		clients.Conversations{Client: base.Client(c.ConversationsURL)},
		accounts,
		accounts,
		transient.NewNotifier(base.Redis, base.Telemetry),
		time.Now,
	)
	limiter, err := storagequota.NewLimiter(accounts.Storage, base.Log, time.Now)
	if err != nil {
		return runner.Unit{}, err
	}
	service.LimitStorage(limiter)
	service.ShowReplyTimes(clients.NewStatistics(base.Client(c.StatisticsURL), time.Now))
	service.AnnounceTo(announcer.Announcer{Announcer: rediskit.NewAnnouncer(base.Redis, base.Log)})
	api.Mount(base.Router, base.Chain, service)
	api.MountExport(base.Router, base.Chain, service, log)
	reindexing := feed.NewReindexing(base.Telemetry, searchterms.Version, service, store.Positions(), log.Leading)
	reindexing.Serve(base.Router, base.Chain)
	return base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay},
		runner.Task{Name: "stored", Run: datasubject.Measure(base.Telemetry, store.Stored())},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error { return store.Tend(ctx, base.Telemetry.Log) }},
		runner.Task{Name: "search.visitors", Run: reindexing.Run})
}
