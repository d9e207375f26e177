package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Upload is a file that a caller sends.
type Upload struct {
	Name      string
	SHA256    string      // of the content, in hexadecimal; "" if the caller doesn't state it
	Sender    string      // names the caller: the same in a repetition, and another for every other caller
	VisitorID *id.Visitor // the visitor that sends it; nil for a website's team
	Content   io.Reader
}

// UploadTimeout is how long an upload may take.
const UploadTimeout = 10 * time.Minute

var checksum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate returns an Invalid fault that lists every wrong field.
func (u Upload) Validate() error {
	var wrong fault.Problems
	wrong.Check(strings.TrimSpace(u.Name) != "", "name", "must not be blank")
	wrong.Check(len(u.Name) <= maxGivenName, "name", fmt.Sprintf("must be at most %d bytes", maxGivenName))
	wrong.Check(u.SHA256 == "" || checksum.MatchString(u.SHA256), "sha256", "must be 64 hexadecimal digits in lower case")
	return wrong.Err()
}

// maxGivenName is the longest name in bytes that a caller may state. A longer one than maxName is cut.
const maxGivenName = 1 << 10

// Upload stores a file. The same content that the same sender has sent under the same name, and that isn't claimed, is
// the same file. Errors are faults: Invalid, TooLarge, Unavailable.
func (s *Service) Upload(ctx context.Context, t tenant.ID, u Upload) (File, error) {
	if err := u.Validate(); err != nil {
		return File{}, err
	}
	plan, err := s.Accounts.Plan(ctx, t)
	if err != nil {
		return File{}, err
	}
	if err := s.Accounts.HasRoom(ctx, t); err != nil {
		return File{}, err
	}
	received, err := s.Receiver.Receive(ctx, u.Content, MaxSize(plan))
	if err != nil {
		return File{}, err
	}
	defer received.Close()
	switch {
	case received.Size() == 0:
		return File{}, fault.Bad("body", "must not be empty")
	case u.SHA256 != "" && u.SHA256 != received.SHA256():
		return File{}, fault.Bad("sha256", "isn't the checksum of the body that arrived: send it again")
	}
	examined, err := s.Examiner.Examine(ctx, received, received.Size())
	if err != nil {
		return File{}, err
	}
	f, err := s.reserve(ctx, t, u, received.SHA256(), examined.Facts)
	if err == nil && f.State == Storing {
		err = s.putBlobs(ctx, f, examined)
	}
	if err != nil {
		return File{}, err
	}
	return s.finish(ctx, f)
}

// reserve stores the row of a file, or returns that of an earlier attempt.
func (s *Service) reserve(ctx context.Context, t tenant.ID, u Upload, sum string, facts Facts) (File, error) {
	number, err := s.Store.NextID(ctx)
	if err != nil {
		return File{}, err
	}
	now, name := s.now(), CleanName(u.Name)
	due := now.Add(keepUnused)
	return s.Store.Reserve(ctx, File{
		ID:        number,
		WebsiteID: t,
		State:     Storing,
		VisitorID: u.VisitorID,
		ByVisitor: u.VisitorID != nil,
		Name:      name,
		Facts:     facts,
		SHA256:    sum,
		Key:       keyOf(u.Sender, sum, name),
		DueAt:     &due,
		CreatedAt: now,
		UpdatedAt: now,
	})
}

// putBlobs stores the blobs of a file. If two attempts do it at the same time, both store the same.
func (s *Service) putBlobs(ctx context.Context, f File, e Examined) error {
	if err := s.Blobs.Put(ctx, f.blob(), e.Content); err != nil || e.Thumbnail == nil {
		return err
	}
	return s.Blobs.Put(ctx, f.thumbnailBlob(), bytes.NewReader(e.Thumbnail))
}

// finish makes a file usable whose blobs are stored.
func (s *Service) finish(ctx context.Context, f File) (File, error) {
	saved, err := s.Store.Save(ctx, f.WebsiteID, f.ID, func(f File) (File, error) { return f.stored(s.now()), nil })
	if fault.Is(err, fault.NotFound) { // its visitor or its website was erased meanwhile
		err = errors.Join(err, s.deleteBlobs(ctx, f))
	}
	return saved, err
}

// keyOf returns the key that repetitions of an upload share.
func keyOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

// blob is the name of the file's content among the blobs.
func (f File) blob() string { return fmt.Sprintf("%s/%d", f.WebsiteID, f.ID) }

func (f File) thumbnailBlob() string { return f.blob() + "-thumbnail" }
