// Package app assembles the conversations service: New connects its stores, clients and tasks; Config is its settings.
// It contains no business rules.
package app

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/api"
	"fivechat.dev/services/conversations/internal/assigner"
	"fivechat.dev/services/conversations/internal/clients"
	"fivechat.dev/services/conversations/internal/digest"
	"fivechat.dev/services/conversations/internal/due"
	"fivechat.dev/services/conversations/internal/duetimes"
	"fivechat.dev/services/conversations/internal/indexer"
	"fivechat.dev/services/conversations/internal/live"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/conversations/internal/openai"
)

// Assistant configures the model that summarizes and tags conversations. By default there is none.
type Assistant = openai.Config

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	// Base URL of the tickets service.
	TicketsURL string `env:"FIVECHAT_TICKETS_URL"`
	// Base URL of the webhooks service.
	WebhooksURL string `env:"FIVECHAT_WEBHOOKS_URL"`
	Assistant   Assistant
}

// Validate reports settings that can't work.
func (c Config) Validate() error { return errors.Join(c.Config.Validate(), c.Assistant.Validate()) }

// Default returns the settings that apply if the environment sets nothing else.
func Default() Config {
	return Config{
		servicekit.Default(), "http://accounts:8080", "http://visitors:8080", "http://tickets:8080",
		"http://webhooks:8080", openai.Default(),
	}
}

// New returns the service as a unit that a process can run.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "conversations", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	log := outbox.NewLog(base.DB, base.Telemetry)
	log.PublishTo(base.Redis)
	store := mongostore.New(base.DB, log)
	var assistant conversations.Assistant = digest.Local{}
	if c.Assistant.URL != "" {
		assistant = openai.New(c.Assistant, assistant)
	}
	service := conversations.New(
		store,
		clients.Accounts{Client: base.Client(c.AccountsURL)},
		clients.Visitors{Client: base.Client(c.VisitorsURL)},
		transient.NewNotifier(base.Redis, base.Telemetry),
		assistant,
		time.Now,
	)
	api.Mount(base.Router, base.Chain, service)
	api.MountExport(base.Router, base.Chain, service, log)
	log.Serve(base.Router, base.Chain)
	log.ServeTotals(base.Router, base.Chain, store.Totals)
	datasubject.Serve(base.Router, base.Chain, "conversations", datasubject.WithEraser(store, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "conversations", store.Stored())
	feedOf := func(name string, source feed.Source) feed.Feed {
		return feed.Feed{Name: name, Log: source, Redis: base.Redis}
	}
	own, ofVisitors := feedOf("conversations", log), feedOf("visitors", outbox.Remote{Client: base.Client(c.VisitorsURL)})
	once := func(name string, f feed.Feed, apply func(context.Context, []outbox.Record) error) feed.LeaderTask {
		return feed.LeaderTask{
			Name: name, Feed: f, Positions: store.Positions(), Leading: log.Leading, Telemetry: base.Telemetry, Apply: apply,
		}
	}
	indexing := func(name string, f feed.Feed) runner.Task {
		task := once(name, f, indexer.Visitors{Service: service}.Apply)
		task.Concerns = indexer.Concerns
		return runner.Task{Name: name, Run: task.Run}
	}
	assigning := assigner.New(service, log.Leading, base.Telemetry)
	queueing := once("assignment", own, both(duetimes.Task{Service: service}.Apply, assigning.Apply))
	queueing.Concerns = func(r outbox.Record) bool { return assigner.Concerns(r) || duetimes.Concerns(r) }
	queueing.FromHead = true
	digesting := once("digest", own, digest.Task{Service: service, Telemetry: base.Telemetry}.Apply)
	hub := live.New([]feed.Feed{
		own, ofVisitors,
		feedOf("tickets", outbox.Remote{Client: base.Client(c.TicketsURL)}),
		feedOf("webhooks", outbox.Remote{Client: base.Client(c.WebhooksURL)}),
	}, store, base.Redis, base.Telemetry)
	hub.Mount(base.Router)
	reindexing := feed.NewReindexing(base.Telemetry, searchterms.Version, service, store.Positions(), log.Leading)
	reindexing.Serve(base.Router, base.Chain)
	unit, err := base.Unit(ctx, runner.Task{Name: "relay", Run: log.Relay},
		runner.Task{Name: "stored", Run: datasubject.Measure(base.Telemetry, store.Stored())},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error { return store.Tend(ctx, base.Telemetry.Log) }},
		runner.Task{Name: "live", Run: hub.Run},
		runner.Task{Name: "digest", Run: digesting.Run},
		indexing("search.opened", own), indexing("search.visitors", ofVisitors),
		runner.Task{Name: "waker", Run: due.Snoozes(service, log.Leading, base.Telemetry).Run},
		runner.Task{Name: "scheduled replies", Run: due.Replies(service, log.Leading, base.Telemetry).Run},
		runner.Task{Name: "assignment", Run: queueing.Run}, runner.Task{Name: "assigner", Run: assigning.Run},
		runner.Task{Name: "search.conversations", Run: reindexing.Run})
	unit.Drain = hub.Drain
	unit.Ready = settled(hub, unit.Ready)
	return unit, err
}

// both returns what a task applies that follows for two: each task of its own costs an idle system commands. The second
// waits until the first has succeeded.
func both(first, second func(context.Context, []outbox.Record) error) func(context.Context, []outbox.Record) error {
	return func(ctx context.Context, records []outbox.Record) error {
		if err := first(ctx, records); err != nil {
			return err
		}
		return second(ctx, records)
	}
}

// settled returns a check of readiness that also waits until streams may be opened.
func settled(hub *live.Hub, responds func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := hub.Ready(); err != nil {
			return err
		}
		return responds(ctx)
	}
}
