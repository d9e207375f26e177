package app_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/attempts"
	"fivechat.dev/services/accounts/internal/sealed"
)

// onePerson is a store with one person, and as much of sessions as signing in needs.
type onePerson struct {
	accounts.PeopleStore
	person accounts.Person
}

func (o onePerson) PersonByEmail(_ context.Context, email string) (accounts.Person, error) {
	if email != o.person.Email {
		return accounts.Person{}, fault.Missing("person")
	}
	return o.person, nil
}

func (o onePerson) Person(context.Context, id.Person) (accounts.Person, error) { return o.person, nil }

func (onePerson) NextSession(context.Context) (id.Session, error) { return 1, nil }

func (onePerson) AddSession(context.Context, accounts.Session, int) ([]accounts.Session, error) {
	return nil, nil
}

func (onePerson) Memberships(context.Context, id.Person) ([]accounts.Membership, error) {
	return nil, nil
}

// plainPasswords compares without a slow hash.
type plainPasswords struct{ accounts.Passwords }

func (plainPasswords) Matches(_ context.Context, password, hash string) (bool, error) {
	return password == hash, nil
}

type silent struct{ accounts.Announcer }

func (silent) SessionsEnded(context.Context, ...string) {}

// TestTenThousandGuessesFromManyAddresses: only the first ten of 10,000 guesses within 80 seconds are examined, though
// all the others are right. Meanwhile the person signs in from a known device at once. From an unknown one they get in
// 90 seconds after the attack.
func TestTenThousandGuessesFromManyAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter, err := ratelimit.New(nil, 1, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		box, err := sealed.New([]string{"a key of the tests, at least 32 bytes long"})
		if err != nil {
			t.Fatal(err)
		}
		people := accounts.NewPeople(accounts.PeoplePorts{
			Store:     onePerson{person: accounts.Person{ID: 1, Email: "una@shop.example", Password: good}},
			Passwords: plainPasswords{}, Attempts: attempts.Limiter{Limiter: limiter}, Secrets: box, Announcer: silent{},
		}, nil, time.Now)
		signIn := func(password string, d accounts.Device) (accounts.Secrets, error) {
			in, err := people.SignIn(t.Context(), "una@shop.example", password, d, accounts.By{Address: d.Address})
			return in.Secrets, err
		}
		home, err := signIn(good, accounts.Device{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute) // the attempts are refilled
		known := accounts.Device{Proof: home.Device}
		address := netip.MustParseAddr("198.51.100.0")
		for i := range 10_000 {
			guess, want := good, fault.Limited
			if i < 10 {
				guess, want = fmt.Sprint("guess ", i), fault.Unauthenticated
			}
			if _, err := signIn(guess, accounts.Device{Address: address.String()}); !fault.Is(err, want) {
				t.Fatalf("guess %d: %v, want kind %v", i, err, want)
			}
			address = address.Next()
			if i%1000 == 500 {
				in, err := signIn(good, known)
				if err != nil {
					t.Fatalf("from a known device, after %d guesses: %v", i, err)
				}
				known.Proof = in.Device
			}
			time.Sleep(8 * time.Millisecond)
		}
		if _, err := signIn(good, accounts.Device{}); !fault.Is(err, fault.Limited) {
			t.Errorf("from an unknown device, 80 s after the tenth guess: %v", err)
		}
		time.Sleep(90 * time.Second)
		if _, err := signIn(good, accounts.Device{}); err != nil {
			t.Errorf("from an unknown device, 90 s after the attack: %v", err)
		}
		time.Sleep(accounts.KnownFor)
		for range 10 {
			_, _ = signIn("a wrong password", known)
		}
		if _, err := signIn(good, accounts.Device{}); !fault.Is(err, fault.Limited) {
			t.Errorf("a device stays known for more than a year: %v", err)
		}
	})
}
