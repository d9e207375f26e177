package mongokit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Index describes an index that queries of a collection need.
type Index struct {
	Keys    bson.D        // field to 1 or -1; in a tenant's collection, websiteId is added in front
	Unique  bool          // refuse a second row with the same keys
	Present string        // index only rows that have this field: for optional unique keys
	TTL     time.Duration // remove rows this long after the date in Keys
	Needed  bool          // a query names it (Query.Index), so that it fails without
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

const (
	indexProgress = 10 * time.Second // between two log entries about an index build
	indexRetry    = time.Second      // between two attempts, if another process aborts a build or members change
)

// EnsureIndexes creates the missing indexes of every collection declared on this DB. It waits until they are complete,
// also for those that another process builds, up to Config.IndexTimeout.
func (db *DB) EnsureIndexes(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, db.indexTimeout)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(db.indexes)) {
		if err := db.build(ctx, name, db.indexes[name]); err != nil {
			return err
		}
	}
	return nil
}

// PrepareToServe creates the missing indexes without which a service must not work: unique and needed ones, and all of
// a new collection. Queries without another index are slow, but correct: EnsureIndexes can create it while the service
// works.
func (db *DB) PrepareToServe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, db.indexTimeout)
	defer cancel()
	existing, err := db.existing(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(db.indexes)) {
		exists := slices.Contains(existing, name)
		needed := slices.DeleteFunc(slices.Clone(db.indexes[name]), func(ix Index) bool {
			return exists && !ix.Unique && !ix.Needed
		})
		if err := db.build(ctx, name, needed); err != nil {
			return err
		}
	}
	if db.placed != nil {
		db.placed(db.Placements())
	}
	return nil
}

// existing returns the names of the database's collections.
func (db *DB) existing(ctx context.Context) ([]string, error) {
	start := time.Now()
	names, err := db.db.ListCollectionNames(ctx, bson.D{})
	db.observe(ctx, "listCollections", "", start, err)
	return names, translate(err, "")
}

// build creates the missing ones of a collection's indexes, and repeats that until they are complete. While it waits,
// it logs how long it has waited.
func (db *DB) build(ctx context.Context, name string, indexes []Index) error {
	if len(indexes) == 0 {
		return nil
	}
	var models []mongo.IndexModel
	for _, ix := range indexes {
		models = append(models, ix.model())
	}
	start := time.Now()
	progress := time.NewTicker(indexProgress)
	defer progress.Stop()
	for {
		done := make(chan error, 1)
		go func() { done <- db.createIndexes(ctx, name, models) }()
		err := db.await(done, progress.C, name, start)
		if err == nil || ctx.Err() != nil || !repeatable(err) {
			if err != nil {
				err = fmt.Errorf("mongokit: indexes of %s: %w", name, translate(err, ""))
			}
			return err
		}
		db.log.Warn("building indexes failed; retrying", "collection", name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(indexRetry):
		}
	}
}

// createIndexes sends one command. A majority of the members must have an index before it counts as complete: by
// default, all that vote must have it, so that one that is down would hold it up.
func (db *DB) createIndexes(ctx context.Context, name string, models []mongo.IndexModel) error {
	start := time.Now()
	_, err := db.db.Collection(name).Indexes().CreateMany(ctx, models, options.CreateIndexes().SetCommitQuorumMajority())
	db.observe(ctx, "createIndexes", name, start, err)
	return err
}

// await returns what done receives, and logs the time since start at each tick.
func (db *DB) await(done <-chan error, tick <-chan time.Time, name string, start time.Time) error {
	for {
		select {
		case err := <-done:
			return err
		case now := <-tick:
			db.log.Info("building indexes", "collection", name, "seconds", int(now.Sub(start).Seconds()))
		}
	}
}

// repeatable reports whether createIndexes may succeed if it is repeated: another process builds the same index
// (IndexBuildAlreadyInProgress) or aborted that (IndexBuildAborted), or the server can't work temporarily.
func repeatable(err error) bool {
	var s mongo.ServerError
	if errors.As(err, &s) && (s.HasErrorCode(276) || s.HasErrorCode(285)) {
		return true
	}
	return unavailable(err)
}
