package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// reserve is the free space below which writes are refused, so that the engine can finish what it has begun.
	reserve = 64 << 20
	// On a full disk, a write checks for room at this interval, and new writes check the reserve.
	lookEvery = 100 * time.Millisecond
)

// disk is the file system below the engine, which can't continue if it can't write its log. Writes to the store are
// refused before the disk is full. If the engine still finds it full, its write waits for room. A failed flush is
// never retried, because its effect is unknown.
type disk struct {
	vfs.FS
	dir string

	pace  atomic.Pointer[pace] // of compactions, once the engine is open
	fresh atomic.Bool          // logs aren't reused, because their old bytes would stay

	mu      sync.Mutex
	patient bool          // an open engine waits; one that opens fails
	waiting int           // the number of writes that wait for room
	full    chan struct{} // closed while writes wait
	looked  time.Time
	free    uint64
}

func newDisk(dir string, fs vfs.FS) *disk {
	return &disk{FS: fs, dir: dir, full: make(chan struct{})}
}

// opened records that the engine is open.
func (d *disk) opened(p *pace) {
	d.pace.Store(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.patient = true
}

// filled returns a channel that is closed while the disk is full.
func (d *disk) filled() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.full
}

// room refuses a write if too little space would remain.
func (d *disk) room(bytes int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting > 0 {
		return errDiskFull()
	}
	if time.Since(d.looked) >= lookEvery {
		d.looked = time.Now()
		usage, err := d.GetDiskUsage(d.dir)
		if err != nil {
			usage.AvailBytes = 1 << 62 // the platform doesn't report it
		}
		d.free = usage.AvailBytes
	}
	if d.free < reserve+uint64(bytes) {
		return errDiskFull()
	}
	return nil
}

func errDiskFull() error {
	return mongoerr.New(mongoerr.OutOfDiskSpace, "the disk is full: writes continue when %d MB are free", reserve>>20)
}

// retry repeats a write until the disk has room for it.
func (d *disk) retry(write func() error) error {
	err := write()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !errors.Is(err, syscall.ENOSPC) || !d.patient {
		return err
	}
	if d.waiting++; d.waiting == 1 {
		close(d.full)
	}
	for errors.Is(err, syscall.ENOSPC) {
		d.mu.Unlock()
		time.Sleep(lookEvery)
		err = write()
		d.mu.Lock()
	}
	if d.waiting--; d.waiting == 0 {
		d.full, d.looked = make(chan struct{}), time.Time{}
	}
	return err
}

// file makes or opens a file that waits for room.
func (d *disk) file(c vfs.DiskWriteCategory, open func() (vfs.File, error)) (f vfs.File, err error) {
	err = d.retry(func() error {
		f, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, c == compacting}, nil
}

// Create is vfs.FS.Create.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.file(c, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

// ReuseForWrite is vfs.FS.ReuseForWrite.
func (d *disk) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if d.fresh.Load() {
		if err := d.Remove(old); err != nil {
			return nil, err
		}
		return d.Create(name, c)
	}
	return d.file(c, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, c) })
}

// OpenReadWrite is vfs.FS.OpenReadWrite.
func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return d.file(c, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, o...) })
}

// Rename is vfs.FS.Rename.
func (d *disk) Rename(old, name string) error {
	return d.retry(func() error { return d.FS.Rename(old, name) })
}

// Unwrap is vfs.FS.Unwrap.
func (d *disk) Unwrap() vfs.FS { return d.FS }

type diskFile struct {
	vfs.File
	d     *disk
	paced bool
}

func (f *diskFile) Write(p []byte) (n int, err error) {
	if f.paced {
		f.d.pace.Load().wait(len(p))
	}
	err = f.d.retry(func() error {
		m, err := f.File.Write(p[n:])
		n += m
		return err
	})
	return n, err
}

func (f *diskFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.d.retry(func() error {
		m, err := f.File.WriteAt(p[n:], at+int64(n))
		n += m
		return err
	})
	return n, err
}

// attempt calls the engine, which panics if it can't write or flush its log. After that it accepts no writes.
func (e *Engine) attempt(write func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the log cannot be written, and nothing more until a restart: %v", p)
			e.failed.CompareAndSwap(nil, &err)
		}
	}()
	return write()
}

// writable refuses writes for which the disk has no room, and all writes after the log has failed.
func (e *Engine) writable(bytes int) error {
	if err := e.failed.Load(); err != nil {
		return *err
	}
	return e.disk.room(bytes)
}

// closeSnapshot closes a snapshot without waiting for room on the disk: closing one may schedule a compaction, which
// waits for a flush.
func (e *Engine) closeSnapshot(s *pebble.Snapshot) {
	select {
	case <-e.disk.filled():
		go func() { _ = e.attempt(s.Close) }()
	default:
		_ = s.Close()
	}
}

// unlessFull waits for a call of the engine, but not for room on the disk.
func (e *Engine) unlessFull(call func() error) error {
	full := e.disk.filled()
	done := make(chan error, 1)
	go func() { done <- e.attempt(call) }()
	select {
	case err := <-done:
		return err
	case <-full:
		return errDiskFull()
	}
}
