package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/files"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// world is a Service with fakes in place of its ports.
type world struct {
	*files.Service
	now   time.Time
	store *store
	blobs *contents
	named []id.File // what the owner names
	plan  identity.Plan
	full  error
	away  error // of the owner
}

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := identity.NewKeyring([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{now: noon, store: &store{rows: map[id.File]files.File{}}, blobs: &contents{}, plan: identity.Free}
	clock := func() time.Time { return w.now }
	w.Service = files.New(files.Ports{
		Store: w.store, Blobs: w.blobs, Receiver: receiver{}, Examiner: examiner{}, Accounts: w, Owners: w,
		Signer: fileaddress.New(keys, clock),
	}, clock)
	return w
}

func site(t *testing.T, n int64) tenant.ID {
	t.Helper()
	website, err := tenant.New(n)
	if err != nil {
		t.Fatal(err)
	}
	return website
}

// Plan implements files.Accounts.
func (w *world) Plan(context.Context, tenant.ID) (identity.Plan, error) { return w.plan, nil }

// HasRoom implements files.Accounts.
func (w *world) HasRoom(context.Context, tenant.ID) error { return w.full }

// Named implements files.Owners.
func (w *world) Named(_ context.Context, _ tenant.ID, asked []id.File) (found []id.File, err error) {
	for _, number := range asked {
		if slices.Contains(w.named, number) {
			found = append(found, number)
		}
	}
	return found, w.away
}

// store implements files.Store.
type store struct {
	rows map[id.File]files.File
	last id.File
}

func (s *store) NextID(context.Context) (id.File, error) {
	s.last++
	return s.last, nil
}

func (s *store) Reserve(_ context.Context, f files.File) (files.File, error) {
	for _, have := range s.rows {
		if have.WebsiteID == f.WebsiteID && have.Key == f.Key {
			return have, nil
		}
	}
	s.rows[f.ID] = f
	return f, nil
}

func (s *store) Get(_ context.Context, t tenant.ID, number id.File) (files.File, error) {
	if f, known := s.rows[number]; known && f.WebsiteID == t {
		return f, nil
	}
	return files.File{}, fault.Missing("file")
}

func (s *store) Save(
	ctx context.Context, t tenant.ID, number id.File, change func(files.File) (files.File, error),
) (files.File, error) {
	f, err := s.Get(ctx, t, number)
	if err != nil {
		return f, err
	}
	if f, err = change(f); err == nil {
		s.rows[number] = f
	}
	return f, err
}

func (s *store) Due(_ context.Context, now, until time.Time, _ int64) (due []files.File, _ error) {
	for number, f := range s.rows {
		if f.DueAt != nil && !f.DueAt.After(now) {
			f.DueAt = &until
			s.rows[number] = f
			due = append(due, f)
		}
	}
	return due, nil
}

func (s *store) After(_ context.Context, of subject.Subject, after id.File, limit int64) (found []files.File, _ error) {
	visitor, isVisitor := of.Visitor()
	for number := after + 1; number <= s.last && int64(len(found)) < limit; number++ {
		f, known := s.rows[number]
		if known && f.WebsiteID == of.Website() && (!isVisitor || f.VisitorID != nil && *f.VisitorID == visitor) {
			found = append(found, f)
		}
	}
	return found, nil
}

func (s *store) Delete(_ context.Context, f files.File) error {
	delete(s.rows, f.ID)
	return nil
}

// contents implements files.Blobs.
type contents struct {
	all  map[string]string
	puts int
	err  error // of the next Put
}

func (c *contents) Put(_ context.Context, name string, content io.Reader) error {
	if err := c.err; err != nil {
		c.err = nil
		return err
	}
	b, err := io.ReadAll(content)
	if c.all == nil {
		c.all = map[string]string{}
	}
	c.all[name] = string(b)
	c.puts++
	return err
}

func (c *contents) Get(_ context.Context, name string) (io.ReadSeekCloser, error) {
	content, known := c.all[name]
	if !known {
		return nil, fault.Missing("file")
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{strings.NewReader(content), io.NopCloser(nil)}, nil
}

func (c *contents) Delete(_ context.Context, name string) error {
	delete(c.all, name)
	return nil
}

// receiver implements files.Receiver.
type receiver struct{}

func (receiver) Receive(_ context.Context, from io.Reader, limit int64) (files.Received, error) {
	b, err := io.ReadAll(from)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the body could not be read to its end", err)
	}
	if int64(len(b)) > limit {
		return nil, fault.New(fault.TooLarge, "the file is too large")
	}
	return received{bytes.NewReader(b), b}, nil
}

type received struct {
	*bytes.Reader
	content []byte
}

func (received) Close() error { return nil }

func (r received) SHA256() string {
	sum := sha256.Sum256(r.content)
	return hex.EncodeToString(sum[:])
}

// examiner implements files.Examiner: everything is a picture.
type examiner struct{}

func (examiner) Examine(_ context.Context, content io.ReaderAt, size int64) (files.Examined, error) {
	return files.Examined{
		Facts:     files.Facts{Type: "image/png", Size: size, Width: 4, Height: 3, ThumbnailSize: 5},
		Content:   io.NewSectionReader(content, 0, size),
		Thumbnail: []byte("small"),
	}, nil
}

var errDisk = errors.New("the disk is full")
