package visitors

import (
	"context"
	"encoding/json"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store keeps visitors, each change together with its event. Errors are faults: NotFound for what is not there or
// another website's, Conflict where somebody else was quicker, Unavailable.
type Store interface {
	// Reserve draws n numbers in a row that no visitor has, and gives the first.
	Reserve(ctx context.Context, n int) (int64, error)
	// Owner gives the website and the visitor of a token.
	Owner(ctx context.Context, token string) (tenant.ID, Owner, error)
	// SetSecret stores the hash of the secret of a token that has none, and reports whether it did.
	SetSecret(ctx context.Context, token, hash string) (bool, error)
	// ByToken gives the visitor of a token.
	ByToken(ctx context.Context, t tenant.ID, token string) (Visitor, error)
	// ByIDs gives those of several visitors that are there.
	ByIDs(ctx context.Context, t tenant.ID, ids []int64) ([]Visitor, error)
	// List gives visitors, newest first or in the order of changes.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Visitor], error)
	// CountSeen gives how many visitors were seen since.
	CountSeen(ctx context.Context, t tenant.ID, since time.Time) (int64, error)

	// Create stores a new visitor.
	Create(ctx context.Context, v Visitor) error
	// Save changes the visitor of a token; change is given the stored one and may run more than once. PreconditionFailed
	// where the context requires another revision.
	Save(ctx context.Context, t tenant.ID, token string, change func(Visitor) (Visitor, error)) (Visitor, error)
	// Seen notes when a visitor was seen, unless it was noted since the time given as noted, and says whether it did.
	Seen(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) (bool, error)

	// Imported gives the numbers of the visitors that were imported under keys.
	Imported(ctx context.Context, t tenant.ID, keys []string) (map[string]int64, error)
	// Import stores imported visitors, all or none; Conflict where one of the keys is there by now.
	Import(ctx context.Context, t tenant.ID, visitors []Visitor) error
}

// Filter narrows a list. A zero time does not.
type Filter struct {
	SeenSince   time.Time // only who was seen then or later
	UnseenSince time.Time // only who was not
}

// Storage knows which websites have reached their storage limit.
type Storage interface {
	// Admit returns the error that refuses a new row of a website, nil for one that may store more.
	Check(ctx context.Context, t tenant.ID) error
}

// View is what another service shows of its own, passed on as it is.
type View = json.RawMessage

// Widget is the widget that a site loaded.
type Widget struct {
	WebsiteID   tenant.ID
	ChatEnabled bool
	View        View
}

// Widgets knows the websites' widgets.
type Widgets interface {
	// Resolve gives the widget of a client token.
	Resolve(ctx context.Context, clientToken string) (Widget, error)
}

// Conversations knows what visitors talk about.
type Conversations interface {
	// Open gives the visitor's newest open conversation, or NotFound.
	Open(ctx context.Context, t tenant.ID, visitorID int64) (View, error)
}

// Agents knows who answers.
type Agents interface {
	// Online says whether any agent of a website is there.
	Online(ctx context.Context, t tenant.ID) (bool, error)
}

// Notifier publishes transient events (typing, presence) to connected streams. They are not stored.
type Notifier interface {
	// Tell tells of what happened to a visitor; where it is not heard, nothing is lost that is kept.
	Notify(ctx context.Context, t tenant.ID, visitorID int64, typ string, data any)
}
