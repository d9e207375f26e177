package visitors

import (
	"context"
	"encoding/json"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores visitors, each change together with its event. Errors are faults: NotFound if a visitor doesn't exist or
// belongs to another website, Conflict if a concurrent call has stored the same, Unavailable.
type Store interface {
	// Reserve reserves n consecutive visitor ids and returns the first.
	Reserve(ctx context.Context, n int) (id.Visitor, error)
	// Owner returns the website and the owner of a token.
	Owner(ctx context.Context, token string) (tenant.ID, Owner, error)
	// SetSecret stores the hash of the secret of a token that has none, and reports whether it did.
	SetSecret(ctx context.Context, token, hash string) (bool, error)
	// ByToken returns the visitor of a token, which may be that of a further device.
	ByToken(ctx context.Context, t tenant.ID, token string) (Visitor, error)
	// ByUser returns the visitor who is verified as a user.
	ByUser(ctx context.Context, t tenant.ID, userID string) (Visitor, error)
	// ByIDs returns the visitors that exist among ids.
	ByIDs(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]Visitor, error)
	// List returns visitors in an order. Those who were never seen aren't in the order of last sight.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Visitor], error)
	// Total returns the number of the website's visitors.
	Total(ctx context.Context, t tenant.ID) (int64, error)
	// Analysed returns the next up to limit visitors after a number, of all websites, in the order of numbers, with their
	// website and the version of their terms. more reports whether others follow.
	Analysed(ctx context.Context, after id.Visitor, limit int64) (rows []Visitor, more bool, err error)
	// Newest returns the number of the newest visitor of all websites, 0 if there is none.
	Newest(ctx context.Context) (int64, error)
	// SetTerms stores the visitor's terms and page, without an event, unless the visitor has changed since v was read:
	// then it reports false.
	SetTerms(ctx context.Context, v Visitor) (bool, error)
	// CountSeen returns how many visitors have been seen since a time.
	CountSeen(ctx context.Context, t tenant.ID, since time.Time) (int64, error)

	// Create stores a new visitor. The error is Conflict if another one is verified as the same user.
	Create(ctx context.Context, v Visitor) error
	// Save changes the visitor of a token. change gets the stored visitor and may run more than once. The tokens of
	// devices that it adds and removes are stored and removed. If it adds none and sets SecretHash, that becomes the hash
	// of the token's secret. The error is PreconditionFailed if the context requires
	// another version, Conflict if another visitor is verified as the same user.
	Save(ctx context.Context, t tenant.ID, token string, change func(Visitor) (Visitor, error)) (Visitor, error)
	// Seen stores that a visitor was seen at now, unless a time since noted is stored already. It reports whether it
	// stored the time.
	Seen(ctx context.Context, t tenant.ID, visitor id.Visitor, now, noted time.Time) (bool, error)
	// Presence returns when a visitor was last seen, and their AgentConversation.
	Presence(ctx context.Context, t tenant.ID, visitor id.Visitor) (Visitor, error)
	// SetAgentConversation stores the token of a conversation that an agent has begun, without an event.
	SetAgentConversation(ctx context.Context, t tenant.ID, visitor id.Visitor, conversation string) error
	// Arrive stores that a visitor was seen at now, after they had been away.
	Arrive(ctx context.Context, t tenant.ID, visitor id.Visitor, now time.Time) error

	// IdentityRequired reports whether the website serves verified visitors only. A change elsewhere is known within a
	// second.
	IdentityRequired(ctx context.Context, t tenant.ID) (bool, error)
	// RequireIdentity stores whether it does, and returns whether it did before.
	RequireIdentity(ctx context.Context, t tenant.ID, required bool) (before bool, err error)

	NoteStore

	// Imported returns the ids of the visitors that were imported under keys.
	Imported(ctx context.Context, t tenant.ID, keys []string) (map[string]id.Visitor, error)
	// Import stores imported visitors, all or none. The error is Conflict if one of the keys exists by now.
	Import(ctx context.Context, t tenant.ID, visitors []Visitor) error
}

// Filter selects visitors of a list. Zero times don't filter.
type Filter struct {
	SeenSince   time.Time // only visitors seen then or later
	UnseenSince time.Time // only visitors not seen since then
	Verified    *bool     // whether the website's backend has signed who they are
	Blocked     *bool     // whether the team has blocked them
	Page        string    // the beginning of the path of their page
	Query       searchquery.Query
}

// Storage checks the storage limits of websites.
type Storage interface {
	// Check returns nil if a website may store another row, else the error that refuses it.
	Check(ctx context.Context, t tenant.ID) error
}

// Announcer invalidates caches of the gateways.
type Announcer interface {
	// TokensChanged invalidates tokens of a visitor, because a secret has been replaced, or the visitor was blocked or
	// isn't any more. It ends the streams that the tokens opened.
	TokensChanged(ctx context.Context, tokens ...string)
}

// View is the JSON of another service's resource, passed on unchanged.
type View = json.RawMessage

// Widget is the widget that a page loaded.
type Widget struct {
	WebsiteID   tenant.ID
	ChatEnabled bool
	View        View
	// whether the website serves verified visitors only; Resolve doesn't know it
	identityRequired bool
}

// Widgets reads the widgets of websites.
type Widgets interface {
	// Resolve returns the widget of a client token.
	Resolve(ctx context.Context, clientToken string) (Widget, error)
}

// Conversations reads the conversations of visitors.
type Conversations interface {
	// Open returns the visitor's newest open conversation. The error is NotFound if there is none.
	Open(ctx context.Context, t tenant.ID, visitor id.Visitor) (View, error)
}

// Agents reads the presence of agents.
type Agents interface {
	// Online reports whether any agent of a website is online.
	Online(ctx context.Context, t tenant.ID) (bool, error)
}

// ReplyTimes reads how soon agents reply.
type ReplyTimes interface {
	// Usual returns the usual time to a first response in seconds, or nil if it isn't known.
	Usual(ctx context.Context, t tenant.ID) *int64
}

// Notifier publishes transient events (typing, presence) to connected streams. They aren't stored.
type Notifier interface {
	// Notify publishes an event about a visitor. It reports no error: if delivery fails, no stored data is lost.
	Notify(ctx context.Context, t tenant.ID, visitor id.Visitor, data contract.Data)
}
