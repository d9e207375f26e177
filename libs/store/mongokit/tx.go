package mongokit

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

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
		session := mongo.SessionFromContext(ctx)
		_, err := session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
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
		if unconfirmed(err) {
			err = confirm(ctx, db.timeout, session.CommitTransaction, err)
		}
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

// confirm repeats a commit that the primary has carried out, but that no majority of members has confirmed, because the
// primary steps down: its success would otherwise be reported as a failure. The driver repeats a commit too, but gives
// up if there is no new primary within serverSelection. confirm returns nil, or the last error after limit.
func confirm(ctx context.Context, limit time.Duration, commit func(context.Context) error, err error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for unconfirmed(err) || unreachable(err) {
		select {
		case <-ctx.Done():
			return err
		case <-time.After(confirmPause):
		}
		err = commit(ctx)
	}
	return err
}

// confirmPause is the time between two attempts to confirm a commit. An election takes seconds.
const confirmPause = 50 * time.Millisecond

// unconfirmed reports whether a write was carried out, and its confirmation by a majority failed temporarily.
func unconfirmed(err error) bool {
	var w driver.WriteCommandError
	return errors.As(err, &w) && len(w.WriteErrors) == 0 && w.WriteConcernError != nil &&
		slices.Contains(transientCodes, int(w.WriteConcernError.Code))
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

// InTransaction reports whether commands with ctx are part of a transaction.
func InTransaction(ctx context.Context) bool { return mongo.SessionFromContext(ctx) != nil }

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
