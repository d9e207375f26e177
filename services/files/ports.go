package files

import (
	"context"
	"io"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores the rows of files. Errors are faults: NotFound ("file"), Unavailable.
type Store interface {
	// NextID returns the number of a new file.
	NextID(ctx context.Context) (id.File, error)
	// Reserve stores the row of a new file. If the website has a file with the same key, it returns that.
	Reserve(ctx context.Context, f File) (File, error)
	// Get returns a file.
	Get(ctx context.Context, t tenant.ID, file id.File) (File, error)
	// Save changes a file. change may run more than once.
	Save(ctx context.Context, t tenant.ID, file id.File, change func(File) (File, error)) (File, error)
	// Due returns up to limit files of all websites that are due, the longest first, and moves their times to until, so
	// that another replica doesn't get them.
	Due(ctx context.Context, now, until time.Time, limit int64) ([]File, error)
	// After returns up to limit files of a website or of a visitor with numbers greater than file, in their order.
	After(ctx context.Context, of subject.Subject, file id.File, limit int64) ([]File, error)
	// Delete removes the row of a file.
	Delete(ctx context.Context, f File) error
}

// Blobs stores contents.
type Blobs interface {
	// Put stores a content under a name. If it fails, nothing is stored under the name, or what was before.
	Put(ctx context.Context, name string, content io.Reader) error
	// Get returns the content under a name, which the caller closes. The error is NotFound if there is none.
	Get(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Delete removes the content under a name, if there is one.
	Delete(ctx context.Context, name string) error
}

// Receiver receives a content whose length isn't known.
type Receiver interface {
	// Receive reads up to limit bytes to a temporary place, which Close frees. The error is TooLarge if there are more,
	// and Invalid if the content can't be read to its end.
	Receive(ctx context.Context, from io.Reader, limit int64) (Received, error)
}

// Received is a content that has been received completely.
type Received interface {
	io.ReaderAt
	io.Closer
	Size() int64
	SHA256() string // in hexadecimal
}

// Examiner finds out what a content is.
type Examiner interface {
	// Examine reads a content of a size. For any content it returns some facts: what isn't known is
	// application/octet-stream.
	Examine(ctx context.Context, content io.ReaderAt, size int64) (Examined, error)
}

// Examined is a content with what is known about it.
type Examined struct {
	Facts
	Content   io.Reader // what is stored: a picture without the place and the device of its photograph
	Thumbnail []byte    // nil: there is none
}

// Accounts is the service accounts.
type Accounts interface {
	// Plan returns the plan of a website, or NotFound.
	Plan(ctx context.Context, t tenant.ID) (identity.Plan, error)
	// HasRoom returns an error of the kind TooLarge if the website has reached its storage limit.
	HasRoom(ctx context.Context, t tenant.ID) error
}

// Owners are the services that name files in what they store.
type Owners interface {
	// Named returns those of some files that a service names.
	Named(ctx context.Context, t tenant.ID, files []id.File) ([]id.File, error)
}
