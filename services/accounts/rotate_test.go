package accounts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/services/accounts"
)

var announcedAll = paging.Window{Limit: 100}

func TestRotatedTokenStaysValidForTheOverlap(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	ctx := t.Context()
	old, secret, err := e.CreateToken(ctx, e.website, accounts.NewToken{Name: "ci", Level: identity.Write}, boss)
	if err != nil {
		t.Fatal(err)
	}
	next, nextSecret, err := e.RotateToken(ctx, e.website, old.ID, time.Hour, boss)
	if err != nil || next.ID == old.ID || next.Name != "ci" || next.Level != identity.Write || !next.ExpiresAt.IsZero() ||
		next.CreatedBy != "operator" || nextSecret == secret {
		t.Fatalf("%+v, %v", next, err)
	}
	if !slices.Contains(e.invalidated, old.Hash) {
		t.Errorf("invalidated %v", e.invalidated)
	}
	opens := func(secret string, want bool) {
		t.Helper()
		a, err := e.Resolve(ctx, identity.HashSecret(secret))
		if want != (err == nil) || !want && !fault.Is(err, fault.NotFound) {
			t.Errorf("%+v, %v, want %v", a, err, want)
		}
	}
	e.pass(time.Hour - time.Millisecond)
	if a, err := e.Resolve(ctx, old.Hash); err != nil || !a.ExpiresAt.Equal(e.now().Add(time.Millisecond)) {
		t.Errorf("%+v, %v", a, err)
	}
	opens(secret, true)
	opens(nextSecret, true)
	e.pass(time.Millisecond)
	opens(secret, false)
	opens(nextSecret, true)
	if _, _, err := e.RotateToken(ctx, e.website, old.ID, time.Hour, boss); fault.From(err).Code != "token_expired" {
		t.Errorf("an expired token: %v", err)
	}
	found, err := e.Audit(ctx, accounts.AuditFilter{Website: e.website}, announcedAll)
	if err != nil || found.Rows[0].Action != "token.rotate" || found.Rows[0].Before != `{"expiresAt":null}` ||
		!strings.Contains(found.Rows[0].After, `"successor":`) {
		t.Errorf("%+v, %v", found.Rows, err)
	}
	for _, row := range found.Rows {
		for _, hidden := range []string{secret, nextSecret, old.Hash, next.Hash} {
			if strings.Contains(row.Before+row.After, hidden) {
				t.Errorf("the audit log contains a secret: %+v", row)
			}
		}
	}
}

func TestOverlapEndsWithTheTokenOrTheLimit(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		lifetime, overlap time.Duration // lifetime 0 means no expiry
		left              time.Duration // remaining lifetime of the old token
		wrong             bool
	}{
		"at once":                  {overlap: 0, left: 0},
		"a day":                    {overlap: day, left: day},
		"the longest":              {overlap: 30 * day, left: 30 * day},
		"longer":                   {overlap: 30*day + time.Second, wrong: true},
		"negative":                 {overlap: -time.Second, wrong: true},
		"never longer than it had": {lifetime: time.Hour, overlap: day, left: time.Hour},
		"shorter than it had":      {lifetime: 2 * day, overlap: day, left: day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEraser(t)
			n := accounts.NewToken{Name: "ci", Level: identity.Read}
			if c.lifetime > 0 {
				n.ExpiresAt = e.now().Add(c.lifetime)
			}
			old, _, err := e.CreateToken(t.Context(), e.website, n, boss)
			if err != nil {
				t.Fatal(err)
			}
			next, _, err := e.RotateToken(t.Context(), e.website, old.ID, c.overlap, boss)
			if fieldsOf(err) != map[bool]string{true: "overlapSeconds"}[c.wrong] {
				t.Fatal(err)
			}
			stored, err := e.Tokens(t.Context(), e.website, announcedAll)
			if err != nil {
				t.Fatal(err)
			}
			if c.wrong {
				if len(stored.Rows) != 1 || stored.Rows[0].ExpiresAt != n.ExpiresAt {
					t.Errorf("%+v", stored.Rows)
				}
				return
			}
			if left := stored.Rows[1].ExpiresAt.Sub(e.now()); left != c.left {
				t.Errorf("the old token is valid for %v, want %v", left, c.left)
			}
			if lifetime := next.ExpiresAt.Sub(e.now()); c.lifetime > 0 && lifetime != c.lifetime || c.lifetime == 0 &&
				!next.ExpiresAt.IsZero() {
				t.Errorf("the new token is valid until %v", next.ExpiresAt)
			}
		})
	}
}

func TestUpdateTokenChangesNameAndExpiry(t *testing.T) {
	t.Parallel()
	e := newEraser(t)
	ctx := t.Context()
	token, _, err := e.CreateToken(ctx, e.website, accounts.NewToken{Name: "ci", Level: identity.Read}, boss)
	if err != nil {
		t.Fatal(err)
	}
	end := e.now().Add(time.Minute)
	got, err := e.UpdateToken(ctx, e.website, token.ID,
		accounts.TokenPatch{Name: optional.Of(" cd "), ExpiresAt: optional.Of(end)}, boss)
	if err != nil || got.Name != "cd" || got.ExpiresAt != end || got.Hash != token.Hash ||
		!slices.Contains(e.invalidated, token.Hash) {
		t.Errorf("%+v, %v, invalidated %v", got, err, e.invalidated)
	}
	for wrong, p := range map[string]accounts.TokenPatch{
		"name":      {Name: optional.Value[string]{Set: true, Null: true}},
		"expiresAt": {ExpiresAt: optional.Of(e.now())},
	} {
		if _, err := e.UpdateToken(ctx, e.website, token.ID, p, boss); fieldsOf(err) != wrong {
			t.Errorf("%v, want %s", err, wrong)
		}
	}
	got, err = e.UpdateToken(ctx, e.website, token.ID,
		accounts.TokenPatch{ExpiresAt: optional.Value[time.Time]{Set: true, Null: true}}, boss)
	if err != nil || got.Name != "cd" || !got.ExpiresAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := e.UpdateToken(ctx, e.website, 999, accounts.TokenPatch{}, boss); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown token: %v", err)
	}
}
