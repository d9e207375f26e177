// Package mongokit is the only package that connects to MongoDB. Begin with Connect and Tenanted. A tenant's rows are
// in a Collection. Its methods take the tenant and add it to the query themselves, so a query without a tenant doesn't
// compile. Rows of the installation (sequences, leases, token directories, accounts) are in a Global.
package mongokit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
)

// Config locates the store.
type Config struct {
	// Connection string of the MongoDB replica set. Transactions need a replica set.
	URI string `env:"MONGODB_URI"`
	// Database of all services, `fivechat` if empty. Collection names begin with the name of their service.
	Database string `env:"MONGODB_DATABASE"`

	// Placed, if set, is called with the declared collections once their indexes exist.
	Placed func([]Placement)
}

// The bounds of a connection pool and of server selection. An unavailable store is an error within seconds, so that
// requests don't hang.
const (
	serverSelection = 2 * time.Second
	timeout         = 10 * time.Second // of an operation or transaction (with retries) whose context has no deadline
	maxPool         = 64
	pingInterval    = 100 * time.Millisecond // between the pings of Await
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
}

// Connect returns a DB. It doesn't wait for the server: use Ping or Await.
func Connect(c Config, t *telemetry.Telemetry) (*DB, error) {
	if c.URI == "" {
		return nil, errors.New("mongokit: MONGODB_URI is not set")
	}
	if c.Database == "" {
		c.Database = "fivechat"
	}
	journaled := true
	o := options.Client().ApplyURI(c.URI).
		SetAppName("fivechat-" + t.Component).
		SetServerSelectionTimeout(serverSelection).
		SetTimeout(timeout).
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
	}, nil
}

// Ping reports whether the store responds.
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

// snapshot makes a transaction read one moment of all shards. Transactions of a replica set always do; those of a
// sharded cluster only on request.
var snapshot = options.Session().
	SetDefaultTransactionOptions(options.Transaction().SetReadConcern(readconcern.Snapshot()))

// Tx runs fn in a transaction: everything that it writes is stored durably, or nothing. fn may run several times,
// because a write conflict with another transaction restarts it. Its only effects must be writes with the context that
// it gets.
func (db *DB) Tx(ctx context.Context, fn func(context.Context) error) (err error) {
	ctx, end := db.inTransaction(ctx)
	defer func() { end(err) }()
	var after []func()
	var done time.Time // when fn succeeded; zero if it failed or has not run
	err = db.client.UseSessionWithOptions(ctx, snapshot, func(ctx context.Context) error {
		var noServer error
		_, err := mongo.SessionFromContext(ctx).WithTransaction(ctx, func(ctx context.Context) (any, error) {
			if !done.IsZero() { // the commit failed
				db.observe(ctx, "commitTransaction", "", done, errConflict)
			}
			after, done = after[:0], time.Time{}
			err := fn(context.WithValue(ctx, afterKey{}, &after))
			if before, has := ctx.Value(beforeKey{}).(func(context.Context) error); has && err == nil {
				err = before(ctx)
			}
			if unreachable(err) {
				// The driver has already waited for a server, and would wait again until the deadline.
				noServer, err = err, errGone
			}
			if err == nil {
				done = time.Now()
			}
			return nil, err
		})
		if !done.IsZero() {
			db.observe(ctx, "commitTransaction", "", done, err)
		}
		if noServer != nil {
			err = noServer
		}
		return translate(err, "")
	})
	if err == nil {
		for _, f := range after {
			f()
		}
	}
	return err
}

type afterKey struct{}

// AfterCommit calls f after the transaction of ctx is stored. Outside of a transaction it calls f at once.
func AfterCommit(ctx context.Context, f func()) {
	if after, inside := ctx.Value(afterKey{}).(*[]func()); inside {
		*after = append(*after, f)
		return
	}
	f()
}

type beforeKey struct{}

// BeforeCommit returns a context whose transactions call f last. The writes of f are stored with the transaction, and
// its error aborts the transaction. f may run several times, like the rest.
func BeforeCommit(ctx context.Context, f func(context.Context) error) context.Context {
	return context.WithValue(ctx, beforeKey{}, f)
}

var (
	errGone     = errors.New("mongokit: the store cannot be reached")
	errConflict = errors.New("mongokit: write conflict with another transaction")
)

// unreachable reports whether no server was found within serverSelection.
func unreachable(err error) bool { return errors.As(err, &topology.ServerSelectionError{}) }

// Index describes an index that queries of a collection need.
type Index struct {
	Keys    bson.D        // field to 1 or -1; in a tenant's collection, websiteId is added in front
	Unique  bool          // refuse a second row with the same keys
	Present string        // index only rows that have this field: for optional unique keys
	TTL     time.Duration // remove rows this long after the date in Keys
}

func (ix Index) model() mongo.IndexModel {
	o := options.Index()
	if ix.Unique {
		o.SetUnique(true)
	}
	if ix.Present != "" {
		o.SetPartialFilterExpression(bson.D{{Key: ix.Present, Value: bson.D{{Key: "$exists", Value: true}}}})
	}
	if ix.TTL > 0 {
		o.SetExpireAfterSeconds(int32(ix.TTL.Seconds()))
	}
	return mongo.IndexModel{Keys: ix.Keys, Options: o}
}

// EnsureIndexes creates the missing indexes of every collection declared on this DB.
func (db *DB) EnsureIndexes(ctx context.Context) error {
	for name, indexes := range db.indexes {
		var models []mongo.IndexModel
		for _, ix := range indexes {
			models = append(models, ix.model())
		}
		if len(models) == 0 {
			continue
		}
		start := time.Now()
		_, err := db.db.Collection(name).Indexes().CreateMany(ctx, models)
		db.observe(ctx, "createIndexes", name, start, err)
		if err != nil {
			return fmt.Errorf("mongokit: indexes of %s: %w", name, err)
		}
	}
	if db.placed != nil {
		db.placed(db.Placements())
	}
	return nil
}

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
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), retryable(err):
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
// specification of retryable reads, and OutOfDiskSpace.
var transientCodes = []int{6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031}

func retryable(err error) bool {
	var s mongo.ServerError
	return errors.As(err, &s) &&
		(s.HasErrorLabel("TransientTransactionError") || s.HasErrorLabel("RetryableWriteError") ||
			slices.ContainsFunc(transientCodes, s.HasErrorCode))
}
