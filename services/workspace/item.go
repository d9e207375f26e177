package workspace

import (
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Item is what replies, views and macros have in common. Either the team shares it, or only one user sees it.
type Item struct {
	ID        id.WorkspaceItem `bson:"_id"`
	WebsiteID tenant.ID        `bson:"websiteId"`
	Owner     id.User          `bson:"owner"` // the only user who sees it; zero if it is shared
	AuthorID  *id.User         `bson:"authorId"`
	CreatedAt time.Time        `bson:"createdAt"`
	UpdatedAt time.Time        `bson:"updatedAt"`
	Version   int64            `bson:"version"` // incremented by every change, not by uses
}

// SortKey implements the order of lists: by creation.
func (i Item) SortKey() (time.Time, int64) { return i.CreatedAt, int64(i.ID) }

// Revision is the version of the item, for ETags.
func (i Item) Revision() version.Of { return version.Of{ID: int64(i.ID), Version: i.Version} }

// Common returns the item itself, for functions of all kinds.
func (i Item) Common() Item { return i }

// visible is nil if a user sees the item. A program is the user zero. Another user's own item is like one that doesn't
// exist.
func (i Item) visible(user id.User, noun string) error {
	if i.Owner != 0 && i.Owner != user {
		return fault.Missing(noun)
	}
	return nil
}

func (i *Item) base() *Item { return i }

// Kept is a kind of item: a pointer to a Reply, View or Macro.
type Kept[T any] interface {
	*T
	base() *Item
	// check adds a problem for every wrong field.
	check(wrong *fault.Problems)
	// audited returns the name as entries of the audit log show it. They show no contents.
	audited() map[string]any
	// complete sets the fields that follow from others.
	complete()
}

// Bounds limit the number of items of a kind.
type Bounds struct {
	Website int64 // shared and own ones together
	Scope   int64 // shared ones, and those that one user sees
}

// checked returns an Invalid fault that lists every wrong field of an item.
func checked[T any, P Kept[T]](item *T) error {
	var wrong fault.Problems
	P(item).check(&wrong)
	return wrong.Err()
}
