package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// smallDisk is a file system that can be filled, and whose flushes can fail.
type smallDisk struct {
	vfs.FS
	low, full, broken atomic.Bool
	room              atomic.Int64 // bytes until it is full; 0 for no bound
}

type smallFile struct {
	vfs.File
	d *smallDisk
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if d.low.Load() {
		return vfs.DiskUsage{AvailBytes: reserve - 1}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
}

func (d *smallDisk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if d.full.Load() {
		return nil, syscall.ENOSPC
	}
	f, err := d.FS.Create(name, c)
	return &smallFile{f, d}, err
}

// Write writes half of a buffer that doesn't fit on the full disk.
func (f *smallFile) Write(p []byte) (int, error) {
	if n := int64(len(p)); f.d.room.Load() > 0 && f.d.room.Add(-n) <= 0 {
		f.d.full.Store(true)
	}
	if f.d.full.Load() {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, syscall.ENOSPC
	}
	return f.File.Write(p)
}

func (f *smallFile) flush(err error) error {
	if f.d.broken.Load() {
		return syscall.EIO
	}
	return err
}

func (f *smallFile) Sync() error     { return f.flush(f.File.Sync()) }
func (f *smallFile) SyncData() error { return f.flush(f.File.SyncData()) }

func onDisk(t *testing.T) (*Engine, *smallDisk, *vfs.MemFS) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	d := &smallDisk{FS: mem}
	e, err := open("db", d, nil, &pebble.Options{}, slog.New(slog.DiscardHandler))
	ok(t, err)
	return e, d, mem
}

// has counts the books from the first one that a database holds without a gap.
func has(t *testing.T, e *Engine) int {
	t.Helper()
	ok(t, e.Check())
	c := e.Catalog().Collection("shop.books")
	if c == nil {
		return 0
	}
	for n := 0; ; n++ {
		id, err := bson.Raw(raw(t, book(n))).LookupErr("_id")
		ok(t, err)
		doc, err := e.Latest(c.DocKey(IDKey(valueOf(id))))
		ok(t, err)
		if doc == nil {
			return n
		}
		if !bytes.Equal(doc, raw(t, book(n))) {
			t.Fatalf("book %d is another: %x", n, doc)
		}
	}
}

func TestLowDiskRefusesWrites(t *testing.T) {
	t.Parallel()
	e, d, _ := onDisk(t)
	ok(t, insert(e, raw(t, book(0))))
	d.low.Store(true)
	time.Sleep(lookEvery)
	if err := insert(e, raw(t, book(1))); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		t.Error(err)
	}
	if _, err := e.CreateCollection("shop.more"); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		t.Error(err)
	}
	d.low.Store(false)
	time.Sleep(lookEvery)
	ok(t, insert(e, raw(t, book(1))))
	if n := has(t, e); n != 2 {
		t.Error(n)
	}
	ok(t, e.Close())
}

func TestWritesWaitOnAFullDisk(t *testing.T) {
	t.Parallel()
	e, d, mem := onDisk(t)
	for i := range 50 {
		ok(t, insert(e, raw(t, book(i))))
	}
	d.full.Store(true)
	for i := 50; i < 55; i++ {
		if err := insert(e, raw(t, book(i))); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
			t.Errorf("a write on a full disk: %v", err)
		}
	}
	if n := has(t, e); n < 50 {
		t.Errorf("%d books are left to read", n)
	}
	crashed, err := open("db", mem.CrashClone(vfs.CrashCloneCfg{}), nil, &pebble.Options{}, slog.Default())
	ok(t, err)
	if n := has(t, crashed); n < 50 {
		t.Errorf("%d books are left after a crash", n)
	}
	ok(t, crashed.Close())
	if err := e.Close(); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		t.Errorf("close: %v", err)
	}
}

func TestWritesContinueAfterAFullDisk(t *testing.T) {
	t.Parallel()
	e, d, mem := onDisk(t)
	ok(t, insert(e, raw(t, book(0))))
	d.full.Store(true)
	if err := insert(e, raw(t, book(1))); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		t.Error(err)
	}
	d.full.Store(false)
	for e.writable(0) != nil {
		time.Sleep(lookEvery)
	}
	// Its answer only said that it was not safe on the disk.
	if err := insert(e, raw(t, book(1))); err != nil && !mongoerr.Is(err, mongoerr.DuplicateKey) {
		t.Error(err)
	}
	for i := 2; i < 20; i++ {
		ok(t, insert(e, raw(t, book(i))))
	}
	crashed, err := open("db", mem.CrashClone(vfs.CrashCloneCfg{}), nil, &pebble.Options{}, slog.Default())
	ok(t, err)
	if n := has(t, crashed); n != 20 {
		t.Error(n)
	}
	ok(t, crashed.Close())
	ok(t, e.Close())
}

// TestIndexBuildOnAFullDisk: a build that finds the disk full half-way leaves nothing of the index, doesn't block
// readers, and succeeds once there is room again.
func TestIndexBuildOnAFullDisk(t *testing.T) {
	t.Parallel()
	e, d, mem := onDisk(t)
	const books = 2000
	tx := e.Single()
	c, err := tx.UseCollection("shop.books")
	ok(t, err)
	title := strings.Repeat("t", 4<<10) // so that the index is of several parts
	for i := range books {
		ok(t, tx.Insert(t.Context(), c, raw(t, append(book(i), bson.E{Key: "title", Value: fmt.Sprint(title, i)}))))
	}
	ok(t, tx.Commit())
	ok(t, e.Sync())
	titles := func() error {
		ix, err := ParseIndex(
			raw(t, bson.D{{Key: "key", Value: bson.D{{Key: "title", Value: 1}}}, {Key: "name", Value: "titles"}}),
		)
		ok(t, err)
		if _, _, err = e.CreateIndexes("shop.books", []*Index{ix}); err != nil {
			return err
		}
		return e.Sync()
	}
	d.room.Store(1 << 20)
	if err := titles(); !mongoerr.Is(err, mongoerr.OutOfDiskSpace) {
		t.Fatalf("a build on a full disk: %v", err)
	}
	if n := len(e.Catalog().Collection("shop.books").Indexes); n != 0 {
		t.Errorf("%d indexes are left", n)
	}
	readable := func(e *Engine) {
		t.Helper()
		ok(t, e.Check())
		for _, i := range []int{0, books - 1} {
			id, err := bson.Raw(raw(t, book(i))).LookupErr("_id")
			ok(t, err)
			if doc, err := e.Latest(c.DocKey(IDKey(valueOf(id)))); err != nil || doc == nil {
				t.Errorf("book %d: %v", i, err)
			}
		}
	}
	readable(e)
	d.room.Store(0)
	d.full.Store(false)
	for e.writable(0) != nil {
		time.Sleep(lookEvery)
	}
	// What waited for room is done soon: the entries of the failed build go, whatever index they are of. The Check looks
	// only at those in the catalog.
	left := func() (n int) {
		ok(t, e.each([]byte{'i'}, []byte{'j'}, func(_, _ []byte) error { n++; return nil }))
		return n
	}
	for began := time.Now(); left() > 0; time.Sleep(lookEvery) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d entries are left", left())
		}
	}
	ok(t, titles())
	readable(e)
	crashed, err := open("db", mem.CrashClone(vfs.CrashCloneCfg{}), nil, &pebble.Options{}, slog.Default())
	ok(t, err)
	readable(crashed)
	if n := len(crashed.Catalog().Collection("shop.books").Indexes); n != 1 {
		t.Errorf("%d indexes after a crash", n)
	}
	ok(t, crashed.Close())
	ok(t, e.Close())
}

func TestFailedFlushStopsWrites(t *testing.T) {
	t.Parallel()
	e, d, mem := onDisk(t)
	ok(t, insert(e, raw(t, book(0))))
	d.broken.Store(true)
	if err := insert(e, raw(t, book(1))); err == nil {
		t.Error("a write that was not flushed is acknowledged")
	}
	d.broken.Store(false)
	if err := insert(e, raw(t, book(2))); err == nil || !strings.Contains(err.Error(), "until a restart") {
		t.Errorf("after a failed flush: %v", err)
	}
	if n := has(t, e); n < 1 {
		t.Error("nothing is left to read")
	}
	crashed, err := open("db", mem.CrashClone(vfs.CrashCloneCfg{}), nil, &pebble.Options{}, slog.Default())
	ok(t, err)
	if n := has(t, crashed); n < 1 {
		t.Error("what was acknowledged is lost")
	}
	ok(t, crashed.Close())
}

// TestTornLog cuts and damages the end of the log in every way: the database opens with an unbroken beginning of the
// writes, or reports the damage.
func TestTornLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := Open(dir, slog.New(slog.DiscardHandler))
	ok(t, err)
	var ends []int // of the log, when each book was acknowledged
	const books = 30
	for i := range books {
		ok(t, insert(e, raw(t, book(i))))
		ends = append(ends, written(t, dir))
	}
	image := t.TempDir()
	ok(t, os.CopyFS(image, os.DirFS(dir)))
	ok(t, e.Close())
	log, err := os.ReadFile(lastLog(t, image))
	ok(t, err)
	end := min(written(t, image), len(log))
	opened := 0
	for _, cut := range []int{1, 2, 7, 30, 100, 500, 1500} {
		at, safe := end-cut, 0
		for safe < books && ends[safe] <= at {
			safe++
		}
		opened += torn(t, image, log[:at], safe)
		opened += torn(t, image, append(slices.Clone(log[:at]), make([]byte, 600)...), safe)
		spoilt := slices.Clone(log)
		spoilt[at] ^= 0x55
		opened += torn(t, image, spoilt, safe)
	}
	if opened < 7 {
		t.Errorf("only %d of the torn logs opened", opened)
	}
}

// written returns how much of the log is in use. Its last bytes may be zero.
func written(t *testing.T, dir string) int {
	t.Helper()
	log, err := os.ReadFile(lastLog(t, dir))
	ok(t, err)
	return len(bytes.TrimRight(log, "\x00")) + 4
}

// torn opens a database whose log is damaged after the first, safe books.
func torn(t *testing.T, image string, log []byte, safe int) int {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "torn")
	ok(t, os.CopyFS(dir, os.DirFS(image)))
	ok(t, os.WriteFile(lastLog(t, dir), log, 0o600))
	e, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		if !errors.Is(err, pebble.ErrCorruption) {
			t.Errorf("damaged after %d books: %v", safe, err)
		}
		return 0
	}
	defer func() { ok(t, e.Close()) }()
	if n := has(t, e); n < safe {
		t.Errorf("%d books are left of %d before the damage", n, safe)
	}
	return 1
}

func lastLog(t *testing.T, dir string) string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal("no log", err)
	}
	return slices.Max(logs)
}
