// Package servicekit is what every service is composed of before its own parts: settings, telemetry, keys, store and
// route table. A service's app adds its domain and gives the whole to a runner.
package servicekit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/store/idempotency"
	"fivechat.dev/libs/store/installation"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// Config is common to all services. Each embeds it in its own.
type Config struct {
	// Address of the service, which the gateway and other services call.
	Addr string `env:"FIVECHAT_ADDR"`
	// Address of the admin listener: `/livez`, `/readyz`, `/metrics` and `/loglevel`.
	AdminAddr string `env:"FIVECHAT_ADMIN_ADDR"`
	Access    runner.AdminAccess
	// One or two secrets of at least 32 bytes that sign and verify requests between components. The first one signs.
	AssertionKeys []string `env:"FIVECHAT_ASSERTION_KEYS"`
	// Time that a starting service waits for MongoDB before it exits with an error.
	StoreWait time.Duration `env:"STORE_WAIT"`
	Telemetry telemetry.Config
	Mongo     mongokit.Config
	// Take over a database that belongs to another installation, for example after a restore with new assertion keys.
	Adopt bool `env:"MONGODB_ADOPT"`
	// Redis is optional. Without it, other processes see changes later, and transient events (typing) are lost.
	Redis rediskit.Config
}

// Default listens on every address, as a container does.
func Default() Config {
	return Config{
		Addr: ":8080", AdminAddr: ":9090", StoreWait: 30 * time.Second,
		Telemetry: telemetry.Default(), Mongo: mongokit.Default(),
	}
}

// Validate refuses invalid settings.
func (c Config) Validate() error {
	_, err := c.Keyring()
	err = errors.Join(err, c.Telemetry.Validate())
	if c.StoreWait < 0 {
		err = errors.Join(err, errors.New("STORE_WAIT must not be negative"))
	}
	if c.Mongo.URI == "" {
		err = errors.Join(err, errors.New("MONGODB_URI is not set"))
	}
	return err
}

// Keyring returns the ring of AssertionKeys.
func (c Config) Keyring() (*identity.Keyring, error) {
	ring, err := identity.ParseKeyring(c.AssertionKeys)
	if err != nil {
		return nil, fmt.Errorf("FIVECHAT_ASSERTION_KEYS: %w", err)
	}
	return ring, nil
}

// Component is a service's common parts.
type Component struct {
	*telemetry.Telemetry
	Keys        *identity.Keyring
	DB          *mongokit.DB
	Redis       *rediskit.Client // nil if none is configured
	Router      *httpkit.Router
	Idempotency *idempotency.Store // the responses of requests with an idempotency key
	Chain       operation.Chain
	owner       installation.Owner
	config      Config
}

// New returns the common parts of a named service.
func New(ctx context.Context, name string, c Config) (*Component, error) {
	keys, err := c.Keyring()
	if err != nil {
		return nil, err
	}
	tele, err := telemetry.New(ctx, name, c.Telemetry)
	if err != nil {
		return nil, err
	}
	db, err := mongokit.Connect(c.Mongo, tele)
	if err != nil {
		return nil, err
	}
	var redis *rediskit.Client
	if c.Redis.URL != "" {
		if redis, err = rediskit.Connect(c.Redis, keys); err != nil {
			return nil, errors.Join(err, db.Close(ctx))
		}
		redis.Measure(tele)
	}
	router := httpkit.NewRouter(tele, keys)
	kept := idempotency.New(db, tele, time.Now)
	router.UseIdempotency(kept)
	owner := installation.New(db)
	return &Component{tele, keys, db, redis, router, kept, operation.Standard(tele), owner, c}, nil
}

// Client returns a client of another service at base.
func (c *Component) Client(base string) *httpkit.Client {
	return httpkit.NewClient(base, c.Keys, c.Telemetry)
}

// Unit waits for the store, creates the indexes that it must have before it serves, and returns the service as a Unit
// that creates the others.
func (c *Component) Unit(ctx context.Context, tasks ...runner.Task) (runner.Unit, error) {
	waiting := func(err error) { c.Log.WarnContext(ctx, "waiting for the store", "error", err) }
	if err := c.DB.Await(ctx, c.config.StoreWait, waiting); err != nil {
		return runner.Unit{}, err
	}
	if err := c.DB.PrepareToServe(ctx); err != nil {
		return runner.Unit{}, err
	}
	uses := map[string]func(context.Context) error{"mongodb": c.DB.Responds}
	if c.Redis != nil {
		uses["redis"] = c.Redis.Ping
	}
	return runner.Unit{
		Name:      c.Component,
		Uses:      uses,
		Telemetry: c.Telemetry,
		Tasks: append(
			tasks,
			runner.Task{Name: "indexes", Run: c.indexes},
			runner.Task{Name: "idempotency", Run: c.Idempotency.Run},
		),
		Prepare: c.DB.EnsureIndexes,
		Begin:   c.own,
		Ready:   c.DB.Responds,
		Close:   c.close,
		Access:  c.config.Access,
		Listeners: []runner.Listener{
			{Name: "http", Addr: c.config.Addr, Handler: c.Router, Multiplex: true},
			{Name: runner.Admin, Addr: c.config.AdminAddr},
		},
	}, nil
}

// own makes the database this installation's, or returns an error if it belongs to another one.
func (c *Component) own(ctx context.Context) error {
	database := cmp.Or(c.config.Mongo.Database, mongokit.Default().Database)
	return c.owner.Own(ctx, c.Keys, database, c.config.Adopt)
}

// indexes creates the indexes without which the service only works more slowly.
func (c *Component) indexes(ctx context.Context) error {
	if err := c.DB.EnsureIndexes(ctx); err != nil && ctx.Err() == nil {
		c.Log.ErrorContext(ctx, "indexes are missing, so that lists are slow: run prepare", "error", err)
	}
	return nil
}

func (c *Component) close(ctx context.Context) error {
	err := c.DB.Close(ctx)
	if c.Redis != nil {
		err = errors.Join(err, c.Redis.Close())
	}
	return err
}

// Main runs a service in a process of its own: settings from the environment over defaults. With the argument "prepare"
// it only creates the service's indexes. A roll-out runs that first, so that replicas don't wait for indexes.
func Main[C any](name string, defaults C, build func(context.Context, C) (runner.Unit, error)) {
	main := runner.Main
	if slices.Equal(os.Args[1:], []string{"prepare"}) {
		main = runner.Prepare
	}
	main(name, func(ctx context.Context) (runner.Unit, error) {
		c, err := config.Load(defaults)
		if err != nil {
			return runner.Unit{}, err
		}
		return build(ctx, c)
	})
}
