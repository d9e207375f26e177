package passwords_test

import (
	"context"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts/internal/passwords"
)

func hasher(t *testing.T) *passwords.Hasher {
	t.Helper()
	h, err := passwords.New()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestMatchesOnlyTheHashedPassword(t *testing.T) {
	t.Parallel()
	h := hasher(t)
	hash, err := h.Hash(t.Context(), "four words make one")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", hash, err)
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{
		{"four words make one", hash, true},
		{"four words make two", hash, false},
		{"", hash, false},
		{"four words make one", "", false},
		{"nobody", "", false}, // the password of the hash that unknown people are compared with
	} {
		if got, err := h.Matches(t.Context(), c.password, c.hash); got != c.want || err != nil {
			t.Errorf("%q: %t, %v", c.password, got, err)
		}
	}
	if _, err := h.Matches(t.Context(), "x", "no hash"); err == nil {
		t.Error("a broken hash is no error")
	}
}

func TestIsStrong(t *testing.T) {
	t.Parallel()
	h := hasher(t)
	for password, want := range map[string]bool{
		"password1234": false, "qwertyuiop": false, "1234567890": false, "fivechat2026": false, "una@shop.example": false,
		"four words make one": true, "korrekt pferd batterie": true, "q7#Vd0!pLz": true,
		strings.Repeat("a", 1024): false,
	} {
		if got := h.IsStrong(password, "una@shop.example", "Una Berg"); got != want {
			t.Errorf("%.20q is strong: %t", password, got)
		}
	}
}

func TestHashingWaitsForRoomUntilTheDeadline(t *testing.T) {
	t.Parallel()
	h := hasher(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // either there was room, or the refusal is clear
		if _, err := h.Hash(ctx, "four words make one"); err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
	}
}
