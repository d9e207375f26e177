package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"github.com/cockroachdb/pebble/v2"
)

// A deleted or overwritten value stays in the engine's files: in the log until that is reused, in tables until they
// are compacted, and, as a bound of a table, in the manifest. A purge removes such values from all files:
//
//	requested ──> due ──> flush, rewrite every table, replace the log and the
//	                      manifest ──> no older file is left
//
// A request is stored, so that it survives a crash. Requests that arrive while one waits share its purge.

var (
	purgeKey = []byte("p") // when the purge is due, and when one was last requested
	// These bounds enclose all keys. No value is stored at them.
	lowest, highest = []byte{0}, []byte{0xff}
)

const (
	purgeBatch = 1_000            // results that are removed in one batch
	purgeFor   = 2 * time.Minute  // the time in which a purge rewrites many tables
	turnPause  = time.Millisecond // between steps of replacing the log and the manifest
)

// purge is a stored request.
type purge struct{ due, latest time.Time }

func (p purge) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.due.UnixMilli()))
	return binary.BigEndian.AppendUint64(b, uint64(p.latest.UnixMilli()))
}

// pendingPurge returns the stored request. Its due time is zero if there is none.
func (e *Engine) pendingPurge() (p purge, err error) {
	b, err := get(e.db, purgeKey)
	if err != nil || len(b) != 16 {
		return p, err
	}
	p.due = time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	p.latest = time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:])))
	return p, nil
}

// RequestPurge stores a request to purge data that is deleted or overwritten by now. It is due later, because by then
// views and results of retryable writes that hold such values have ended.
func (e *Engine) RequestPurge(now time.Time, after time.Duration) error {
	if !e.durable {
		return nil
	}
	if err := e.writable(0); err != nil {
		return err
	}
	e.purging.Lock()
	defer e.purging.Unlock()
	p, err := e.pendingPurge()
	if err != nil {
		return err
	}
	if due := now.Add(after); p.due.IsZero() || due.Before(p.due) {
		p.due = due
	}
	p.latest = now
	return e.attempt(func() error { return e.db.Set(purgeKey, p.encode(), pebble.Sync) })
}

// PurgeDue reports whether a purge is due.
func (e *Engine) PurgeDue(now time.Time) (bool, error) {
	if !e.durable {
		return false, nil
	}
	p, err := e.pendingPurge()
	return !p.due.IsZero() && !now.Before(p.due), err
}

// Purge removes from all files the data that was deleted or overwritten before requests older than after. It needs as
// much free space as the database has. On an error the request stays.
func (e *Engine) Purge(ctx context.Context, now time.Time, after time.Duration) error {
	covered := now.Add(-after)
	if oldest := e.views.oldest(); !oldest.IsZero() && oldest.Before(covered) {
		return fmt.Errorf("a cursor has been open since %s", oldest.UTC().Format(time.RFC3339))
	}
	size := e.db.Metrics().DiskSpaceUsage()
	if err := e.writable(int(size)); err != nil {
		return err
	}
	if err := e.removeResults(ctx, covered); err != nil {
		return err
	}
	e.disk.fresh.Store(true)
	defer e.disk.fresh.Store(false)
	defer e.disk.pace.Load().atLeast(float64(size) / purgeFor.Seconds())()
	if err := e.rewrite(ctx); err != nil {
		return err
	}
	return e.purged(now, after)
}

// purged records that a purge that began at now is done.
func (e *Engine) purged(now time.Time, after time.Duration) error {
	e.purging.Lock()
	defer e.purging.Unlock()
	p, err := e.pendingPurge()
	if err != nil {
		return err
	}
	return e.attempt(func() error {
		if p.latest.After(now.Add(-after)) { // not covered by this one
			p.due = now.Add(after)
			return e.db.Set(purgeKey, p.encode(), pebble.Sync)
		}
		return e.db.Delete(purgeKey, pebble.Sync)
	})
}

// removeResults removes results of retryable writes that clients no longer retry. They may hold documents.
func (e *Engine) removeResults(ctx context.Context, before time.Time) error {
	isOld := func(result []byte) bool {
		at, ok := bsonraw.Lookup(result, "at")
		n, is := at.AsInt64OK()
		return !ok || !is || n < before.Unix()
	}
	var old [][]byte
	err := e.each([]byte{'r'}, []byte{'s'}, func(key, result []byte) error {
		if isOld(result) {
			old = append(old, append([]byte(nil), key...))
		}
		return ctx.Err()
	})
	for len(old) > 0 && err == nil {
		n := min(len(old), purgeBatch)
		err = e.removeEach(old[:n], isOld)
		old = old[n:]
	}
	return err
}

// removeEach removes those keys whose value is still old.
func (e *Engine) removeEach(keys [][]byte, isOld func([]byte) bool) error {
	e.ddl.Lock() // no commits meanwhile
	defer e.ddl.Unlock()
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	for _, key := range keys {
		value, err := get(e.db, key)
		if err == nil && value != nil && isOld(value) {
			err = b.Delete(key, nil)
		}
		if err != nil {
			return err
		}
	}
	return e.attempt(func() error { return e.db.Apply(b, pebble.NoSync) })
}

// rewrite flushes, compacts everything, and replaces the log and the manifest until no older file is left.
func (e *Engine) rewrite(ctx context.Context) error {
	// Two tables whose bounds enclose everything make the compaction rewrite every other table, because it can't
	// merely move one.
	for range 2 {
		if err := e.flushBounds(); err != nil {
			return err
		}
	}
	tables, err := e.files("")
	if err != nil {
		return err
	}
	if err := e.attempt(func() error { return e.db.Compact(ctx, lowest, append(highest, 0xff), false) }); err != nil {
		return err
	}
	// A manifest written during the compaction names the bounds of old tables.
	manifests, err := e.files("MANIFEST-")
	if err != nil {
		return err
	}
	before := append(tables, manifests...)
	// The manifest is replaced if it has more changes than there are tables. This happens twice, because an old one is
	// kept.
	for range 4*len(before) + 100 {
		left, err := e.remaining(before)
		if err != nil || len(left) == 0 {
			return err
		}
		before = left
		if err := e.flushBounds(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(turnPause):
		}
	}
	return fmt.Errorf("%s and %d more files from before the purge are left", before[0], len(before)-1)
}

// flushBounds writes a table that encloses all keys, and starts a new log.
func (e *Engine) flushBounds() error {
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	return e.attempt(func() error {
		return errors.Join(b.Delete(lowest, nil), b.Delete(highest, nil), e.db.Apply(b, pebble.Sync), e.db.Flush())
	})
}

// files lists the engine's files with a prefix that may hold keys or values.
func (e *Engine) files(prefix string) ([]string, error) {
	all, err := e.disk.List(e.disk.dir)
	var files []string
	for _, name := range all {
		holds := strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob") ||
			strings.HasSuffix(name, ".log") ||
			strings.HasPrefix(name, "MANIFEST-")
		if holds && strings.HasPrefix(name, prefix) {
			files = append(files, name)
		}
	}
	return files, err
}

// remaining returns those of the files that still exist.
func (e *Engine) remaining(files []string) ([]string, error) {
	now, err := e.files("")
	there := make(map[string]bool, len(now))
	for _, name := range now {
		there[name] = true
	}
	var left []string
	for _, name := range files {
		if there[name] {
			left = append(left, name)
		}
	}
	return left, err
}
