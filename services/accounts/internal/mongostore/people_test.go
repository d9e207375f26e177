package mongostore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
)

// members adds a website with its first owner and more owners, and returns the memberships.
func members(t *testing.T, s *mongostore.Store, owners int) []accounts.Membership {
	t.Helper()
	all := make([]accounts.Membership, owners)
	for i := range all {
		n := int64(i + 1)
		j := accounts.Join{
			Membership: accounts.Membership{
				ID: id.Membership(n), WebsiteID: one, PersonID: id.Person(n), UserID: id.User(n), Role: identity.Owner,
				CreatedAt: day,
			},
			User:  accounts.User{ID: id.User(n), WebsiteID: one, Email: fmt.Sprintf("owner%d@shop.example", n)},
			Entry: entry(one),
		}
		if i == 0 {
			j.Founded = &accounts.Founding{Website: accounts.Website{ID: one, Name: "Shop"}, Entry: entry(one)}
		}
		p := accounts.Person{ID: id.Person(n), Email: j.User.Email, CreatedAt: day}
		if err := s.AddPerson(t.Context(), p, []accounts.Join{j}); err != nil {
			t.Fatal(err)
		}
		all[i] = j.Membership
	}
	return all
}

// TestOldestSessionEnds: with the greatest number of sessions, the oldest ends for a new one.
func TestOldestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for i := range 5 {
		session := accounts.Session{
			ID: id.Session(i + 1), Hash: fmt.Sprint("hash ", i), PersonID: 7, CreatedAt: day,
			ExpiresAt: time.Now().Add(time.Hour),
		}
		ended, err := s.AddSession(t.Context(), session, 3)
		if err != nil || len(ended) != max(0, min(i-2, 1)) {
			t.Fatalf("session %d ends %v, %v", i, ended, err)
		}
	}
	all, err := s.Sessions(t.Context(), 7)
	if err != nil || len(all) != 3 || all[0].Hash != "hash 4" || all[2].Hash != "hash 2" {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := s.SessionByHash(t.Context(), "hash 0"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the oldest session: %v", err)
	}
}

// TestLastOwnerStays: of two owners who remove each other at the same time, one stays.
func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	all := members(t, s, 2)
	errs := make([]error, len(all))
	var both sync.WaitGroup
	for i, m := range all {
		both.Go(func() {
			check := func(m accounts.Membership) (accounts.Entry, accounts.Departure, error) {
				if m.IsLastOwner {
					return accounts.Entry{}, accounts.Departure{}, fault.New(fault.Conflict, "the last owner")
				}
				return entry(one), accounts.Departure{UserID: m.UserID, WebsiteID: one}, nil
			}
			_, errs[i] = s.DeleteMembership(t.Context(), one, m.ID, check)
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("both are removed, or none: %v, %v", errs[0], errs[1])
	}
}

// TestInvitationIsAcceptedOnce: of many who accept one invitation at the same time, one becomes a member, and nothing
// of the others is stored.
func TestInvitationIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	members(t, s, 1)
	i := accounts.Invitation{ID: 1, WebsiteID: one, Hash: "hash", Role: identity.Agent, ExpiresAt: day.Add(time.Hour)}
	if err := s.AddInvitation(t.Context(), i, entry(one)); err != nil {
		t.Fatal(err)
	}
	const rivals = 8
	var all sync.WaitGroup
	errs := make([]error, rivals)
	for k := range rivals {
		n := int64(k + 10)
		all.Go(func() {
			email := fmt.Sprintf("rival%d@shop.example", n)
			p := accounts.Person{ID: id.Person(n), Email: email, CreatedAt: day}
			errs[k] = s.AcceptInvitation(t.Context(), i, &p, accounts.Join{
				Membership: accounts.Membership{
					ID: id.Membership(n), WebsiteID: one, PersonID: p.ID, UserID: id.User(n), Role: i.Role, CreatedAt: day,
				},
				User:  accounts.User{ID: id.User(n), WebsiteID: one, Email: email},
				Entry: entry(one),
			})
		})
	}
	all.Wait()
	accepted := 0
	for k, err := range errs {
		_, known := s.Person(t.Context(), id.Person(k+10))
		switch {
		case err == nil && known == nil:
			accepted++
		case !fault.Is(err, fault.NotFound) || !fault.Is(known, fault.NotFound):
			t.Errorf("rival %d: %v, the person: %v", k, err, known)
		}
	}
	if accepted != 1 {
		t.Errorf("%d accepted", accepted)
	}
}
