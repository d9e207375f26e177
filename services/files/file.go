package files

import (
	"errors"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// State is where a file is on its way: see the package comment.
type State string

// The states.
const (
	Storing State = "STORING"
	Unused  State = "UNUSED"
	Claimed State = "CLAIMED"
	Used    State = "USED"
	Removed State = "REMOVED" // can't be claimed any more, and is being removed
)

// keepUnused is how long a file is kept that isn't in use, and how long an owner has to name one that it has claimed.
const keepUnused = 24 * time.Hour

// The largest file of a website, in bytes, by its plan.
const (
	MaxSizeFree = 10 << 20
	MaxSizePro  = 25 << 20
)

// MaxSize returns the largest file of a plan, in bytes.
func MaxSize(p identity.Plan) int64 {
	if p == identity.Pro {
		return MaxSizePro
	}
	return MaxSizeFree
}

// File is a stored file.
type File struct {
	ID        id.File   `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	State     State     `bson:"state"`
	// The visitor whose data it is: the one that sent it, or to which an agent has sent it. nil while that is unknown.
	VisitorID *id.Visitor `bson:"visitorId"`
	ByVisitor bool        `bson:"byVisitor"` // the visitor has sent it, not an agent
	Name      string      `bson:"name"`
	Facts     `bson:",inline"`
	SHA256    string     `bson:"sha256"`          // of the content as it was received, in hexadecimal
	Key       string     `bson:"key,omitempty"`   // is the same in a repetition of the upload; absent once it is claimed
	DueAt     *time.Time `bson:"dueAt,omitempty"` // when a file that isn't used is to be looked at
	CreatedAt time.Time  `bson:"createdAt"`
	UpdatedAt time.Time  `bson:"updatedAt"`
}

// Facts are what an Examiner finds out about a content.
type Facts struct {
	Type          string `bson:"type"` // the media type, known from the content alone
	Size          int64  `bson:"size"` // of the content that is stored, in bytes
	Width         int64  `bson:"width,omitempty"`
	Height        int64  `bson:"height,omitempty"`
	ThumbnailSize int64  `bson:"thumbnailSize,omitempty"` // 0: there is no thumbnail
}

// Bytes is what the file counts towards the storage limit of its website, beside its row.
func (f Facts) Bytes() int64 { return f.Size + f.ThumbnailSize }

// View returns the file as clients see it, with signed addresses.
func (f File) View(s fileaddress.Signer) contract.Attachment {
	v := contract.Attachment{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size}
	if f.Width > 0 {
		v.Width, v.Height = &f.Width, &f.Height
	}
	return v.WithAddresses(s, f.WebsiteID, f.ThumbnailSize > 0)
}

// stored returns the file after its blobs are stored, now or by an earlier attempt.
func (f File) stored(now time.Time) File {
	if f.State == Storing || f.State == Unused {
		due := now.Add(keepUnused)
		f.State, f.DueAt, f.UpdatedAt = Unused, &due, now
	}
	return f
}

// errUnusable says the same for a file of another website, of another visitor, and one that doesn't exist.
func errUnusable() error {
	return fault.Bad("attachments",
		"must be files that were uploaded in the last 24 hours and belong to the conversation")
}

// claimed returns the file after its owner has claimed it for a visitor. A visitor may name only what they have sent
// themselves.
func (f File) claimed(by Claimant, now time.Time) (File, error) {
	isThere := f.State == Unused || f.State == Claimed || f.State == Used
	if !isThere || f.VisitorID != nil && *f.VisitorID != by.VisitorID || by.IsVisitor && !f.ByVisitor {
		return f, errUnusable()
	}
	if f.State == Used {
		return f, nil
	}
	due := now.Add(keepUnused)
	f.State, f.VisitorID, f.Key, f.DueAt, f.UpdatedAt = Claimed, &by.VisitorID, "", &due, now
	return f, nil
}

// used returns the file after its owner has confirmed that it names it.
func (f File) used(now time.Time) File {
	if f.State == Claimed {
		f.State, f.DueAt, f.UpdatedAt = Used, nil, now
	}
	return f
}

// errChanged is the error of removing a file that has been claimed since it was found to be due.
var errChanged = errors.New("files: the file was claimed meanwhile")

// removed returns the file after the decision to remove it, if it is still as it was when it was due.
func (f File) removed(due File) (File, error) {
	if f.State != due.State || f.DueAt == nil || !f.DueAt.Equal(*due.DueAt) {
		return f, errChanged
	}
	f.State, f.Key = Removed, ""
	return f, nil
}
