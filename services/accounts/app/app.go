// Package app assembles the accounts service: New connects its store, tasks and clients; Config is its settings. It
// contains no business rules.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/announcer"
	"fivechat.dev/services/accounts/internal/api"
	"fivechat.dev/services/accounts/internal/attempts"
	"fivechat.dev/services/accounts/internal/clients"
	"fivechat.dev/services/accounts/internal/codes"
	"fivechat.dev/services/accounts/internal/eraser"
	"fivechat.dev/services/accounts/internal/mongostore"
	"fivechat.dev/services/accounts/internal/passkeys"
	"fivechat.dev/services/accounts/internal/passwords"
	"fivechat.dev/services/accounts/internal/proofs"
	"fivechat.dev/services/accounts/internal/sealed"
)

// Config is the service's settings. Without Redis, gateways only notice a revoked token when their cached lookup
// expires.
type Config struct {
	servicekit.Config
	// Base URL of the widgets service.
	WidgetsURL string `env:"FIVECHAT_WIDGETS_URL"`
	// Base URL of the visitors service.
	VisitorsURL string `env:"FIVECHAT_VISITORS_URL"`
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	// Base URL of the tickets service.
	TicketsURL string `env:"FIVECHAT_TICKETS_URL"`
	// Base URL of the statistics service.
	StatisticsURL string `env:"FIVECHAT_STATISTICS_URL"`
	// Base URL of the webhooks service.
	WebhooksURL string `env:"FIVECHAT_WEBHOOKS_URL"`
	// Base URL of the workspace service.
	WorkspaceURL string `env:"FIVECHAT_WORKSPACE_URL"`
	// Base URL of the mail service.
	MailURL string `env:"FIVECHAT_MAIL_URL"`
	// Base URL of the files service.
	FilesURL string `env:"FIVECHAT_FILES_URL"`
	// Path of the quota file, of which this service reads the storage limits. A change is loaded while running.
	QuotasFile string `env:"FIVECHAT_QUOTAS"`
	SignIn
}

// SignIn is the settings of how persons sign in.
type SignIn struct {
	// Keys that encrypt the secrets of authenticator apps, identity providers and verified visitors in the database, and
	// the cookies of known devices, at least 32 bytes each, separated by commas. The first one encrypts, all decrypt: add
	// a new one in front, and keep the old ones. Without a key, operations that store such a secret are refused.
	SecretKeys []string `env:"FIVECHAT_SECRET_KEYS"`
	// Path of the file of identity providers (OpenID Connect) at which persons sign in. Needs FIVECHAT_PUBLIC_URL and
	// FIVECHAT_SECRET_KEYS. A change is loaded while running.
	IdentityProviders string `env:"FIVECHAT_IDENTITY_PROVIDERS"`
	// The address at which browsers reach the gateway, like https://chat.example.com. Identity providers send persons
	// back to it. It must be https, except on this machine.
	PublicURL string `env:"FIVECHAT_PUBLIC_URL"`
	// Whether persons create websites without the operator. closed: only with a link of the operator. invite: a person
	// with an account creates further websites, and owns at most 10 then. open: a stranger also creates an account with a
	// first website; that discloses whether an e-mail address has an account.
	SignUp string `env:"FIVECHAT_SIGNUP"`
}

// Default returns the settings that apply if the environment sets nothing else.
func Default() Config {
	return Config{
		Config: servicekit.Default(), VisitorsURL: "http://visitors:8080", ConversationsURL: "http://conversations:8080",
		TicketsURL: "http://tickets:8080", StatisticsURL: "http://statistics:8080", WebhooksURL: "http://webhooks:8080",
		WorkspaceURL: "http://workspace:8080", MailURL: "http://mail:8080", FilesURL: "http://files:8080",
		SignIn: SignIn{SignUp: string(accounts.SignUpClosed)},
	}
}

// Validate reports settings that can't work.
func (c Config) Validate() error {
	err := c.Config.Validate()
	if c.WidgetsURL == "" {
		err = errors.Join(err, errors.New("FIVECHAT_WIDGETS_URL is not set"))
	}
	return errors.Join(err, c.SignIn.check())
}

// New returns the service as a unit that a process can run.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "accounts", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	holders := []accounts.DataHolder{clients.DataHolder{
		Service: "accounts' requests",
		Data:    datasubject.EraseOnly{Eraser: base.Idempotency},
	}}
	for _, s := range []struct{ name, url string }{
		{"widgets", c.WidgetsURL},
		{"visitors", c.VisitorsURL},
		{"conversations", c.ConversationsURL},
		{"tickets", c.TicketsURL},
		{"statistics", c.StatisticsURL},
		{"webhooks", c.WebhooksURL},
		{"workspace", c.WorkspaceURL},
		{"mail", c.MailURL},
		{"files", c.FilesURL},
	} {
		holders = append(holders, clients.DataHolder{Service: s.name, Data: datasubject.Remote{Client: base.Client(s.url)}})
	}
	holders = append(holders,
		clients.DataHolder{
			Service: "the files of the store",
			Data:    datasubject.EraseOnly{Eraser: mongokit.Purger{DB: base.DB}},
		})
	store, announce := mongostore.New(base.DB), announcer.Announcer{Announcer: rediskit.NewAnnouncer(base.Redis, base.Log)}
	visitors := clients.Visitors{Client: base.Client(c.VisitorsURL)}
	service := accounts.New(store, clients.Widgets{Client: base.Client(c.WidgetsURL)},
		visitors, clients.Statistics{Client: base.Client(c.StatisticsURL)},
		holders, announce, transient.NewNotifier(base.Redis, base.Telemetry), time.Now)
	box, err := sealed.New(c.SecretKeys)
	if err != nil {
		return runner.Unit{}, err
	}
	people, err := newPeople(c.SignIn, base, store, service, box, announce)
	if err != nil {
		return runner.Unit{}, err
	}
	signOns, followProviders, err := newSignOns(c.SignIn, base, people, store, box)
	if err != nil {
		return runner.Unit{}, err
	}
	meter, follow, err := newMeter(c, base)
	if err != nil {
		return runner.Unit{}, err
	}
	api.Mount(base.Router, base.Chain, service, people, signOns, meter)
	api.MountIdentities(base.Router, base.Chain, service,
		accounts.NewIdentities(store, service, box, proofs.Verifier{}, visitors, time.Now))
	assignments := []accounts.Assignments{
		clients.Assignments{Client: base.Client(c.ConversationsURL)},
		clients.Assignments{Client: base.Client(c.TicketsURL)},
		clients.Assignments{Client: base.Client(c.WorkspaceURL)},
	}
	return base.Unit(ctx, runner.Task{Name: "quotas", Run: follow},
		runner.Task{Name: "failed sign-ins", Run: writeFailures(people, base.Log)},
		runner.Task{Name: "identity providers", Run: followProviders},
		runner.Task{Name: "erase", Run: eraser.Task{Service: service, Assignments: assignments, Logger: base.Log}.Run})
}

// newPeople returns the use cases of persons.
func newPeople(
	c SignIn, base *servicekit.Component, store *mongostore.Store, service *accounts.Service, box *sealed.Box,
	announce accounts.Announcer,
) (*accounts.People, error) {
	signUp, err := accounts.ParseSignUp(c.SignUp)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_SIGNUP: %w", err)
	}
	hasher, err := passwords.New()
	if err != nil {
		return nil, err
	}
	var counters ratelimit.Store
	if base.Redis != nil {
		counters = base.Redis
	}
	limiter, err := ratelimit.New(counters, 1, base.Registry)
	if err != nil {
		return nil, err
	}
	return accounts.NewPeople(accounts.PeoplePorts{
		Store: store, Passwords: hasher, Attempts: attempts.Limiter{Limiter: limiter}, Codes: codes.Codes{},
		WebAuthn: passkeys.WebAuthn{}, Secrets: box, Announcer: announce, SignUp: signUp,
	}, service, time.Now), nil
}

// newMeter returns the meter of stored bytes, and the task that reloads its limits when the quota file changes.
func newMeter(c Config, base *servicekit.Component) (*accounts.Meter, func(context.Context) error, error) {
	var services []accounts.Stored
	for _, url := range []string{
		c.ConversationsURL, c.TicketsURL, c.VisitorsURL, c.WebhooksURL, c.MailURL, c.FilesURL,
	} {
		services = append(services, datasubject.Remote{Client: base.Client(url)})
	}
	meter := accounts.NewMeter(services)
	if c.QuotasFile == "" {
		return meter, func(context.Context) error { return nil }, nil
	}
	set := func(f config.Files) error {
		limits, err := storagequota.ParseLimits(f[0])
		if err == nil {
			meter.SetLimits(limits)
		}
		return err
	}
	read, err := config.Read(c.QuotasFile)
	if err == nil {
		err = set(read)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("FIVECHAT_QUOTAS: %w", err)
	}
	return meter, func(ctx context.Context) error {
		config.Follow(ctx, read, set, func(err error) {
			base.Log.ErrorContext(ctx, "quota file: invalid storage limits; the previous ones stay in effect", "error", err)
		}, c.QuotasFile)
		return nil
	}, nil
}
