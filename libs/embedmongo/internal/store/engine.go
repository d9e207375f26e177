package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	memTableSize = 16 << 20
	// The engine takes its memtables (at most two) out of the cache's budget,
	// so about half of this holds blocks.
	cacheSize = 64 << 20
	// Layers of fresh files from which compactions begin, and at which writes
	// wait for them.
	compactFrom, stopWrites = 4, 24
)

// Engine is an open database folder, or a database in memory.
type Engine struct {
	db      *pebble.DB
	durable bool
	locks   *lockTable
	gone    deletions

	// ddl is read-locked by commits and while views are opened. It is write-locked while the catalog changes or a
	// floor is found.
	ddl     sync.RWMutex
	floors  floors
	catalog atomic.Pointer[Catalog]
	nextID  uint32
	lock    *pebble.Lock

	applied, synced atomic.Uint64
	views           openViews
	purging         sync.Mutex // held while the request for a purge changes

	disk   *disk
	failed atomic.Pointer[error] // why the log accepts no writes
}

// Open opens or creates the database in dir; "" keeps it in memory.
func Open(dir string, log *slog.Logger) (*Engine, error) {
	if dir == "" {
		return open("", vfs.NewMem(), nil, &pebble.Options{DisableWAL: true}, log)
	}
	if err := vfs.Default.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedmongo: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	return open(dir, vfs.Default, lock, &pebble.Options{}, log)
}

// OpenReadOnly opens the database in dir, which must exist, and changes nothing in it.
func OpenReadOnly(dir string, log *slog.Logger) (*Engine, error) {
	if have, err := pebble.Peek(dir, vfs.Default); err != nil {
		return nil, fmt.Errorf("embedmongo: %w", err)
	} else if !have.Exists {
		return nil, fmt.Errorf("embedmongo: there is no database in %s", dir)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	return open(dir, vfs.Default, lock, &pebble.Options{ReadOnly: true}, log)
}

func lockFolder(dir string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		return nil, fmt.Errorf("embedmongo: folder %s is in use by another process: %w", dir, err)
	}
	return lock, nil
}

func open(dir string, fs vfs.FS, lock *pebble.Lock, o *pebble.Options, log *slog.Logger) (*Engine, error) {
	cache := pebble.NewCache(cacheSize)
	defer cache.Unref()
	disk := newDisk(dir, fs)
	o.FS, o.Lock, o.Cache, o.MemTableSize, o.Logger = disk, lock, cache, memTableSize, engineLog{log}
	o.MaxManifestFileSize = 1 // the manifest turns over as soon as it holds more changes than there are tables
	o.FormatMajorVersion, o.L0CompactionThreshold, o.L0StopWritesThreshold = pebble.FormatNewest, compactFrom, stopWrites
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, o)
	if err != nil {
		if lock != nil {
			_ = lock.Close()
		}
		return nil, fmt.Errorf("embedmongo: open %s: %w", dir, err)
	}
	e := &Engine{db: db, durable: !o.DisableWAL, locks: newLockTable(), lock: lock, disk: disk}
	disk.opened(newPace(layers(db)))
	if err := e.loadCatalog(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close closes the database; all views must be closed before. On a full disk
// it gives up and leaves the folder locked until the process ends: the log has
// everything that was acknowledged.
func (e *Engine) Close() error {
	e.disk.pace.Load().hurry()
	err := e.unlessFull(e.db.Close)
	if mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		return err
	}
	if e.lock != nil {
		err = errors.Join(err, e.lock.Close())
	}
	return err
}

// Sync makes everything applied so far durable. Concurrent callers share one
// disk flush.
func (e *Engine) Sync() error {
	want := e.applied.Load()
	if !e.durable || e.synced.Load() >= want {
		return nil
	}
	if err := e.failed.Load(); err != nil {
		return *err
	}
	if err := e.unlessFull(func() error { return e.db.LogData(nil, pebble.Sync) }); err != nil {
		return err
	}
	for {
		have := e.synced.Load()
		if have >= want || e.synced.CompareAndSwap(have, want) {
			return nil
		}
	}
}

// View opens the latest state for reading; the caller closes it.
func (e *Engine) View() *View {
	e.ddl.RLock()
	defer e.ddl.RUnlock()
	v := &View{Catalog: e.catalog.Load(), engine: e, snap: e.db.NewSnapshot(), raised: e.floors.raised}
	e.views.add(v)
	return v.Retain()
}

// Catalog returns the current catalog.
func (e *Engine) Catalog() *Catalog { return e.catalog.Load() }

// Latest reads one key's latest committed value; nil means absent.
func (e *Engine) Latest(key []byte) ([]byte, error) { return get(e.db, key) }

func (e *Engine) loadCatalog() error {
	c := &Catalog{byName: map[string]*Collection{}}
	byIndex := map[uint32]*Index{}
	if n, err := get(e.db, nextIDKey); err != nil {
		return err
	} else if n != nil {
		e.nextID = binary.BigEndian.Uint32(n)
	}
	err := e.each([]byte{'c'}, []byte{'d'}, func(key, value []byte) error {
		ns := string(key[1:])
		coll, err := decodeCollection(ns, bytes.Clone(value))
		if err != nil {
			return err
		}
		c.byName[ns] = coll
		for _, ix := range coll.Indexes {
			byIndex[ix.ID] = ix
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = e.each([]byte{'m'}, []byte{'n'}, func(key, _ []byte) error {
		if ix := byIndex[binary.BigEndian.Uint32(key[1:])]; ix != nil {
			ix.multikey.Or(1 << key[5])
			ix.persisted.Or(1 << key[5])
		}
		return nil
	})
	e.catalog.Store(c)
	return err
}

// each walks the latest state of a key range.
func (e *Engine) each(lower, upper []byte, fn func(key, value []byte) error) error {
	it, err := e.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	defer func() { _ = it.Close() }()
	for it.First(); it.Valid(); it.Next() {
		if err := fn(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return it.Error()
}

// engineLog logs only the engine's errors.
type engineLog struct{ log *slog.Logger }

func (engineLog) Infof(string, ...any) {}

func (l engineLog) Errorf(format string, args ...any) {
	l.log.Error("storage engine", "message", fmt.Sprintf(format, args...))
}

// Fatalf must not return: the engine cannot continue safely after it.
func (l engineLog) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic(fmt.Sprintf("storage engine: "+format, args...))
}
