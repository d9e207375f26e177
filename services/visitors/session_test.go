package visitors_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/visitors"
)

// sessions is the part of a store, and of other services, that a session needs. It has one visitor, vis_known.
type sessions struct {
	visitors.Store
	hash    string // of the known visitor's secret
	quicker bool   // a concurrent session is issued a secret first
	known   visitors.Visitor
	created []visitors.Visitor
	away    error // error of Open
}

func (s *sessions) Owner(_ context.Context, token string) (tenant.ID, visitors.Owner, error) {
	if token != s.known.Token {
		return tenant.ID{}, visitors.Owner{}, fault.Missing("visitor")
	}
	return s.known.WebsiteID, visitors.Owner{ID: s.known.ID, SecretHash: s.hash}, nil
}

func (s *sessions) SetSecret(_ context.Context, _, hash string) (bool, error) {
	if s.quicker {
		return false, nil
	}
	s.hash = hash
	return true, nil
}

func (s *sessions) ByToken(context.Context, tenant.ID, string) (visitors.Visitor, error) {
	return s.known, nil
}

func (s *sessions) Save(
	_ context.Context, _ tenant.ID, _ string, change func(visitors.Visitor) (visitors.Visitor, error),
) (v visitors.Visitor, err error) {
	v, err = change(s.known)
	if err == nil {
		s.known = v
	}
	return v, err
}

func (s *sessions) IdentityRequired(context.Context, tenant.ID) (bool, error) { return false, nil }

func (s *sessions) Seen(context.Context, tenant.ID, id.Visitor, time.Time, time.Time) (bool, error) {
	return false, nil
}

func (s *sessions) Reserve(context.Context, int) (id.Visitor, error) { return 99, nil }

func (s *sessions) Create(_ context.Context, v visitors.Visitor) error {
	s.created = append(s.created, v)
	return nil
}

func (s *sessions) Open(context.Context, tenant.ID, id.Visitor) (visitors.View, error) {
	return nil, s.away
}

func (s *sessions) Online(context.Context, tenant.ID) (bool, error) { return true, nil }

func (s *sessions) Notify(context.Context, tenant.ID, id.Visitor, contract.Data) {}

// TestSessionNeedsTheSecret: a token without its secret never resumes a visitor, and never changes one.
func TestSessionNeedsTheSecret(t *testing.T) {
	t.Parallel()
	const secret = "vsec_known"
	hash, empty := identity.HashSecret(secret), ""
	text := func(s string) *string { return &s }
	website, _ := tenant.New(1)
	other, _ := tenant.New(2)
	for name, c := range map[string]struct {
		hash    string
		token   string
		sent    *string
		quicker bool
		of      tenant.ID
		resumed bool
		issued  bool
	}{
		"the secret":                               {hash, "vis_known", text(secret), false, website, true, false},
		"no secret":                                {hash, "vis_known", nil, false, website, false, true},
		"an empty secret":                          {hash, "vis_known", &empty, false, website, false, true},
		"another secret":                           {hash, "vis_known", text(secret + "x"), false, website, false, true},
		"the hash in place of the secret":          {hash, "vis_known", text(hash), false, website, false, true},
		"another website's":                        {hash, "vis_known", text(secret), false, other, false, true},
		"an unknown token":                         {hash, "vis_unknown", text(secret), false, website, false, true},
		"before secrets, old client":               {"", "vis_known", nil, false, website, true, false},
		"before secrets, client that stores one":   {"", "vis_known", &empty, false, website, true, true},
		"before secrets, concurrent session first": {"", "vis_known", &empty, true, website, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := visitors.Visitor{ID: 7, WebsiteID: c.of, Token: "vis_known", Name: "Ann", Context: "{}"}
			s := &sessions{hash: c.hash, quicker: c.quicker, known: known, away: fault.Missing("conversation")}
			service := visitors.New(s, resolver{website}, s, s, nil, s, time.Now)
			got, err := service.OpenSession(t.Context(), visitors.NewSession{
				ClientToken:   "site",
				VisitorToken:  c.token,
				VisitorSecret: c.sent,
				IP:            "192.0.2.1",
			})
			if err != nil {
				t.Fatal(err)
			}
			if (got.Visitor.ID == 7) != c.resumed || len(s.created) != map[bool]int{true: 0, false: 1}[c.resumed] ||
				(got.Secret != "") != c.issued {
				t.Errorf("visitor %d, %d created, secret issued: %t", got.Visitor.ID, len(s.created), got.Secret != "")
			}
			switch {
			case !c.resumed && s.created[0].SecretHash != identity.HashSecret(got.Secret):
				t.Error("the new visitor has another secret than the one that was issued")
			case c.resumed && c.issued && s.hash != identity.HashSecret(got.Secret):
				t.Error("the resumed visitor has another secret than the one that was issued")
			case !c.resumed && !c.quicker && !reflect.DeepEqual(s.known, known):
				t.Errorf("changed: %+v", s.known)
			}
		})
	}
}

// resolver resolves the widget of one website.
type resolver struct{ website tenant.ID }

func (r resolver) Resolve(context.Context, string) (visitors.Widget, error) {
	return visitors.Widget{WebsiteID: r.website, ChatEnabled: true}, nil
}

// TestNoSecretIsIssuedByASessionThatFails: a client that got no response can still resume by the token alone.
func TestNoSecretIsIssuedByASessionThatFails(t *testing.T) {
	t.Parallel()
	website, _ := tenant.New(1)
	empty := ""
	s := &sessions{known: visitors.Visitor{
		ID:        7,
		WebsiteID: website,
		Token:     "vis_known",
	}, away: fault.New(fault.Unavailable, "away")}
	_, err := visitors.New(s, resolver{website}, s, s, nil, s, time.Now).OpenSession(t.Context(), visitors.NewSession{
		ClientToken:   "site",
		VisitorToken:  "vis_known",
		VisitorSecret: &empty,
	})
	if !fault.Is(err, fault.Unavailable) || s.hash != "" || len(s.created) != 0 {
		t.Errorf("%v, secret issued: %t, %d created", err, s.hash != "", len(s.created))
	}
}

func (s *sessions) Arrive(_ context.Context, _ tenant.ID, _ id.Visitor, now time.Time) error {
	s.known.ArrivedAt, s.known.LastSeenAt = now, now
	return nil
}

// TestArrival: a stay begins with a session after more than a minute without a sign of the visitor, and the next page
// continues it.
func TestArrival(t *testing.T) {
	t.Parallel()
	website, _ := tenant.New(1)
	noon, empty := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), ""
	for name, c := range map[string]struct {
		page    string // "" if the session changes nothing
		away    time.Duration
		arrives bool
	}{
		"next page":           {"/next", 30 * time.Second, false},
		"same page":           {"", 30 * time.Second, false},
		"back on a page":      {"/next", 2 * time.Minute, true},
		"back on a page, old": {"", 2 * time.Minute, true},
	} {
		s := &sessions{away: fault.Missing("conversation"), known: visitors.Visitor{
			ID: 7, WebsiteID: website, Token: "vis_known", Name: "Ann", Context: "{}", IP: "192.0.2.1",
			ArrivedAt: noon, LastSeenAt: noon.Add(10 * time.Minute),
		}}
		now := s.known.LastSeenAt.Add(c.away)
		n := visitors.NewSession{ClientToken: "site", VisitorToken: "vis_known", VisitorSecret: &empty, IP: "192.0.2.1"}
		if c.page != "" {
			n.Patch.Context = visitorcontext.Context{"page": []byte(`"https://shop.example` + c.page + `"`)}
		}
		service := visitors.New(s, resolver{website}, s, s, nil, s, func() time.Time { return now })
		opened, err := service.OpenSession(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		want := noon
		if c.arrives {
			want = now
		}
		if !s.known.ArrivedAt.Equal(want) || !opened.Visitor.ArrivedAt.Equal(want) || opened.Visitor.PagePath != c.page {
			t.Errorf("%s: on the website since %v, want %v, on %s", name, s.known.ArrivedAt, want, opened.Visitor.PagePath)
		}
	}
}
