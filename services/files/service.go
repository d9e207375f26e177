package files

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Ports are what a Service needs.
type Ports struct {
	Store    Store
	Blobs    Blobs
	Receiver Receiver
	Examiner Examiner
	Accounts Accounts
	Owners   Owners
	Signer   fileaddress.Signer
}

// Service has the use cases of files.
type Service struct {
	Ports
	now func() time.Time
}

// New returns a Service. now is the clock; its times are truncated to milliseconds, the precision of the database.
func New(p Ports, now func() time.Time) *Service {
	return &Service{Ports: p, now: timestamp.Clock(now)}
}

// MaxClaimed is how many files one message may name.
const MaxClaimed = 10

// Claimant is the visitor that files are claimed for. IsVisitor says whether the visitor names them, or an agent.
type Claimant struct {
	VisitorID id.Visitor
	IsVisitor bool
}

// Claim claims files for what an owner is about to store, and returns them in the same order. Claiming them again for
// the same visitor changes nothing. The error is Invalid if one can't be used there.
func (s *Service) Claim(ctx context.Context, t tenant.ID, by Claimant, files []id.File) ([]File, error) {
	if len(files) > MaxClaimed {
		return nil, fault.Bad("attachments", "must be at most 10 files")
	}
	claimed := make([]File, len(files))
	for i, number := range files {
		if slices.Contains(files[:i], number) {
			return nil, fault.Bad("attachments", "must not name a file twice")
		}
		f, err := s.Store.Save(ctx, t, number, func(f File) (File, error) { return f.claimed(by, s.now()) })
		if fault.Is(err, fault.NotFound) {
			err = errUnusable()
		}
		if err != nil {
			return nil, err
		}
		claimed[i] = f
	}
	return claimed, nil
}

// Opened is a part of a file, to be sent.
type Opened struct {
	File    File
	Content io.ReadSeekCloser
}

// Open opens the part of a file that a signed address names. The error is NotFound if the address isn't valid, or if
// the file has been removed.
func (s *Service) Open(ctx context.Context, file id.File, part fileaddress.Part, signature string) (Opened, error) {
	t, err := s.Signer.Check(file, part, signature)
	if err != nil {
		return Opened{}, err
	}
	f, err := s.Store.Get(ctx, t, file)
	if err != nil {
		return Opened{}, err
	}
	blob := f.blob()
	if part == fileaddress.Thumbnail {
		blob = f.thumbnailBlob()
	}
	content, err := s.Blobs.Get(ctx, blob)
	return Opened{f, content}, err
}

// batch is how many files a step of an erasure or of the sweeper handles.
const batch = 50

// claimFor is how long a step of the sweeper may take.
const claimFor = 5 * time.Minute

// Sweep handles some files that are due, and returns how many. A file that its owner names is used from now on; others
// are removed.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	now := s.now()
	due, err := s.Store.Due(ctx, now, now.Add(claimFor), batch)
	for i, f := range due {
		if err := s.settle(ctx, f); err != nil {
			return i, err
		}
	}
	return len(due), err
}

// settle handles a file that is due.
func (s *Service) settle(ctx context.Context, f File) error {
	isNamed := false
	if f.State == Claimed {
		named, err := s.Owners.Named(ctx, f.WebsiteID, []id.File{f.ID})
		if err != nil {
			return err
		}
		isNamed = slices.Contains(named, f.ID)
	}
	_, err := s.Store.Save(ctx, f.WebsiteID, f.ID, func(stored File) (File, error) {
		if isNamed {
			return stored.used(s.now()), nil
		}
		return stored.removed(f)
	})
	switch {
	case errors.Is(err, errChanged), fault.Is(err, fault.NotFound): // claimed or erased meanwhile
		return nil
	case err != nil || isNamed:
		return err
	default:
		return s.remove(ctx, f)
	}
}

// remove removes the blobs of a file, and then its row. If it fails in between, it is repeated.
func (s *Service) remove(ctx context.Context, f File) error {
	if err := s.deleteBlobs(ctx, f); err != nil {
		return err
	}
	return s.Store.Delete(ctx, f)
}

func (s *Service) deleteBlobs(ctx context.Context, f File) error {
	if err := s.Blobs.Delete(ctx, f.thumbnailBlob()); err != nil {
		return err
	}
	return s.Blobs.Delete(ctx, f.blob())
}

// Erase removes some files of a website or of a visitor, and reports whether there may be more.
func (s *Service) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	found, err := s.Store.After(ctx, of, 0, batch)
	if err != nil {
		return false, err
	}
	for _, f := range found {
		if err := s.remove(ctx, f); err != nil {
			return true, err
		}
	}
	return len(found) == batch, nil
}
