package workspace

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
)

// Filter selects items of a list. Zero fields don't filter, except for User. Only replies have the other fields.
type Filter struct {
	User     id.User // whose own items are listed, beside the shared ones; zero for a program
	Folder   string
	Shortcut string
	Query    searchquery.Query
}

// Store stores the items of one kind. Errors are faults: NotFound with the noun, Conflict for a shortcut that is taken
// and for too many items, PreconditionFailed if the context requires another version, Unavailable.
type Store[T any] interface {
	// Noun names an item in errors ("canned reply").
	Noun() string
	// NextID returns the id of the next item.
	NextID(ctx context.Context) (id.WorkspaceItem, error)
	// Create stores a new item. note is the last step of its transaction, and of those of Save and Delete: if it fails,
	// nothing is stored.
	Create(ctx context.Context, item T, note func() error) error
	// Get returns an item.
	Get(ctx context.Context, t tenant.ID, number id.WorkspaceItem) (T, error)
	// List returns a window of the items that a filter selects, newest first.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Window) (paging.Slice[T], error)
	// Save changes an item. change gets the stored one and may run more than once. note isn't called if nothing differs.
	Save(ctx context.Context, t tenant.ID, number id.WorkspaceItem,
		change func(T) (T, error), note func(before, after T) error) (T, error)
	// Delete removes an item that allow admits.
	Delete(ctx context.Context, t tenant.ID, number id.WorkspaceItem,
		allow func(T) error, note func(T) error) (T, error)
	// DeleteOf removes the items that only a user sees.
	DeleteOf(ctx context.Context, t tenant.ID, user id.User) error
}

// Uses counts the uses of replies.
type Uses interface {
	// Used counts a use, and returns the reply.
	Used(ctx context.Context, t tenant.ID, number id.WorkspaceItem) (Reply, error)
}

// Stores are the stores of all kinds.
type Stores struct {
	Replies Store[Reply]
	Uses    Uses
	Views   Store[View]
	Macros  Store[Macro]
}

// Audit is the audit log of the website's owners.
type Audit interface {
	// Note adds an entry of the caller of ctx: what was done with an item of a kind, and the fields that differ.
	Note(ctx context.Context, t tenant.ID, e Entry) error
}

// Entry is an entry of the audit log. It has no contents.
type Entry struct {
	Kind          string // "canned_reply"
	Action        string // "create", "update" or "delete"
	ID            id.WorkspaceItem
	Before, After map[string]any
}

// Notifier publishes transient events to connected streams.
type Notifier interface {
	// Notify publishes an event. It reports no error: if delivery fails, no stored data is lost.
	Notify(ctx context.Context, t tenant.ID, visitor id.Visitor, data contract.Data)
}
