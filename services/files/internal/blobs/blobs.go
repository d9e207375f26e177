// Package blobs stores contents in a folder or in memory. Begin with New. Each content is written once and never
// changed. The package hides gocloud.dev, whose drivers for object stores fit here too.
package blobs

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"fivechat.dev/libs/kernel/fault"
)

// Blobs implements files.Blobs.
type Blobs struct {
	folder string // "": in memory
	bucket *blob.Bucket
}

// InMemory is the address of a store that ends with the process.
const InMemory = "mem:"

// New returns the store at an address: file:///folder, or InMemory. A folder can be used after Open.
func New(address string) (*Blobs, error) {
	if address == InMemory {
		return &Blobs{bucket: memblob.OpenBucket(nil)}, nil
	}
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "file" || at.Host != "" || at.Path == "" || at.RawQuery != "" {
		return nil, fmt.Errorf("%q must be like file:///folder, or %s", address, InMemory)
	}
	return &Blobs{folder: at.Path}, nil
}

// Open opens the store. A folder is created, and only this user may read it.
func (b *Blobs) Open() (err error) {
	if b.folder == "" {
		return nil
	}
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		return fmt.Errorf("open the folder of files: %w", err)
	}
	b.bucket, err = fileblob.OpenBucket(b.folder, &fileblob.Options{
		DirFileMode: 0o700,
		NoTempDir:   true, // a rename within the folder is atomic
		Metadata:    fileblob.MetadataDontWrite,
	})
	return err
}

// Close ends the use of the store.
func (b *Blobs) Close() error {
	if b.bucket == nil {
		return nil
	}
	return b.bucket.Close()
}

// Put implements files.Blobs.
func (b *Blobs) Put(ctx context.Context, name string, content io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return away(err)
	}
	if _, err := io.Copy(w, content); err != nil {
		cancel() // otherwise Close would store the part that was written
		_ = w.Close()
		return away(err)
	}
	if err := w.Close(); err != nil {
		return away(err)
	}
	return nil
}

// Get implements files.Blobs.
func (b *Blobs) Get(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	r, err := b.bucket.NewReader(ctx, name, nil)
	switch {
	case gcerrors.Code(err) == gcerrors.NotFound:
		return nil, fault.Missing("file")
	case err != nil:
		return nil, away(err)
	}
	return r, nil
}

// Delete implements files.Blobs.
func (b *Blobs) Delete(ctx context.Context, name string) error {
	if err := b.bucket.Delete(ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return away(err)
	}
	return nil
}

func away(err error) error { return fault.Away("the store of files", err) }
