package app_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/descope/virtualwebauthn"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// addPasskey gives a person a passkey.
func (s system) addPasskey(t *testing.T, p identity.Principal) {
	t.Helper()
	const origin = "https://chat.example"
	begun := s.Want(200, p, "POST", "/auth/passkeys/options", "", "Origin", origin)
	options, err := json.Marshal(map[string]any{"publicKey": begun["options"]})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	party := virtualwebauthn.RelyingParty{Name: "Fivechat", ID: "chat.example", Origin: origin}
	response := virtualwebauthn.CreateAttestationResponse(party, virtualwebauthn.NewAuthenticator(), newKey(), *parsed)
	s.Want(201, p, "POST", "/auth/passkeys",
		fmt.Sprintf(`{"challenge":%q,"name":"Laptop","response":%s}`, begun["challenge"], response), "Origin", origin)
}

// TestResetLinkRemovesOtherWaysToSignIn: those that it was made for, and only when it is used.
func TestResetLinkRemovesOtherWaysToSignIn(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		totp     bool
		passkeys int
	}{
		"":                              {true, 1},
		`{"totp":true}`:                 {false, 1},
		`{"passkeys":true}`:             {true, 0},
		`{"totp":true,"passkeys":true}`: {false, 0},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			una := s.as(s.found("una@shop.example"))
			s.enroll(t, una)
			s.addPasskey(t, una)
			check := func(when string, totp bool, passkeys int) {
				t.Helper()
				got := s.Want(200, una, "GET", "/auth/factors", "")
				if got["totp"] != totp || len(got["passkeys"].([]any)) != passkeys {
					t.Errorf("%s: %v, want %v and %d passkeys", when, got, totp, passkeys)
				}
			}
			link := s.Want(201, apitest.Operator, "POST", fmt.Sprintf("/operator/people/%d/resets", una.PersonID), body)
			check("before the link is used", true, 1)
			s.Refused(400, apitest.Public, "POST", fmt.Sprintf("/auth/resets/%s", link["token"]), `{"password":"short"}`)
			check("after a refused password", true, 1)
			a := s.Do(apitest.Public, "POST", fmt.Sprintf("/auth/resets/%s", link["token"]),
				`{"password":"five words make a sentence"}`)
			if a.Status != 204 {
				t.Fatalf("%+v", a)
			}
			check("after its use", want.totp, want.passkeys)
		})
	}
}

// TestLinkAsksForFewAddresses: an invitation without an e-mail address can't be used to ask which ones have an account.
func TestLinkAsksForFewAddresses(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.found("una@shop.example")
	accept := func(link, email string) apitest.Answer {
		return s.Do(apitest.Public, "POST", "/invitations/"+link+"/accept",
			fmt.Sprintf(`{"name":"Eve","email":%q,"password":%q,"website":%s}`, email, good, aWebsite))
	}
	link := s.Want(201, apitest.Operator, "POST", "/operator/invitations", "")["token"].(string)
	for range 10 {
		if a := accept(link, "una@shop.example"); a.Status != 409 {
			t.Fatalf("%+v", a)
		}
	}
	if a := accept(link, "eve@shop.example"); a.Status != 429 {
		t.Errorf("attempt 11: %+v", a)
	}
	other := s.Want(201, apitest.Operator, "POST", "/operator/invitations", "")["token"].(string)
	if a := accept(other, "eve@shop.example"); a.Status != 200 {
		t.Errorf("with another link: %+v", a)
	}
}
