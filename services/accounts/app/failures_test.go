package app_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/app"
	"fivechat.dev/services/accounts/internal/attempts"
	"fivechat.dev/services/accounts/internal/sealed"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

// TestOwnerSeesFailedSignIns: a clean stop writes the rest. Wrong codes are among them, and another website's owner
// sees none.
func TestOwnerSeesFailedSignIns(t *testing.T) {
	t.Parallel()
	widgets := apitest.NewFake(t, apitest.JSON(200, `{"id":1,"websiteClientToken":"wgt_x","color":"#fff"}`))
	c := app.Config{Config: apitest.Config(t), WidgetsURL: widgets.URL}
	c.SecretKeys = []string{"a key of the tests, at least 32 bytes long"}
	unit, err := app.New(t.Context(), c)
	s := system{apitest.Serve(t, unit, err), widgets}
	una, eve := s.as(s.found("una@shop.example")), s.as(s.found("eve@other.example"))
	secret, _ := s.enroll(t, una)
	const agent = "Firefox of a stranger"
	stranger := []string{"User-Agent", agent, "X-Forwarded-For", "203.0.113.9"}
	wrong := `{"email":"una@shop.example","password":"a wrong password"}`
	for range 3 {
		s.Refused(401, apitest.Public, "POST", "/auth/password", wrong, stranger...)
	}
	s.Refused(401, apitest.Public, "POST", "/auth/password", `{"email":"nobody@shop.example","password":"a wrong one"}`)
	s.Refused(401, apitest.Public, "POST", "/auth/totp", s.secondStep(t, "000000"), stranger...)
	s.Cookie(200, apitest.Public, "POST", "/auth/totp", s.secondStep(t, code(t, secret, 1)))

	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, task := range unit.Tasks {
		if task.Name == "failed sign-ins" {
			if err := task.Run(stopped); err != nil {
				t.Error(err)
			}
		}
	}
	found := 0
	for _, e := range s.Want(200, una, "GET", "/audit", "")["data"].([]any) {
		e := e.(map[string]any)
		if e["action"] != "session.fail" {
			continue
		}
		found++
		after := e["after"].(map[string]any)
		if !reflect.DeepEqual(after["failures"], map[string]any{"password": 3.0, "code": 1.0}) || after["device"] != agent ||
			e["actor"] != "public" || e["objectId"] != fmt.Sprint(int64(una.PersonID)) || e["address"] != "203.0.113.9" ||
			after["firstAt"] == nil || after["lastAt"] == nil || strings.Contains(fmt.Sprint(e), "wrong") {
			t.Errorf("%v", e)
		}
	}
	if found != 1 {
		t.Errorf("%d entries of failed sign-ins, want 1", found)
	}
	if a := s.Do(eve, "GET", "/audit", ""); strings.Contains(a.Body, "session.fail") {
		t.Errorf("another website's owner sees %s", a.Body)
	}
}

// auditOf is a store whose persons are members of one website. It keeps the entries of the audit log.
type auditOf struct {
	onePerson
	fails   bool
	entries []accounts.Entry
}

func (a *auditOf) PersonByEmail(_ context.Context, email string) (accounts.Person, error) {
	var n int64
	if _, err := fmt.Sscanf(email, "p%d@shop.example", &n); err != nil {
		return accounts.Person{}, fault.Missing("person")
	}
	return accounts.Person{ID: id.Person(n), Email: email, Password: good}, nil
}

func (a *auditOf) Memberships(_ context.Context, p id.Person) ([]accounts.Membership, error) {
	return []accounts.Membership{{PersonID: p, WebsiteID: storetest.Tenant(1)}}, nil
}

func (a *auditOf) WebsitesOf(context.Context, []tenant.ID) ([]accounts.Website, error) {
	return []accounts.Website{{ID: storetest.Tenant(1)}}, nil
}

func (a *auditOf) AddEntries(_ context.Context, entries []accounts.Entry) error {
	if a.fails {
		return fault.Away("the store", errors.New("test"))
	}
	a.entries = append(a.entries, entries...)
	return nil
}

type entryIDs struct{ accounts.Store }

func (entryIDs) NextEntry(context.Context) (int64, error) { return 1, nil }

// TestFailedSignInsAreWrittenOnceInTenMinutes: however many fail. A log that can't be written fails no sign-in, and
// loses none. No more persons are kept than fit.
func TestFailedSignInsAreWrittenOnceInTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter, err := ratelimit.New(nil, 1, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		box, err := sealed.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		store := &auditOf{}
		websites := accounts.New(entryIDs{}, nil, nil, nil, nil, silent{}, nil, time.Now)
		people := accounts.NewPeople(accounts.PeoplePorts{
			Store: store, Passwords: plainPasswords{}, Attempts: attempts.Limiter{Limiter: limiter}, Secrets: box,
		}, websites, time.Now)
		fail := func(person int) {
			t.Helper()
			email := fmt.Sprintf("p%d@shop.example", person)
			_, err := people.SignIn(t.Context(), email, "wrong", accounts.Device{}, accounts.By{})
			if !fault.Is(err, fault.Unauthenticated) {
				t.Fatal(err)
			}
		}
		write := func(all, fails bool) (missed int) {
			t.Helper()
			missed, err := people.WriteFailures(t.Context(), all)
			if (err != nil) != fails {
				t.Fatal(err)
			}
			return missed
		}
		wantEntries := func(n int, last string) {
			t.Helper()
			if len(store.entries) != n || n > 0 && !strings.Contains(store.entries[n-1].After, last) {
				t.Fatalf("%d entries, want %d, the last with %s: %v", len(store.entries), n, last, store.entries)
			}
		}
		store.fails = true
		fail(1)
		write(false, true)
		fail(1)
		store.fails = false
		write(false, false)
		wantEntries(1, `"password":2`)
		for range 30 { // an hour
			fail(1)
			write(false, false)
			time.Sleep(2 * time.Minute)
		}
		wantEntries(6, `"password":5`)
		write(true, false)
		wantEntries(7, `"password":4`)
		write(true, false)
		wantEntries(7, "")
		time.Sleep(time.Hour)
		write(false, false) // forgets the person
		for i := range 1100 {
			fail(i + 1)
		}
		if missed := write(false, false); missed != 1100-1024 {
			t.Errorf("%d failures are missing, want %d", missed, 1100-1024)
		}
		wantEntries(7+1024, `"password":1`)
	})
}
