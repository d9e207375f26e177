package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores websites, users and tokens, each change together with its entry in the audit log. Errors are faults:
// NotFound if a row doesn't exist or belongs to another website; Conflict with the code email_taken if another user of
// the website has the e-mail address; Unavailable.
type Store interface {
	// These reserve an unused id.
	NextWebsite(ctx context.Context) (tenant.ID, error)
	NextUser(ctx context.Context) (id.User, error)
	NextToken(ctx context.Context) (id.Token, error)
	NextEntry(ctx context.Context) (int64, error)
	NextErasure(ctx context.Context) (int64, error)

	// Website returns a website. AddWebsite stores a new one. SaveWebsite changes one; change may run more than once.
	// Websites lists all, newest first.
	Website(ctx context.Context, t tenant.ID) (Website, error)
	AddWebsite(ctx context.Context, w Website, e Entry) error
	SaveWebsite(ctx context.Context, t tenant.ID, change func(Website) (Website, Entry, error)) (Website, error)
	Websites(ctx context.Context, w paging.Window) (paging.Slice[Website], error)

	// User returns a user. UsersOf returns the users that exist among ids. Users lists a website's users, newest first
	// or in the order of changes.
	User(ctx context.Context, t tenant.ID, id id.User) (User, error)
	UsersOf(ctx context.Context, t tenant.ID, ids []id.User) ([]User, error)
	// UsersByEmail returns the users that have one of the addresses, which are in lower case.
	UsersByEmail(ctx context.Context, t tenant.ID, addresses []string) ([]User, error)
	Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[User], error)
	// AddUser stores a new user.
	AddUser(ctx context.Context, u User, e Entry) error
	// SaveUser changes a user. change gets the stored user and may run more than once. The error is PreconditionFailed
	// if the context requires another version; the same holds for DeleteUser.
	SaveUser(ctx context.Context, t tenant.ID, id id.User, change func(User) (User, Entry, error)) (User, error)
	// SeenUser stores that a user was seen at now and, if isActive is true, that they did something, unless times since
	// noted are stored already. It returns the user as they were before, and whether it has stored it.
	SeenUser(ctx context.Context, t tenant.ID, id id.User, isActive bool, now, noted time.Time) (
		before User, stored bool, err error)
	// SetUserAway stores whether a user is away by their own word. If not, they are active at now.
	SetUserAway(ctx context.Context, t tenant.ID, id id.User, isAway bool, now time.Time) (User, error)
	// CountSeenUsers returns how many of a website's users have been seen since a time.
	CountSeenUsers(ctx context.Context, t tenant.ID, since time.Time) (int64, error)
	// SeenUsers returns up to limit of a website's users that have been seen since a time, with what their status is.
	SeenUsers(ctx context.Context, t tenant.ID, since time.Time, limit int64) ([]User, error)
	// DeleteUser removes a user and stores their departure. Their name stays: see FormerUsers. The error is Conflict if a
	// person is this user.
	DeleteUser(ctx context.Context, t tenant.ID, id id.User, entry func(User) (Entry, Departure)) error
	// FormerUsers returns the removed users that are among ids.
	FormerUsers(ctx context.Context, t tenant.ID, ids []id.User) ([]User, error)

	// NextTeam reserves an unused id. Teams returns all teams of a website, and AddTeam stores a new one: the error is
	// Conflict with the code too_many_teams if the website has MaxTeams. SaveTeam changes one; change may run more than
	// once. The error of SaveTeam and of DeleteTeam is PreconditionFailed if the context requires another version.
	NextTeam(ctx context.Context) (id.Team, error)
	Team(ctx context.Context, t tenant.ID, id id.Team) (Team, error)
	Teams(ctx context.Context, t tenant.ID) ([]Team, error)
	AddTeam(ctx context.Context, team Team, e Entry) error
	SaveTeam(ctx context.Context, t tenant.ID, id id.Team, change func(Team) (Team, Entry, error)) (Team, error)
	DeleteTeam(ctx context.Context, t tenant.ID, id id.Team, entry func(Team) Entry) error

	// ClaimDeparture returns a departure that is due at now, and postpones it to the end of the lease. EndDeparture
	// removes one.
	ClaimDeparture(ctx context.Context, now time.Time, lease time.Duration) (d Departure, found bool, err error)
	EndDeparture(ctx context.Context, user id.User) error

	// TokenByHash returns the token of a hash, of any website.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists a website's tokens, newest first.
	Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Token], error)
	// AddToken stores a new token.
	AddToken(ctx context.Context, token Token, e Entry) error
	// SaveToken changes a token. change gets the stored token and may run more than once.
	SaveToken(ctx context.Context, t tenant.ID, id id.Token, change func(Token) (Token, Entry, error)) (Token, error)
	// RotateToken changes a token and stores the successor that change returns, both or neither.
	RotateToken(ctx context.Context, t tenant.ID, id id.Token,
		change func(Token) (old, next Token, e Entry, err error)) (Token, error)
	// DeleteToken removes a token and returns its last state.
	DeleteToken(ctx context.Context, t tenant.ID, id id.Token, entry func(Token) Entry) (Token, error)
	// UsedToken stores that a token was used at now, unless a time since noted is stored already.
	UsedToken(ctx context.Context, t tenant.ID, id id.Token, now, noted time.Time) error

	// Entries lists the audit log, newest first. AddEntry stores the entry of an action that changes no row here.
	Entries(ctx context.Context, f AuditFilter, w paging.Window) (paging.Slice[Entry], error)
	AddEntry(ctx context.Context, e Entry) error

	// BeginErasure stores an erasure, and removes the website if that is its object. If an erasure of the same object
	// is in progress, it returns that one and stores nothing.
	BeginErasure(ctx context.Context, e Erasure, entry Entry) (Erasure, error)
	// Erasure returns an erasure.
	Erasure(ctx context.Context, id int64) (Erasure, error)
	// ClaimErasure returns an erasure that is due at now, or NotFound. It belongs to the caller until the time until.
	ClaimErasure(ctx context.Context, now, until time.Time) (Erasure, error)
	// SaveErasure stores the progress of an erasure that the caller has claimed until due. The error is Conflict if
	// another process has claimed it since.
	SaveErasure(ctx context.Context, e Erasure, due time.Time) error

	// ExportAccounts returns this service's data of a website, page by page.
	ExportAccounts(ctx context.Context, t tenant.ID, after string) (ExportPage, error)
	// EraseAccounts removes a batch of that data, except the audit entry of the erasure. It reports whether there may
	// be more.
	EraseAccounts(ctx context.Context, t tenant.ID) (more bool, err error)
}

// Widget is the part of a website's widget that this service shows.
type Widget struct {
	ClientToken string
	LoadedAt    *time.Time // first time that a browser loaded its script; nil if never

	BusinessHours *businesshours.Hours // nil for none
}

// Widgets creates and reads the widget that every website has.
type Widgets interface {
	// Of returns a website's widget.
	Of(ctx context.Context, t tenant.ID) (Widget, error)

	// Open creates a website's widget with a client token, "" for a random one, and returns the token. Its errors (a
	// malformed or taken token) are passed on to the operator.
	Open(ctx context.Context, t tenant.ID, clientToken string) (string, error)
}

// Visitors reads a website's visitors.
type Visitors interface {
	// ByToken returns the id of the visitor of a token. The error is NotFound if there is none.
	ByToken(ctx context.Context, t tenant.ID, token string) (id.Visitor, error)
}

// Drift is a counter of a website's statistics that differs from the recounted value.
type Drift struct {
	Counter         string
	Kept, Recounted float64
}

// Statistics recounts the counters of websites.
type Statistics interface {
	// Recount returns the counters of a website that are wrong, and corrects them if repair is set.
	Recount(ctx context.Context, t tenant.ID, repair bool) ([]Drift, error)
}

// ExportPage is a page of an export: JSON objects, and the position of the next page, "" at the end.
type ExportPage struct {
	Rows [][]byte
	Next string
}

// DataHolder is a service that holds data of websites and of their visitors.
type DataHolder interface {
	// Name is the name of the service.
	Name() string
	// Export returns the rows after a position that a page returned, "" for the beginning.
	Export(ctx context.Context, of subject.Subject, after string) (ExportPage, error)
	// Erase removes one batch and reports whether there may be more. If no data is left, it does nothing.
	Erase(ctx context.Context, of subject.Subject) (more bool, err error)
}

// Notifier publishes transient events to connected streams. They aren't stored.
type Notifier interface {
	// Notify publishes an event about a visitor, 0 for none. It reports no error: if delivery fails, no stored data is
	// lost.
	Notify(ctx context.Context, t tenant.ID, visitor id.Visitor, data contract.Data)
}

// Announcer invalidates cached lookups of every gateway. It reports no error: entries that it misses expire by
// themselves.
type Announcer interface {
	// TokensChanged invalidates tokens by their hashes: they were revoked, or their expiry changed.
	TokensChanged(ctx context.Context, hashes ...string)
	// SessionsEnded invalidates sessions by their hashes.
	SessionsEnded(ctx context.Context, hashes ...string)
	// PersonChanged invalidates the sessions of a person, whose memberships changed.
	PersonChanged(ctx context.Context, person id.Person)
	// WebsiteChanged invalidates a website: its plan or limits changed, or it or one of its visitors was erased.
	WebsiteChanged(ctx context.Context, t tenant.ID)
}

// PeopleStore stores persons, memberships, sessions and invitations, each change of a website's team together with its
// entry in the audit log. Errors are faults: NotFound if a row doesn't exist or belongs to another website; Conflict
// with the code email_taken if another person has the e-mail address, or member_already if the person is a member;
// Unavailable.
type PeopleStore interface {
	// These reserve an unused id.
	NextPerson(ctx context.Context) (id.Person, error)
	NextMembership(ctx context.Context) (id.Membership, error)
	NextSession(ctx context.Context) (id.Session, error)
	NextInvitation(ctx context.Context) (id.Invitation, error)
	NextUser(ctx context.Context) (id.User, error)

	// Person returns a person. PersonByEmail takes an address in lower case. Persons lists all, newest first, or the one
	// of an address.
	Person(ctx context.Context, id id.Person) (Person, error)
	PersonByEmail(ctx context.Context, email string) (Person, error)
	Persons(ctx context.Context, email string, w paging.Window) (paging.Slice[Person], error)
	// AddPerson stores a person and their memberships.
	AddPerson(ctx context.Context, p Person, joins []Join) error
	// Found stores a new website with its owner, and the person if they are new. The error is Conflict with the code
	// too_many_websites if the person owns MaxOwned.
	Found(ctx context.Context, newPerson *Person, join Join) error
	// SavePerson changes a person. change gets the stored person and may run more than once.
	SavePerson(ctx context.Context, id id.Person, change func(Person) (Person, error)) (Person, error)

	// Memberships returns a person's memberships, at most MaxMemberships. WebsitesOf returns the websites that exist
	// among ids. Members lists a website's memberships, newest first.
	Memberships(ctx context.Context, person id.Person) ([]Membership, error)
	WebsitesOf(ctx context.Context, ids []tenant.ID) ([]Website, error)
	Members(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Membership], error)
	// SaveMembership changes a membership, and DeleteMembership removes one, stores the departure, and returns the last
	// state. change and check get the stored one with IsLastOwner, and may run more than once. Changes of one website's
	// team happen one after the other.
	SaveMembership(ctx context.Context, t tenant.ID, id id.Membership,
		change func(Membership) (Membership, Entry, error)) (Membership, error)
	DeleteMembership(ctx context.Context, t tenant.ID, id id.Membership,
		check func(Membership) (Entry, Departure, error)) (Membership, error)

	// SessionByHash returns the session of a hash. Sessions returns a person's sessions, newest first.
	SessionByHash(ctx context.Context, hash string) (Session, error)
	Sessions(ctx context.Context, person id.Person) ([]Session, error)
	// AddSession stores a session. It removes the oldest ones of the person beyond limit, and returns them.
	AddSession(ctx context.Context, s Session, limit int) (ended []Session, err error)
	// UsedSession stores that a session was used at now, unless a time since noted is stored already.
	UsedSession(ctx context.Context, id id.Session, now, noted time.Time) error
	// EndSessions removes the sessions of a person that selected selects, and returns them.
	EndSessions(ctx context.Context, person id.Person, selected func(Session) bool) (ended []Session, err error)
	// ConfirmSession stores that the person of a session proved at now who they are, and returns the session. The error is
	// NotFound for a personal access token.
	ConfirmSession(ctx context.Context, person id.Person, session id.Session, now time.Time) (Session, error)
	// AddPersonalToken stores a personal access token, unless the person has limit that haven't expired.
	AddPersonalToken(ctx context.Context, token Session, limit int) (added bool, err error)

	// AddChallenge stores a step of signing in. Challenge returns the one of a hash. TakeChallenge removes it, and reports
	// whether it was there: of several callers, one takes it.
	AddChallenge(ctx context.Context, c Challenge) error
	Challenge(ctx context.Context, hash string) (Challenge, error)
	TakeChallenge(ctx context.Context, hash string) (taken bool, err error)

	// NextPasskey reserves an unused id. AddPasskey stores a passkey, unless the person has limit; the error is Conflict
	// if its credential is stored already. Passkeys returns a person's, the newest first. UsedPasskey stores the
	// credential and the last use.
	NextPasskey(ctx context.Context) (id.Passkey, error)
	AddPasskey(ctx context.Context, key Passkey, limit int) (added bool, err error)
	Passkeys(ctx context.Context, person id.Person) ([]Passkey, error)
	PasskeyByCredential(ctx context.Context, credentialID []byte) (Passkey, error)
	UsedPasskey(ctx context.Context, key Passkey) error
	RemovePasskey(ctx context.Context, person id.Person, key id.Passkey) (removed bool, err error)
	// RemovePasskeys removes all of a person.
	RemovePasskeys(ctx context.Context, person id.Person) error

	// AddEntries stores entries of the audit log, each of its website.
	AddEntries(ctx context.Context, entries []Entry) error

	// InvitationByHash returns the invitation of a hash, of any website. Invitations lists a website's, newest first.
	InvitationByHash(ctx context.Context, hash string) (Invitation, error)
	Invitations(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Invitation], error)
	// AddInvitation stores an invitation to a website, and AddFounding one to create a website.
	AddInvitation(ctx context.Context, i Invitation, e Entry) error
	AddFounding(ctx context.Context, i Invitation) error
	// DeleteInvitation removes an invitation of a website.
	DeleteInvitation(ctx context.Context, t tenant.ID, id id.Invitation, entry func(Invitation) Entry) error
	// AcceptInvitation removes an invitation and stores the membership, with the person if they are new. The error is
	// NotFound if the invitation doesn't exist any more: it is accepted once.
	AcceptInvitation(ctx context.Context, i Invitation, newPerson *Person, join Join) error
}

// Passwords hashes and verifies passwords. Its errors are Unavailable.
type Passwords interface {
	// IsStrong reports whether a password is hard to guess. about is what it must not consist of.
	IsStrong(password string, about ...string) bool
	// Hash returns what is stored of a password.
	Hash(ctx context.Context, password string) (string, error)
	// Matches reports whether a hash is of a password. It takes as long for "", which no password matches.
	Matches(ctx context.Context, password, hash string) (bool, error)
}

// Attempts limits the attempts to sign in as a person.
type Attempts interface {
	// Take counts an attempt under a name: an e-mail address, known or not, a known device, or another secret. Its error
	// is Limited if there have been too many.
	Take(ctx context.Context, name string) error
}

// Codes makes and checks the codes of authenticator apps.
type Codes interface {
	// New returns a new key for an app, which shows it under the name of the account.
	New(account string) (AuthenticatorKey, error)
	// Step returns the time step of a code of a key, and whether it is one that is valid at now.
	Step(secret, code string, now time.Time) (step int64, ok bool)
}

// Sealer encrypts secrets that have to be read again. A sealed secret opens only in its own context.
type Sealer interface {
	Seal(secret, context string) (string, error)
	Open(sealed, context string) (string, error)
}
