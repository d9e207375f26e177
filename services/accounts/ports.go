package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
)

// Store keeps websites, users and tokens. Errors are faults: NotFound for what is not there or another website's,
// Conflict with the code email_taken for an address that another user of the website has, Unavailable.
type Store interface {
	// NextWebsite, NextUser and NextToken draw a number that nothing has yet.
	NextWebsite(ctx context.Context) (tenant.ID, error)
	NextUser(ctx context.Context) (int64, error)
	NextToken(ctx context.Context) (int64, error)

	// Website gives a website; AddWebsite stores a new one; Websites lists all, newest first.
	Website(ctx context.Context, t tenant.ID) (Website, error)
	AddWebsite(ctx context.Context, w Website) error
	Websites(ctx context.Context, w paging.Window) (paging.Slice[Website], error)

	// User gives a user, UsersOf those of several that are there, Users lists all of a website's, newest first or in the
	// order of changes.
	User(ctx context.Context, t tenant.ID, id int64) (User, error)
	UsersOf(ctx context.Context, t tenant.ID, ids []int64) ([]User, error)
	Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[User], error)
	// AddUser stores a new user.
	AddUser(ctx context.Context, u User) error
	// SaveUser changes a user; change is given the stored one and may run more than once. PreconditionFailed where the
	// context requires another revision, as for DeleteUser.
	SaveUser(ctx context.Context, t tenant.ID, id int64, change func(User) (User, error)) (User, error)
	// SeenUser notes when a user was seen, unless it was noted since the time given as noted.
	SeenUser(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) error
	// CountSeenUsers gives how many of a website's users were seen since.
	CountSeenUsers(ctx context.Context, t tenant.ID, since time.Time) (int64, error)
	// DeleteUser removes a user.
	DeleteUser(ctx context.Context, t tenant.ID, id int64) error

	// TokenByHash gives the token of a hash, whosever it is.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists a website's tokens, newest first.
	Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Token], error)
	// AddToken stores a new token.
	AddToken(ctx context.Context, token Token) error
	// DeleteToken removes a token and gives it as it was.
	DeleteToken(ctx context.Context, t tenant.ID, id int64) (Token, error)
	// UsedToken notes when a token was used, unless it was noted since the time given as noted.
	UsedToken(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) error
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

// Announcer tells every edge what it must forget. It cannot fail: what is not heard expires by itself.
type Announcer interface {
	// TokenRevoked says that the token of a hash is no more.
	TokenRevoked(ctx context.Context, hash string)
}
