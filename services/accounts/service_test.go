package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
)

// stub is the part of a store that a test needs. Other methods panic.
type stub struct {
	accounts.Store
	token  accounts.Token
	used   []time.Time
	useErr error
	added  []accounts.Website
	noted  []accounts.Entry
}

func (s *stub) NextEntry(context.Context) (int64, error) { return int64(len(s.noted)) + 1, nil }

func (s *stub) NextWebsite(context.Context) (tenant.ID, error) { return tenant.New(7) }
func (s *stub) AddWebsite(_ context.Context, w accounts.Website, e accounts.Entry) error {
	s.added, s.noted = append(s.added, w), append(s.noted, e)
	return nil
}
func (s *stub) TokenByHash(context.Context, string) (accounts.Token, error) { return s.token, nil }
func (s *stub) Website(context.Context, tenant.ID) (accounts.Website, error) {
	return accounts.Website{Plan: identity.Pro}, nil
}

func (s *stub) UsedToken(_ context.Context, _ tenant.ID, _ id.Token, now, _ time.Time) error {
	s.used = append(s.used, now)
	return s.useErr
}

func (s *stub) DeleteToken(
	_ context.Context, _ tenant.ID, id id.Token, entry func(accounts.Token) accounts.Entry,
) (accounts.Token, error) {
	if id != s.token.ID {
		return accounts.Token{}, fault.Missing("token")
	}
	s.noted = append(s.noted, entry(s.token))
	return s.token, nil
}

// announced records the invalidated hashes and websites.
type announced []string

func (a *announced) TokensChanged(_ context.Context, hashes ...string) { *a = append(*a, hashes...) }

func (a *announced) SessionsEnded(_ context.Context, hashes ...string) { *a = append(*a, hashes...) }

func (a *announced) PersonChanged(_ context.Context, person id.Person) {
	*a = append(*a, fmt.Sprint("person ", person))
}

func (a *announced) WebsiteChanged(_ context.Context, t tenant.ID) {
	*a = append(*a, "website "+t.String())
}

var boss = accounts.By{Actor: "operator", RequestID: "r1", Address: "192.0.2.1"}

type widgets struct{ err error }

func (w widgets) Open(_ context.Context, t tenant.ID, clientToken string) (string, error) {
	return "wgt_" + t.String() + clientToken, w.err
}

func (w widgets) Of(_ context.Context, t tenant.ID) (accounts.Widget, error) {
	return accounts.Widget{ClientToken: "wgt_" + t.String()}, w.err
}

func TestResolveReturnsAccessAndNotesUse(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		token  accounts.Token
		useErr error
		kind   fault.Kind
		noted  bool
	}{
		"fresh":             {token: accounts.Token{}, noted: true},
		"used just now":     {token: accounts.Token{LastUsedAt: now.Add(-30 * time.Second)}},
		"used a minute ago": {token: accounts.Token{LastUsedAt: now.Add(-61 * time.Second)}, noted: true},
		"noting use fails":  {token: accounts.Token{}, useErr: errors.New("unavailable"), noted: true},
		"not expired yet":   {token: accounts.Token{ExpiresAt: now.Add(time.Hour)}, noted: true},
		"expired":           {token: accounts.Token{ExpiresAt: now.Add(-time.Millisecond)}, kind: fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &stub{token: c.token, useErr: c.useErr}
			a, err := accounts.New(store, nil, nil, nil, nil, nil, nil, time.Now).Resolve(t.Context(), "hash")
			if c.kind != 0 {
				if !fault.Is(err, c.kind) || len(store.used) > 0 {
					t.Errorf("error %v, noted %v", err, store.used)
				}
				return
			}
			if err != nil || a.Plan != identity.Pro || (len(store.used) == 1) != c.noted {
				t.Errorf("%+v, %v, noted %v", a, err, store.used)
			}
		})
	}
}

func TestRevokeTokenInvalidatesCaches(t *testing.T) {
	t.Parallel()
	var invalidated announced
	s := accounts.New(&stub{token: accounts.Token{ID: 5, Hash: "abc"}}, nil, nil, nil, nil, &invalidated, nil, time.Now)
	if err := s.RevokeToken(t.Context(), tenant.ID{}, 6, boss); !fault.Is(err, fault.NotFound) || len(invalidated) > 0 {
		t.Errorf("unknown: %v, invalidated %v", err, invalidated)
	}
	if err := s.RevokeToken(t.Context(), tenant.ID{}, 5, boss); err != nil || len(invalidated) != 1 ||
		invalidated[0] != "abc" {
		t.Errorf("%v, invalidated %v", err, invalidated)
	}
}

func TestCreateWebsiteFillsInDefaults(t *testing.T) {
	t.Parallel()
	store := &stub{}
	s := accounts.New(store, widgets{}, nil, nil, nil, nil, nil, time.Now)
	w, err := s.CreateWebsite(t.Context(), accounts.NewWebsite{
		Name:        " Shop ",
		URL:         "https://shop.example",
		ClientToken: "x",
	}, boss)
	if err != nil || len(store.added) != 1 || !reflect.DeepEqual(store.added[0], w) {
		t.Fatalf("%+v, %v, stored %+v", w, err, store.added)
	}
	if w.Name != "Shop" || w.Organization != "Shop" || w.Plan != identity.Free || w.ClientToken != "wgt_7x" ||
		w.ID.Int64() != 7 {
		t.Errorf("%+v", w)
	}
}

func TestCreateWebsiteWithoutWidgetStoresNothing(t *testing.T) {
	t.Parallel()
	store, taken := &stub{}, fault.Coded(fault.Conflict, "client_token_taken", "taken")
	_, err := accounts.New(store, widgets{taken}, nil, nil, nil, nil, nil, time.Now).CreateWebsite(t.Context(),
		accounts.NewWebsite{Name: "Shop", URL: "https://shop.example"}, boss)
	if !errors.Is(err, error(taken)) || len(store.added) > 0 {
		t.Errorf("%v, stored %+v", err, store.added)
	}
}

func TestInvalidNewWebsiteListsWrongFields(t *testing.T) {
	t.Parallel()
	for wrong, n := range map[string]accounts.NewWebsite{
		"name,url":     {},
		"url":          {Name: "a", URL: "ftp://example.com"},
		"plan":         {Name: "a", URL: "http://example.com", Plan: "GOLD"},
		"organization": {Name: "a", URL: "http://example.com", Organization: string(make([]byte, 101))},
	} {
		_, err := accounts.New(&stub{}, widgets{}, nil, nil, nil, nil, nil, time.Now).CreateWebsite(t.Context(), n, boss)
		if got := fieldsOf(err); got != wrong {
			t.Errorf("wrong = %q, want %q", got, wrong)
		}
	}
}

func TestInvalidNewTokenListsWrongFields(t *testing.T) {
	t.Parallel()
	for wrong, n := range map[string]accounts.NewToken{
		"name,level": {},
		"level":      {Name: "a", Level: "ADMIN"},
		"expiresAt":  {Name: "a", Level: identity.Read, ExpiresAt: time.Now().Add(-time.Second)},
	} {
		s := accounts.New(&stub{}, nil, nil, nil, nil, nil, nil, time.Now)
		_, _, err := s.CreateToken(t.Context(), tenant.ID{}, n, boss)
		if got := fieldsOf(err); got != wrong {
			t.Errorf("wrong = %q, want %q", got, wrong)
		}
	}
}
