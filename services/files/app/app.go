// Package app puts the files service together.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/services/files"
	"fivechat.dev/services/files/internal/api"
	"fivechat.dev/services/files/internal/blobs"
	"fivechat.dev/services/files/internal/clients"
	"fivechat.dev/services/files/internal/mongostore"
	"fivechat.dev/services/files/internal/picture"
	"fivechat.dev/services/files/internal/spool"
	"fivechat.dev/services/files/internal/sweeper"
)

// Config is the service's settings.
type Config struct {
	servicekit.Config
	// Base URL of the accounts service.
	AccountsURL string `env:"FIVECHAT_ACCOUNTS_URL"`
	// Base URL of the conversations service.
	ConversationsURL string `env:"FIVECHAT_CONVERSATIONS_URL"`
	Blobs
}

// Blobs says where the contents of files are.
type Blobs struct {
	// Where the contents of files are stored: a folder like `file:///var/lib/fivechat/files`, which all replicas of the
	// service share, or `mem:`, which ends with the process.
	Store string `env:"FIVECHAT_FILES"`
}

// Default is the settings before the environment's.
func Default() Config {
	return Config{
		Config:           servicekit.Default(),
		AccountsURL:      "http://accounts:8080",
		ConversationsURL: "http://conversations:8080",
		Blobs:            Blobs{Store: "file:///var/lib/fivechat/files"},
	}
}

// Validate refuses settings that cannot work.
func (c Config) Validate() error {
	_, err := c.contents()
	return errors.Join(c.Config.Validate(), err)
}

// contents returns the store of contents.
func (b Blobs) contents() (*blobs.Blobs, error) {
	contents, err := blobs.New(b.Store)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_FILES: %w", err)
	}
	return contents, nil
}

// New makes the service.
func New(ctx context.Context, c Config) (runner.Unit, error) {
	base, err := servicekit.New(ctx, "files", c.Config)
	if err != nil {
		return runner.Unit{}, err
	}
	contents, err := c.contents()
	if err != nil {
		return runner.Unit{}, err
	}
	accounts := base.Client(c.AccountsURL)
	storage, err := storagequota.NewLimiter(clients.Storage(accounts), base.Log, time.Now)
	if err != nil {
		return runner.Unit{}, err
	}
	store := mongostore.New(base.DB)
	service := files.New(files.Ports{
		Store:    store,
		Blobs:    contents,
		Receiver: spool.New(""),
		Examiner: picture.New(),
		Accounts: clients.NewAccounts(accounts, storage, time.Now),
		Owners:   clients.Conversations{Client: base.Client(c.ConversationsURL)},
		Signer:   fileaddress.New(base.Keys, time.Now),
	}, time.Now)
	api.Mount(base.Router, base.Chain, service)
	datasubject.Serve(base.Router, base.Chain, "files", datasubject.WithEraser(holder{service, store}, base.Idempotency))
	datasubject.ServeStored(base.Router, base.Chain, "files", store.Stored())
	unit, err := base.Unit(ctx,
		runner.Task{Name: "sweep", Run: sweeper.New(service, store, base.Telemetry).Run},
		runner.Task{Name: "stored", Run: datasubject.Measure(base.Telemetry, store.Stored())},
		runner.Task{Name: "tally", Run: func(ctx context.Context) error {
			return store.Stored().Run(ctx, base.Telemetry.Log)
		}})
	if err != nil {
		return unit, err
	}
	begin, end := unit.Begin, unit.Close
	unit.Begin = func(ctx context.Context) error { return errors.Join(begin(ctx), contents.Open()) }
	unit.Close = func(ctx context.Context) error { return errors.Join(end(ctx), contents.Close()) }
	return unit, nil
}
