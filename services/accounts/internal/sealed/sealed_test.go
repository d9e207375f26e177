package sealed_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts/internal/sealed"
)

func box(t *testing.T, keys ...string) *sealed.Box {
	t.Helper()
	for i, k := range keys {
		keys[i] = strings.Repeat(k, 32)
	}
	b, err := sealed.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedSecretsOpenWithTheirKeyAndContextOnly(t *testing.T) {
	t.Parallel()
	old, rotated, other := box(t, "a"), box(t, "b", "a"), box(t, "b")
	form, err := old.Seal("secret", "totp:7")
	if err != nil || strings.Contains(form, "secret") {
		t.Fatalf("sealed as %q, %v", form, err)
	}
	if got, err := rotated.Open(form, "totp:7"); err != nil || got != "secret" {
		t.Errorf("after a rotation: %q, %v", got, err)
	}
	for name, open := range map[string]func() (string, error){
		"another key":     func() (string, error) { return other.Open(form, "totp:7") },
		"another context": func() (string, error) { return old.Open(form, "totp:8") },
		"no key":          func() (string, error) { return box(t).Open(form, "totp:7") },
		"a changed form":  func() (string, error) { return old.Open("AAAA"+form[4:], "totp:7") },
	} {
		if got, err := open(); !fault.Is(err, fault.Unavailable) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if again, _ := old.Seal("secret", "totp:7"); again == form {
		t.Error("the same secret has the same form twice")
	}
}

func TestBoxWithoutKeysRefuses(t *testing.T) {
	t.Parallel()
	if form, err := box(t).Seal("secret", "totp:7"); !fault.Is(err, fault.Unavailable) || form != "" {
		t.Errorf("sealed as %q, %v", form, err)
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := sealed.New([]string{"short"}); err == nil {
		t.Error("a short key is accepted")
	}
	if _, err := sealed.New(make([]string, 9)); err == nil {
		t.Error("nine keys are accepted")
	}
}
