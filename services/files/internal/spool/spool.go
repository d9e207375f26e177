// Package spool receives contents into temporary files, so that none is held in memory. Begin with Spool.Receive. A
// temporary file has no name as soon as it is open: it is gone when the process ends, however it ends.
package spool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"golang.org/x/sync/semaphore"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/files"
)

// maxBytes is how many bytes all temporary files of a process may have: 40 of the largest.
const maxBytes = 1 << 30

// Spool implements files.Receiver.
type Spool struct {
	folder string
	room   *semaphore.Weighted
}

// New returns a Spool whose temporary files are in a folder; "" is the system's.
func New(folder string) *Spool { return &Spool{folder, semaphore.NewWeighted(maxBytes)} }

// Receive implements files.Receiver. The error is Limited if the temporary files have too many bytes together.
func (s *Spool) Receive(_ context.Context, from io.Reader, limit int64) (files.Received, error) {
	if !s.room.TryAcquire(limit) {
		return nil, fault.New(fault.Limited, "too many uploads are in progress, try again later")
	}
	r := &received{free: func() { s.room.Release(limit) }}
	if err := r.fill(s.folder, from, limit); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// received implements files.Received.
type received struct {
	*os.File
	size int64
	sum  [sha256.Size]byte
	free func()
}

func (r *received) fill(folder string, from io.Reader, limit int64) (err error) {
	if r.File, err = os.CreateTemp(folder, "upload-"); err != nil {
		return away(err)
	}
	if err := os.Remove(r.Name()); err != nil {
		return away(err)
	}
	sum := sha256.New()
	content := &reader{from: io.LimitReader(from, limit+1)}
	r.size, err = io.Copy(io.MultiWriter(r.File, sum), content)
	switch {
	case content.err != nil:
		return refusal(content.err)
	case err != nil:
		return away(err)
	case r.size > limit:
		// A browser that still sends when the connection is closed doesn't see the response. The request's bound ends this.
		_, _ = io.Copy(io.Discard, from)
		return tooLarge(limit)
	}
	sum.Sum(r.sum[:0])
	return nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, fmt.Sprintf("the file is larger than %d bytes", limit))
}

// refusal returns the fault of a content that can't be read to its end.
func refusal(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return tooLarge(long.Limit)
	}
	return fault.Wrap(fault.Invalid, "the body could not be read to its end", err)
}

// away returns the fault of a temporary file that can't be written: the disk is full or fails.
func away(err error) error { return fault.Away("the place for uploads", err) }

// Size implements files.Received.
func (r *received) Size() int64 { return r.size }

// SHA256 implements files.Received.
func (r *received) SHA256() string { return hex.EncodeToString(r.sum[:]) }

// Close implements files.Received.
func (r *received) Close() error {
	defer r.free()
	if r.File == nil {
		return nil
	}
	return r.File.Close()
}

// reader remembers the error of its source, so that it isn't mistaken for one of the temporary file.
type reader struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
