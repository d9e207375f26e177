package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/apitest"
)

// from returns the header of a request from a browser with the cookie of a known device.
func from(device string) []string { return []string{httpkit.DeviceHeader, device} }

// known signs a person in and returns the cookie of the device.
func (s system) known(body string) string {
	return s.Cookies(200, apitest.Public, "POST", "/auth/password", body)[httpkit.DeviceCookie].Value
}

// attack spends the attempts for a person's address.
func (s system) attack(t *testing.T, email string) {
	t.Helper()
	for range 20 {
		if s.signIn(email, "a wrong password").Status == 429 {
			return
		}
	}
	t.Fatalf("20 attempts for %s were examined", email)
}

func TestAttackDoesNotLockKnownDevicesOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.found("una@shop.example")
	s.found("eve@shop.example")
	c := s.Cookies(200, apitest.Public, "POST", "/auth/password", unasPassword)[httpkit.DeviceCookie]
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" ||
		c.MaxAge != 365*24*3600 {
		t.Fatalf("the cookie: %+v", c)
	}
	eves := s.known(`{"email":"eve@shop.example","password":"four words make one"}`)
	s.attack(t, "una@shop.example")
	for name, device := range map[string]string{
		"none": "", "another person's": eves, "tampered": c.Value[:len(c.Value)-8] + "AAAAAAAA",
		"long": c.Value + strings.Repeat("A", 2000), "no proof": "known",
	} {
		if a := s.Do(apitest.Public, "POST", "/auth/password", unasPassword, from(device)...); a.Status != 429 {
			t.Errorf("with a proof that is %s: %+v", name, a)
		}
	}
	renewed := s.Cookies(200, apitest.Public, "POST", "/auth/password", unasPassword, from(c.Value)...)
	if next := renewed[httpkit.DeviceCookie]; next == nil || next.Value == c.Value {
		t.Errorf("signing in from a known device sets %+v", next)
	}
	// The attempts from a known device are limited too, and another one isn't affected.
	guess := `{"email":"una@shop.example","password":"a wrong password"}`
	for range 9 {
		s.Refused(401, apitest.Public, "POST", "/auth/password", guess, from(c.Value)...)
	}
	if got := s.Refused(429, apitest.Public, "POST", "/auth/password", unasPassword, from(c.Value)...); got !=
		"too_many_failures" {
		t.Errorf("attempt 11 from a known device: %s", got)
	}
	s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword, from(renewed[httpkit.DeviceCookie].Value)...)
	// A person who has signed in can confirm meanwhile.
	una := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword,
		from(renewed[httpkit.DeviceCookie].Value)...).Value)
	if a := s.Do(una, "POST", "/auth/confirm", fmt.Sprintf(`{"password":%q}`, good)); a.Status != 204 {
		t.Errorf("confirming during the attack: %+v", a)
	}
}

// TestKnownDeviceEnds: a change of the password and signing out everywhere make every device an unknown one.
func TestKnownDeviceEnds(t *testing.T) {
	t.Parallel()
	const next = "five words make a sentence"
	for name, end := range map[string]func(s system) (body, current string){
		"password": func(s system) (string, string) {
			una := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword).Value)
			set := s.Cookies(200, una, "PUT", "/auth/password", fmt.Sprintf(`{"current":%q,"password":%q}`, good, next))
			return fmt.Sprintf(`{"email":"una@shop.example","password":%q}`, next), set[httpkit.DeviceCookie].Value
		},
		"everywhere": func(s system) (string, string) {
			una := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword).Value)
			s.Cookie(204, una, "DELETE", "/auth/sessions", "")
			return unasPassword, s.known(unasPassword)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.found("una@shop.example")
			device := s.known(unasPassword)
			body, current := end(s)
			s.attack(t, "una@shop.example")
			if a := s.Do(apitest.Public, "POST", "/auth/password", body, from(device)...); a.Status != 429 {
				t.Errorf("with the proof of before: %+v", a)
			}
			s.Cookie(200, apitest.Public, "POST", "/auth/password", body, from(current)...)
		})
	}
}

// TestAttackOnCodesDoesNotLockKnownDevicesOut: an attacker who knows the password uses up the attempts at the codes.
func TestAttackOnCodesDoesNotLockKnownDevicesOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	secret, recovery := s.enroll(t, una)
	set := s.Cookies(200, apitest.Public, "POST", "/auth/totp", s.secondStep(t, recovery[0].(string)))
	step := s.secondStep(t, "000000")
	for s.Do(apitest.Public, "POST", "/auth/totp", step).Status != 429 {
	}
	body := s.secondStep(t, code(t, secret, 1))
	s.Refused(429, apitest.Public, "POST", "/auth/totp", body)
	s.Cookie(200, apitest.Public, "POST", "/auth/totp", body, from(set[httpkit.DeviceCookie].Value)...)
}

func TestWithoutKeysNoDeviceIsKnown(t *testing.T) {
	t.Parallel()
	s := startWith(t)
	s.found("una@shop.example")
	if set := s.Cookies(200, apitest.Public, "POST", "/auth/password", unasPassword); len(set) != 1 {
		t.Errorf("%v", set)
	}
}
