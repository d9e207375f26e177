// Package mongokit is the one door to MongoDB. A tenant's data is reached through a Collection, whose every method
// takes the tenant and adds the predicate itself, so that a query without a tenant does not compile. What belongs to
// the whole installation (sequences, leases, directories of tokens, accounts) lives in a Global.
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

// Config says where the store is.
type Config struct {
	// Connection string of the MongoDB replica set. Transactions need a replica set.
	URI string `env:"MONGODB_URI"`
	// Database of all services, `fivechat` if empty. Collection names begin with the name of their service.
	Database string `env:"MONGODB_DATABASE"`

	Placed func([]Placement) // told what a process has declared, once its indexes are there; nil: nobody asks
}

// The bounds of a connection pool and of finding a server, so that a store that is away is an answer, not a hang.
const (
	serverSelection = 2 * time.Second
	timeout         = 10 * time.Second // of one operation, or of a transaction with its retries, where the context has no deadline
	maxPool         = 64
	lookPause       = 100 * time.Millisecond // between looks whether the store is there
)

// DB is a connection to the store.
type DB struct {
	client   *mongo.Client
	db       *mongo.Database
	tracer   trace.Tracer
	database *telemetry.Database // what is said of commands; nil: nothing is
	indexes  map[string][]Index  // by collection, for EnsureIndexes
	tenanted map[string]bool     // the collections that are tenants'
	keys     map[string]bson.D   // the shard keys of collections that said theirs
	placed   func([]Placement)
}

// Connect makes a DB. It does not wait for the server: Ping says whether it is there.
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
		watched := newPool(t.Registry)
		o.SetPoolMonitor(watched.monitor())
		database = telemetry.NewDatabase(t.Registry, system, watched.stand)
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

// Ping says whether the store answers.
func (db *DB) Ping(ctx context.Context) error {
	start := time.Now()
	err := db.client.Ping(ctx, nil)
	db.did(ctx, "ping", "", start, err)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Await is Ping that tries again for so long as no server answers: a store that starts at the same time may take a while.
// waits is called once, before it does.
func (db *DB) Await(ctx context.Context, most time.Duration, waits func(error)) error {
	err := db.Ping(ctx)
	if !away(err) || most <= 0 {
		return err
	}
	waits(err)
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	look := time.NewTicker(lookPause)
	defer look.Stop()
	for away(err) {
		select {
		case <-ctx.Done():
			return err
		case <-look.C:
		}
		if again := db.Ping(ctx); ctx.Err() == nil {
			err = again
		}
	}
	return err
}

// away says that a server did not answer, so that it may do so later.
func away(err error) bool {
	kind := fault.From(translate(err, "")).Kind
	return err != nil && (kind == fault.Unavailable || kind == fault.Timeout)
}

// Close ends all connections.
func (db *DB) Close(ctx context.Context) error { return db.client.Disconnect(ctx) }

// snapshot has a transaction read one moment of all shards. A replica set's transactions do so anyway; of a cluster's only
// those that ask for it.
var snapshot = options.Session().SetDefaultTransactionOptions(options.Transaction().SetReadConcern(readconcern.Snapshot()))

// Tx runs fn in a transaction: all of what it writes is stored, durably, or none. fn may run several times, when it
// meets another writer, so it must have no effect but through the context it is given.
func (db *DB) Tx(ctx context.Context, fn func(context.Context) error) (err error) {
	ctx, end := db.inTransaction(ctx)
	defer func() { end(err) }()
	var after []func()
	var done time.Time // when fn had, where nothing was left but to commit
	err = db.client.UseSessionWithOptions(ctx, snapshot, func(ctx context.Context) error {
		var gone error
		_, err := mongo.SessionFromContext(ctx).WithTransaction(ctx, func(ctx context.Context) (any, error) {
			if !done.IsZero() { // it was not stored
				db.did(ctx, "commitTransaction", "", done, errAgain)
			}
			after, done = after[:0], time.Time{}
			err := fn(context.WithValue(ctx, afterKey{}, &after))
			if before, has := ctx.Value(beforeKey{}).(func(context.Context) error); has && err == nil {
				err = before(ctx)
			}
			if unreachable(err) {
				// The driver has looked for a server as long as it may, and would look again until the time is up.
				gone, err = err, errGone
			}
			if err == nil {
				done = time.Now()
			}
			return nil, err
		})
		if !done.IsZero() {
			db.did(ctx, "commitTransaction", "", done, err)
		}
		if gone != nil {
			err = gone
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

// AfterCommit has f called once the transaction of ctx is stored; outside of a transaction, at once.
func AfterCommit(ctx context.Context, f func()) {
	if after, inside := ctx.Value(afterKey{}).(*[]func()); inside {
		*after = append(*after, f)
		return
	}
	f()
}

type beforeKey struct{}

// BeforeCommit gives a context whose transactions call f last of all, inside: what f writes is stored with the rest, and
// its error stops the transaction. Like the rest, f may run several times.
func BeforeCommit(ctx context.Context, f func(context.Context) error) context.Context {
	return context.WithValue(ctx, beforeKey{}, f)
}

var (
	errGone  = errors.New("mongokit: the store cannot be reached")
	errAgain = errors.New("mongokit: the transaction met another")
)

// unreachable says that no server was found within serverSelection.
func unreachable(err error) bool { return errors.As(err, &topology.ServerSelectionError{}) }

// Index is an index that a collection's queries need.
type Index struct {
	Keys    bson.D        // field to 1 or -1; a tenant's collection adds websiteId in front
	Unique  bool          // refuse a second row with the same keys
	Present string        // index only rows that have this field: for unique keys that are optional
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

// EnsureIndexes creates the indexes of every collection made from this DB; those that are there stay.
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
		db.did(ctx, "createIndexes", name, start, err)
		if err != nil {
			return fmt.Errorf("mongokit: indexes of %s: %w", name, err)
		}
	}
	if db.placed != nil {
		db.placed(db.Placements())
	}
	return nil
}

// IsDuplicate says that a unique index refused a write.
func IsDuplicate(err error) bool { return mongo.IsDuplicateKeyError(err) }

// translate classifies what the driver says: no such row is the noun's Missing, a store that does not answer is Away.
// Everything else, duplicates included, stays as it is; the driver's own error stays inside for its retries.
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
		return discreet{err}
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

// discreet is a refused duplicate without the values that the server repeats: they are a tenant's, and errors are logged.
type discreet struct{ error }

// Error says which collection and index refused.
func (d discreet) Error() string {
	text, _, _ := strings.Cut(d.error.Error(), " dup key:")
	return text
}

// Unwrap gives the driver's error.
func (d discreet) Unwrap() error { return d.error }

// passing are the codes by which a server says that it cannot do now what it could before: those after which the
// specification of retryable reads has a driver try once more, and OutOfDiskSpace.
var passing = []int{6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031}

func retryable(err error) bool {
	var s mongo.ServerError
	return errors.As(err, &s) && (s.HasErrorLabel("TransientTransactionError") || s.HasErrorLabel("RetryableWriteError") ||
		slices.ContainsFunc(passing, s.HasErrorCode))
}
