package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store keeps websites, users and tokens, each change together with its entry in the audit log. Errors are faults: NotFound for what is not there or another website's,
// Conflict with the code email_taken for an address that another user of the website has, Unavailable.
type Store interface {
	// These draw a number that nothing has yet.
	NextWebsite(ctx context.Context) (tenant.ID, error)
	NextUser(ctx context.Context) (int64, error)
	NextToken(ctx context.Context) (int64, error)
	NextEntry(ctx context.Context) (int64, error)
	NextErasure(ctx context.Context) (int64, error)

	// Website gives a website; AddWebsite stores a new one; SaveWebsite changes one, and change may run more than once;
	// Websites lists all, newest first.
	Website(ctx context.Context, t tenant.ID) (Website, error)
	AddWebsite(ctx context.Context, w Website, e Entry) error
	SaveWebsite(ctx context.Context, t tenant.ID, change func(Website) (Website, Entry, error)) (Website, error)
	Websites(ctx context.Context, w paging.Window) (paging.Slice[Website], error)

	// User gives a user, UsersOf those of several that are there, Users lists all of a website's, newest first or in the
	// order of changes.
	User(ctx context.Context, t tenant.ID, id int64) (User, error)
	UsersOf(ctx context.Context, t tenant.ID, ids []int64) ([]User, error)
	Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[User], error)
	// AddUser stores a new user.
	AddUser(ctx context.Context, u User, e Entry) error
	// SaveUser changes a user; change is given the stored one and may run more than once. PreconditionFailed where the
	// context requires another revision, as for DeleteUser.
	SaveUser(ctx context.Context, t tenant.ID, id int64, change func(User) (User, Entry, error)) (User, error)
	// SeenUser notes when a user was seen, unless it was noted since the time given as noted.
	SeenUser(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) error
	// CountSeenUsers gives how many of a website's users were seen since.
	CountSeenUsers(ctx context.Context, t tenant.ID, since time.Time) (int64, error)
	// DeleteUser removes a user.
	DeleteUser(ctx context.Context, t tenant.ID, id int64, entry func(User) Entry) error

	// TokenByHash gives the token of a hash, whosever it is.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists a website's tokens, newest first.
	Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Token], error)
	// AddToken stores a new token.
	AddToken(ctx context.Context, token Token, e Entry) error
	// SaveToken changes a token; change is given the stored one and may run more than once.
	SaveToken(ctx context.Context, t tenant.ID, id int64, change func(Token) (Token, Entry, error)) (Token, error)
	// RotateToken changes a token and stores the successor that change makes, both or neither.
	RotateToken(ctx context.Context, t tenant.ID, id int64, change func(Token) (old, next Token, e Entry, err error)) (Token, error)
	// DeleteToken removes a token and gives it as it was.
	DeleteToken(ctx context.Context, t tenant.ID, id int64, entry func(Token) Entry) (Token, error)
	// UsedToken notes when a token was used, unless it was noted since the time given as noted.
	UsedToken(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) error

	// Entries lists the audit log, newest first; AddEntry stores an entry of what changes nothing here.
	Entries(ctx context.Context, f AuditFilter, w paging.Window) (paging.Slice[Entry], error)
	AddEntry(ctx context.Context, e Entry) error

	// BeginErasure stores an erasure, and removes the website where it is one's. Where an erasure of the same is under
	// way, it gives that one and stores nothing.
	BeginErasure(ctx context.Context, e Erasure, entry Entry) (Erasure, error)
	// Erasure gives an erasure.
	Erasure(ctx context.Context, id int64) (Erasure, error)
	// ClaimErasure gives one that is due, or NotFound. It is nobody else's until then.
	ClaimErasure(ctx context.Context, now, until time.Time) (Erasure, error)
	// SaveErasure stores how far an erasure is that was to be due then; Conflict where somebody else has claimed it since.
	SaveErasure(ctx context.Context, e Erasure, due time.Time) error

	// ExportAccounts gives what this service has of a website, page by page.
	ExportAccounts(ctx context.Context, t tenant.ID, after string) (ExportPage, error)
	// EraseAccounts removes a batch of it, but for the entry of the erasure, and says whether there may be more.
	EraseAccounts(ctx context.Context, t tenant.ID) (more bool, err error)
}

// Widget is what the widgets service knows of a website's.
type Widget struct {
	ClientToken string
	LoadedAt    *time.Time // when a browser loaded its script for the first time; nil: never
}

// Widgets makes and knows the widget that every website has.
type Widgets interface {
	// Of gives a website's widget.
	Of(ctx context.Context, t tenant.ID) (Widget, error)

	// Open makes a website's widget under a client token, "" for a random one, and gives the token. Its refusals (a
	// token that is malformed, or taken) are for the operator.
	Open(ctx context.Context, t tenant.ID, clientToken string) (string, error)
}

// Visitors knows a website's visitors.
type Visitors interface {
	// ByToken gives the number of the visitor of a token, or NotFound.
	ByToken(ctx context.Context, t tenant.ID, token string) (int64, error)
}

// Drift is a counter of a website's statistics that is not what the sources' rows come to.
type Drift struct {
	Counter         string
	Kept, Recounted float64
}

// Statistics keeps the counters of websites.
type Statistics interface {
	// Recount gives the counters of a website that are wrong, and corrects them where they are to be repaired.
	Recount(ctx context.Context, t tenant.ID, repair bool) ([]Drift, error)
}

// ExportPage is part of an export: JSON objects, and where to go on, "" at the end.
type ExportPage struct {
	Rows [][]byte
	Next string
}

// DataHolder is a service that keeps data of websites and of their visitors; visitor 0 stands for the whole website.
type DataHolder interface {
	// Name is the service's.
	Name() string
	// Export gives the rows after a position that a page returned, "" for the beginning.
	Export(ctx context.Context, t tenant.ID, visitor int64, after string) (ExportPage, error)
	// Erase removes one batch and says whether there may be more. Where nothing is left it does nothing.
	Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error)
}

// Announcer tells every edge what it must forget. It cannot fail: what is not heard expires by itself.
type Announcer interface {
	// TokensChanged says that the tokens of hashes are no more, or live for another time.
	TokensChanged(ctx context.Context, hashes ...string)
	// WebsiteChanged says that a website has another plan, other limits, or is no more, or that a visitor of it is no more.
	WebsiteChanged(ctx context.Context, t tenant.ID)
}
