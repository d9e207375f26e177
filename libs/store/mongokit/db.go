// Package mongokit is the only package that connects to MongoDB. Begin with Connect and Tenanted. A tenant's rows are
// in a Collection. Its methods take the tenant and add it to the query themselves, so a query without a tenant doesn't
// compile. Rows of the installation (sequences, leases, token directories, accounts) are in a Global.
package mongokit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
)

// Config locates the store.
type Config struct {
	// Connection string of the MongoDB replica set. Transactions need a replica set.
	URI string `env:"MONGODB_URI"`
	// Database of all services. Collection names begin with the name of their service.
	Database string `env:"MONGODB_DATABASE"`

	// Timeout of an operation or transaction, with its retries, whose context has no deadline: 10 s if 0. Tests set more,
	// because they share a busy machine.
	Timeout time.Duration

	// Time that building the indexes of a service may take. The progress is logged.
	IndexTimeout time.Duration `env:"MONGODB_INDEX_TIMEOUT"`

	// Placed, if set, is called with the declared collections once PrepareToServe has succeeded.
	Placed func([]Placement)
}

// Default returns the settings that apply if the environment sets nothing else. Connect uses them for what is not set.
func Default() Config {
	return Config{Database: "fivechat", Timeout: defaultTimeout, IndexTimeout: 10 * time.Minute}
}

// The bounds of a connection pool and of server selection. An unavailable store is an error within seconds, so that
// requests don't hang.
const (
	serverSelection = 2 * time.Second
	defaultTimeout  = 10 * time.Second
	maxPool         = 64
	pingInterval    = 100 * time.Millisecond // between the pings of Await
	responseFresh   = 5 * time.Second        // how long a response shows that the store responds
)

// DB is a connection to the store.
type DB struct {
	client   *mongo.Client
	db       *mongo.Database
	tracer   trace.Tracer
	database *telemetry.Database // metrics of commands; nil: none
	indexes  map[string][]Index  // by collection, for EnsureIndexes
	tenanted map[string]bool     // the collections of tenants
	keys     map[string]bson.D   // the shard keys that collections declared
	placed   func([]Placement)
	log      *slog.Logger

	timeout      time.Duration
	indexTimeout time.Duration
	responded    atomic.Int64 // when a command had its last response, in nanoseconds since start; 0: the last had none
	start        time.Time
}

// Connect returns a DB. It doesn't wait for the server: use Ping or Await.
func Connect(c Config, t *telemetry.Telemetry) (*DB, error) {
	if c.URI == "" {
		return nil, errors.New("mongokit: MONGODB_URI is not set")
	}
	initial := Default()
	c.Database = cmp.Or(c.Database, initial.Database)
	c.Timeout, c.IndexTimeout = cmp.Or(c.Timeout, initial.Timeout), cmp.Or(c.IndexTimeout, initial.IndexTimeout)
	journaled := true
	o := options.Client().ApplyURI(c.URI).
		SetAppName("fivechat-" + t.Component).
		SetServerSelectionTimeout(serverSelection).
		SetTimeout(c.Timeout).
		SetMaxPoolSize(maxPool).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journaled})
	var database *telemetry.Database
	if t.Measures {
		connections := newPool(t.Registry)
		o.SetPoolMonitor(connections.monitor())
		database = telemetry.NewDatabase(t.Registry, system, connections.stats)
	}
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, fmt.Errorf("mongokit: %w", err)
	}
	return &DB{
		client: client, db: client.Database(c.Database), tracer: t.Tracer, database: database,
		indexes: map[string][]Index{}, tenanted: map[string]bool{}, keys: map[string]bson.D{}, placed: c.Placed,
		log: t.Log, timeout: c.Timeout, indexTimeout: c.IndexTimeout, start: time.Now(),
	}, nil
}

// Responds reports whether the store responds. It pings only if no command has had a response within 5 s.
func (db *DB) Responds(ctx context.Context) error {
	if at := db.responded.Load(); at != 0 && time.Since(db.start)-time.Duration(at) < responseFresh {
		return nil
	}
	return db.Ping(ctx)
}

// Ping sends a command to the store, and reports whether it responds.
func (db *DB) Ping(ctx context.Context) error {
	start := time.Now()
	err := db.client.Ping(ctx, nil)
	db.observe(ctx, "ping", "", start, err)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Await pings until the server responds, for up to limit, because a store that starts at the same time may take a
// while. It calls waits once if the first ping fails.
func (db *DB) Await(ctx context.Context, limit time.Duration, waits func(error)) error {
	err := db.Ping(ctx)
	if !unavailable(err) || limit <= 0 {
		return err
	}
	waits(err)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for unavailable(err) {
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
		if again := db.Ping(ctx); ctx.Err() == nil {
			err = again
		}
	}
	return err
}

// unavailable reports whether the server didn't respond, so that a later attempt may succeed.
func unavailable(err error) bool {
	kind := fault.From(translate(err, "")).Kind
	return err != nil && (kind == fault.Unavailable || kind == fault.Timeout)
}

// Close ends all connections.
func (db *DB) Close(ctx context.Context) error { return db.client.Disconnect(ctx) }

// IsDuplicate reports whether a unique index refused a write.
func IsDuplicate(err error) bool { return mongo.IsDuplicateKeyError(err) }

// translate classifies an error of the driver. A missing row becomes the noun's NotFound, and a store that doesn't
// respond becomes Unavailable. Every other error, duplicates included, is returned as it is. The driver's error stays
// wrapped, because its retries need it.
func translate(err error, noun string) error {
	var classified *fault.Error
	switch {
	case err == nil, errors.As(err, &classified):
		return err
	case errors.Is(err, mongo.ErrNoDocuments):
		return fault.Missing(noun)
	case errors.Is(err, context.Canceled):
		return err
	case IsDuplicate(err):
		return redactedDuplicate{err}
	case unreachable(err):
		return fault.Away("the store", err)
	case mongo.IsTimeout(err) && errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, "the request took too long", err)
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), retryable(err), unconfirmed(err):
		return fault.Away("the store", err)
	default:
		return err
	}
}

// redactedDuplicate is a duplicate error without the values that the server quotes. They are a tenant's data, and
// errors are logged.
type redactedDuplicate struct{ error }

// Error names the collection and index that refused.
func (d redactedDuplicate) Error() string {
	text, _, _ := strings.Cut(d.error.Error(), " dup key:")
	return text
}

// Unwrap returns the driver's error.
func (d redactedDuplicate) Unwrap() error { return d.error }

// transientCodes are the error codes of a server that can't work temporarily: those that a driver retries by the
// specification of retryable reads, WriteConcernTimeout and OutOfDiskSpace.
var transientCodes = []int{6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031}

func retryable(err error) bool {
	var s mongo.ServerError
	return errors.As(err, &s) &&
		(s.HasErrorLabel("TransientTransactionError") || s.HasErrorLabel("RetryableWriteError") ||
			slices.ContainsFunc(transientCodes, s.HasErrorCode))
}
