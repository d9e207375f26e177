package mongostore_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

var (
	one, two = storetest.Tenant(1), storetest.Tenant(2)
	day      = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
)

func newStore(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "accounts")
	s := mongostore.New(db)
	storetest.Ready(t, db)
	return s
}

var entries atomic.Int64

// entry returns an entry of a website's audit log.
func entry(of tenant.ID) accounts.Entry {
	return accounts.Entry{
		ID:        entries.Add(1),
		WebsiteID: of,
		CreatedAt: day,
		Actor:     "operator",
		Action:    "x.y",
		Before:    "{}",
		After:     "{}",
	}
}

func ofUser(u accounts.User) (accounts.Entry, accounts.Departure) {
	return entry(u.WebsiteID), accounts.Departure{UserID: u.ID, WebsiteID: u.WebsiteID, DueAt: day}
}
func ofToken(t accounts.Token) accounts.Entry { return entry(t.WebsiteID) }

func addUser(t *testing.T, s *mongostore.Store, of tenant.ID, email string) accounts.User {
	t.Helper()
	id, err := s.NextUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := accounts.User{
		ID:        id,
		WebsiteID: of,
		Name:      "Ann",
		Email:     email,
		Theme:     "dark",
		Language:  "en",
		CreatedAt: day,
		UpdatedAt: day,
	}
	if err := s.AddUser(t.Context(), u, entry(of)); err != nil {
		t.Fatal(err)
	}
	return u
}

func addToken(t *testing.T, s *mongostore.Store, of tenant.ID, hash string) accounts.Token {
	t.Helper()
	id, err := s.NextToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := accounts.Token{
		ID:        id,
		WebsiteID: of,
		Hash:      hash,
		Name:      "ci",
		Level:     identity.Read,
		Prefix:    "5c_abcde",
		CreatedAt: day,
	}
	if err := s.AddToken(t.Context(), token, entry(of)); err != nil {
		t.Fatal(err)
	}
	return token
}

func want[T any](t *testing.T, got T, err error, wanted T) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, wanted) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, wanted)
	}
}

func wantKind(t *testing.T, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v, want %s", err, k.Code())
	}
}

func TestWebsitesAreStoredAndListed(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	var all []accounts.Website
	for i := range 3 {
		id, err := s.NextWebsite(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := accounts.Website{
			ID:           id,
			Organization: "Org",
			Name:         fmt.Sprint("Shop ", i),
			URL:          "https://shop.example",
			Plan:         identity.Pro,
			ClientToken:  "x",
			CreatedAt:    day,
		}
		if err := s.AddWebsite(ctx, w, entry(id)); err != nil {
			t.Fatal(err)
		}
		all = append([]accounts.Website{w}, all...)
	}
	got, err := s.Website(ctx, all[0].ID)
	want(t, got, err, all[0])
	_, err = s.Website(ctx, storetest.Tenant(999))
	wantKind(t, err, fault.NotFound)
	_, err = s.Website(ctx, tenant.ID{})
	wantKind(t, err, fault.NotFound)

	page, err := s.Websites(ctx, paging.Window{Limit: 2})
	want(t, page.Rows, err, all[:2])
	if page.Total != 3 {
		t.Errorf("total %d", page.Total)
	}
	rest, err := s.Websites(ctx, paging.Window{Limit: 2, Cursor: page.Next})
	want(t, rest.Rows, err, all[2:])
}

func TestUsersAreStoredChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	a, b := addUser(t, s, one, "a@example.com"), addUser(t, s, one, "b@example.com")

	got, err := s.User(ctx, one, a.ID)
	want(t, got, err, a)
	page, err := s.Users(ctx, one, paging.Following{})
	want(t, page.Rows, err, []accounts.User{b, a})
	several, err := s.UsersOf(ctx, one, []id.User{b.ID, 999, b.ID})
	want(t, several, err, []accounts.User{b})

	duplicate := a
	duplicate.ID = 1000
	wantKind(t, s.AddUser(ctx, duplicate, entry(one)), fault.Conflict)
	_, err = s.SaveUser(ctx, one, b.ID, func(u accounts.User) (accounts.User, accounts.Entry, error) {
		u.Email = a.Email
		return u, entry(one), nil
	})
	if f := fault.From(err); f.Code != "email_taken" {
		t.Errorf("got %v", err)
	}
	_, err = s.SaveUser(ctx, one, b.ID, func(u accounts.User) (accounts.User, accounts.Entry, error) {
		return u, entry(one), fault.Bad("name", "is wrong")
	})
	wantKind(t, err, fault.Invalid)
	got, err = s.User(ctx, one, b.ID)
	want(t, got, err, b)

	avatar := "https://example.com/a"
	a.Name, a.AvatarURL, a.UpdatedAt = "Anna", &avatar, day.Add(time.Second)
	got, err = s.SaveUser(ctx, one, a.ID,
		func(accounts.User) (accounts.User, accounts.Entry, error) { return a, entry(one), nil })
	a.Version = 1
	want(t, got, err, a)
	got, err = s.User(ctx, one, a.ID)
	want(t, got, err, a)

	a = seeUser(t, s, a)
	for since, n := range map[time.Time]int64{a.LastSeenAt: 1, a.LastSeenAt.Add(time.Millisecond): 0} {
		there, err := s.CountSeenUsers(ctx, one, since)
		want(t, there, err, n)
		elsewhere, err := s.CountSeenUsers(ctx, two, since)
		want(t, elsewhere, err, 0)
	}

	if err := s.DeleteUser(ctx, one, a.ID, ofUser); err != nil {
		t.Error(err)
	}
	wantKind(t, s.DeleteUser(ctx, one, a.ID, ofUser), fault.NotFound)
	former, err := s.FormerUsers(ctx, one, []id.User{a.ID, b.ID})
	want(t, former, err, []accounts.User{a})
	former, err = s.FormerUsers(ctx, two, []id.User{a.ID})
	want(t, former, err, nil)
	addUser(t, s, one, a.Email)
	for _, due := range []struct {
		now   time.Time
		found bool
	}{{day.Add(-time.Second), false}, {day, true}, {day.Add(time.Second), false}, {day.Add(time.Minute), true}} {
		d, found, err := s.ClaimDeparture(ctx, due.now, 10*time.Second)
		if err != nil || found != due.found || found && (d.UserID != a.ID || d.WebsiteID != one) {
			t.Errorf("at %v: %+v, %v, %v", due.now, d, found, err)
		}
	}
	if err := s.EndDeparture(ctx, a.ID); err != nil {
		t.Error(err)
	}
	_, found, err := s.ClaimDeparture(ctx, day.Add(time.Hour), time.Second)
	want(t, found, err, false)
}

func TestConcurrentSavesOfUserAllApply(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	u := addUser(t, s, one, "a@example.com")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, err := s.SaveUser(t.Context(), one, u.ID,
				func(u accounts.User) (accounts.User, accounts.Entry, error) { u.Name += "!"; return u, entry(one), nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := s.User(t.Context(), one, u.ID)
	want(t, got.Name, err, "Ann!!!!!!!!!!!!!!!!")
}

func TestTokenUseIsNotedAtIntervals(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	a, b := addToken(t, s, one, "aa"), addToken(t, s, one, "bb")

	got, err := s.TokenByHash(ctx, "aa")
	want(t, got, err, a)
	_, err = s.TokenByHash(ctx, "cc")
	wantKind(t, err, fault.NotFound)
	page, err := s.Tokens(ctx, one, paging.Window{})
	want(t, page.Rows, err, []accounts.Token{b, a})

	for _, at := range []time.Time{day, day.Add(30 * time.Second), day.Add(time.Minute)} {
		if err := s.UsedToken(ctx, one, a.ID, at, at.Add(-time.Minute)); err != nil {
			t.Error(err)
		}
		a.LastUsedAt = day.Add(at.Sub(day).Truncate(time.Minute)) // the one in between is too soon
		got, err = s.TokenByHash(ctx, "aa")
		want(t, got, err, a)
	}

	got, err = s.DeleteToken(ctx, one, a.ID, ofToken)
	want(t, got, err, a)
	_, err = s.DeleteToken(ctx, one, a.ID, ofToken)
	wantKind(t, err, fault.NotFound)
	_, err = s.TokenByHash(ctx, "aa")
	wantKind(t, err, fault.NotFound)
}

// TestChangeAndAuditEntryAreStoredTogether: both are stored, or neither.
func TestChangeAndAuditEntryAreStoredTogether(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	u, token := addUser(t, s, one, "a@example.com"), addToken(t, s, one, "aa")
	taken := entry(one)
	if err := s.AddEntry(ctx, taken); err != nil {
		t.Fatal(err)
	}
	other := u
	other.ID, other.Email = u.ID+1, "b@example.com"
	next := token
	next.ID, next.Hash = token.ID+1, "bb"
	errs := map[string]error{
		"AddWebsite": s.AddWebsite(ctx, accounts.Website{ID: one, Name: "Shop"}, taken),
		"AddUser":    s.AddUser(ctx, other, taken),
		"DeleteUser": s.DeleteUser(ctx, one, u.ID, func(accounts.User) (accounts.Entry, accounts.Departure) {
			return taken, accounts.Departure{}
		}),
		"AddToken":     s.AddToken(ctx, next, taken),
		"BeginErasure": second(s.BeginErasure(ctx, accounts.Erasure{ID: 1, WebsiteID: one, VisitorID: 7, Open: "x"}, taken)),
	}
	_, errs["SaveUser"] = s.SaveUser(ctx, one, u.ID, func(u accounts.User) (accounts.User, accounts.Entry, error) {
		u.Name = "Anna"
		return u, taken, nil
	})
	_,
		errs["RotateToken"] = s.RotateToken(ctx, one, token.ID,
		func(old accounts.Token) (accounts.Token, accounts.Token, accounts.Entry, error) {
			old.ExpiresAt = day
			return old, next, taken, nil
		})
	_, errs["DeleteToken"] = s.DeleteToken(ctx, one, token.ID, func(accounts.Token) accounts.Entry { return taken })
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s is stored without its entry", name)
		}
	}
	_, err := s.Website(ctx, one)
	wantKind(t, err, fault.NotFound)
	users, err := s.Users(ctx, one, paging.Following{})
	want(t, users.Rows, err, []accounts.User{u})
	tokens, err := s.Tokens(ctx, one, paging.Window{})
	want(t, tokens.Rows, err, []accounts.Token{token})
	_, err = s.Erasure(ctx, 1)
	wantKind(t, err, fault.NotFound)
}

func second[T any](_ T, err error) error { return err }

// TestIsolation calls the store for each website's rows as the other website: nothing is found and nothing
// changes.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, roles := range []struct{ owner, other tenant.ID }{{one, two}, {two, one}} {
		hash := "of " + roles.owner.String()
		u, token := addUser(t, s, roles.owner, "same@example.com"), addToken(t, s, roles.owner, hash)
		if err := s.UsedToken(t.Context(), roles.other, token.ID, day, day); err != nil {
			t.Error(err)
		}
		for name, err := range asOther(t.Context(), s, roles.other, u.ID, token.ID) {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		several, err := s.UsersOf(t.Context(), roles.other, []id.User{u.ID})
		want(t, len(several), err, 0)

		users, err := s.Users(t.Context(), roles.owner, paging.Following{})
		want(t, users.Rows, err, []accounts.User{u})
		tokens, err := s.Tokens(t.Context(), roles.owner, paging.Window{})
		want(t, tokens.Rows, err, []accounts.Token{token})
	}
}

func asOther(ctx context.Context, s *mongostore.Store, other tenant.ID, user id.User, token id.Token) map[string]error {
	errs := map[string]error{"DeleteUser": s.DeleteUser(ctx, other, user, ofUser)}
	_, errs["User"] = s.User(ctx, other, user)
	_, errs["SaveUser"] = s.SaveUser(ctx, other, user, func(u accounts.User) (accounts.User, accounts.Entry, error) {
		u.Name = "stolen"
		return u, entry(one), nil
	})
	_, errs["SaveToken"] = s.SaveToken(ctx, other, token, func(t accounts.Token) (accounts.Token, accounts.Entry, error) {
		t.Name = "stolen"
		return t, entry(other), nil
	})
	_,
		errs["RotateToken"] = s.RotateToken(ctx, other, token,
		func(t accounts.Token) (accounts.Token, accounts.Token, accounts.Entry, error) {
			return t, t, entry(other), nil
		})
	_, errs["DeleteToken"] = s.DeleteToken(ctx, other, token, ofToken)
	return errs
}

func TestSaveUserRequiresTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	u := addUser(t, s, one, "a@example.com")
	storetest.Guarded(t, func(ctx context.Context) (version.Of, error) {
		u, err := s.User(ctx, one, u.ID)
		return u.Revision(), err
	}, func(ctx context.Context) error {
		_, err := s.SaveUser(ctx, one, u.ID,
			func(u accounts.User) (accounts.User, accounts.Entry, error) { u.Name += "x"; return u, entry(one), nil })
		return err
	}, func(ctx context.Context) error { return s.DeleteUser(ctx, one, u.ID, ofUser) })
}

func TestListUsersInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var users []accounts.User
	for i := range 7 {
		users = append(users, addUser(t, s, one, fmt.Sprintf("%d@example.com", i)))
		addUser(t, s, two, fmt.Sprintf("%d@example.com", i))
	}
	storetest.Follow(t, storetest.Followed[accounts.User]{
		Rows: len(users),
		Change: func(row int, at time.Time) error {
			_, err := s.SaveUser(t.Context(), one, users[row].ID, func(u accounts.User) (accounts.User, accounts.Entry, error) {
				u.UpdatedAt = at
				return u, entry(one), nil
			})
			return err
		},
		List: func(w paging.Following) (paging.Slice[accounts.User], error) { return s.Users(t.Context(), one, w) },
	})
}
