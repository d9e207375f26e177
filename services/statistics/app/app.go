// Package app puts the statistics service together.
package app

import (
	"context"
	"time"
	_ "time/tzdata" // the machine may have no time zones

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/statistics"
	"fivechat.dev/services/statistics/internal/api"
	"fivechat.dev/services/statistics/internal/checker"
	"fivechat.dev/services/statistics/internal/clients"
	"fivechat.dev/services/statistics/internal/mongostore"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{servicekit.Default(), "http://conversations:8080", "http://visitors:8080"}
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "statistics", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	store := mongostore.New(base.DB)
	datasubject.Serve(base.Router, base.Chain, "statistics", datasubject.WithEraser(store, base.Idempotency))
	logs := []clients.Log{
		{Service: "conversations", Remote: outbox.Remote{Client: base.Client(c.ConversationsURL)}},
		{Service: "visitors", Remote: outbox.Remote{Client: base.Client(c.VisitorsURL)}},
	}
	service := statistics.New(store, clients.Visitors{Client: base.Client(c.VisitorsURL)}, time.Now, logs[0], logs[1])
	api.Mount(base.Router, base.Chain, service)
	check := checker.New(store, service, base.Telemetry, time.Now)
	tasks := []runner.Task{{Name: "check", Run: check.Run}}
	for _, l := range logs {
		f := feed.Follower{
			Feed:      feed.Feed{Name: l.Service, Log: l.Remote, Redis: base.Redis},
			Telemetry: base.Telemetry,
			Position:  store.Position,
			Apply:     store.Apply,
		}
		tasks = append(tasks, runner.Task{Name: "follow " + l.Service, Run: f.Run})
	}
	return base.Unit(ctx, tasks...)
}
