package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// code returns the code of an authenticator app, so many steps after now.
func code(t *testing.T, secret string, steps int) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enroll gives a person an authenticator app, with the code of now. It returns the app's secret and the recovery codes.
func (s system) enroll(t *testing.T, p identity.Principal) (secret string, recovery []any) {
	t.Helper()
	secret = s.Want(200, p, "POST", "/auth/totp/key", "")["secret"].(string)
	got := s.Want(200, p, "PUT", "/auth/totp", fmt.Sprintf(`{"code":%q}`, code(t, secret, 0)))
	return secret, got["codes"].([]any)
}

const unasPassword = `{"email":"una@shop.example","password":"four words make one"}`

// secondStep returns the body of the second step of a new sign-in.
func (s system) secondStep(t *testing.T, code string) string {
	t.Helper()
	first := s.Want(200, apitest.Public, "POST", "/auth/password", unasPassword)
	if first["next"] != "totp" || first["person"] != nil {
		t.Fatalf("the first step: %v", first)
	}
	return fmt.Sprintf(`{"challenge":%q,"code":%q}`, first["challenge"], code)
}

func TestAuthenticatorIsNeededToSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	key := s.Want(200, una, "POST", "/auth/totp/key", "")
	if !strings.HasPrefix(key["url"].(string), "otpauth://totp/Fivechat:una@shop.example?") ||
		!strings.HasPrefix(key["picture"].(string), "data:image/png;base64,") {
		t.Errorf("the key: %v", key)
	}
	if got := s.Refused(401, una, "PUT", "/auth/totp", `{"code":"000000"}`); got != "code_invalid" {
		t.Errorf("a wrong code: %s", got)
	}
	s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword) // not in use yet
	secret, recovery := s.enroll(t, una)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	for name, wrong := range map[string]string{"wrong": "000000", "used": code(t, secret, 0), "old": code(t, secret, -3)} {
		if got := s.Refused(401, apitest.Public, "POST", "/auth/totp", s.secondStep(t, wrong)); got != "code_invalid" {
			t.Errorf("a code that is %s: %s", name, got)
		}
	}
	step := s.secondStep(t, code(t, secret, 1))
	in := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/totp", step).Value)
	if in.PersonID != una.PersonID {
		t.Errorf("signed in as %+v", in)
	}
	if got := s.Refused(401, apitest.Public, "POST", "/auth/totp", step); got != "challenge_invalid" {
		t.Errorf("the same step again: %s", got)
	}
	typed := strings.ToUpper(strings.ReplaceAll(recovery[3].(string), "-", " "))
	s.Cookie(200, apitest.Public, "POST", "/auth/totp", s.secondStep(t, typed))
	if got := s.Refused(401, apitest.Public, "POST", "/auth/totp", s.secondStep(t, typed)); got != "code_invalid" {
		t.Errorf("a recovery code again: %s", got)
	}
	if got := s.Want(200, una, "GET", "/auth/factors", ""); got["totp"] != true || got["recoveryCodes"] != 9.0 {
		t.Errorf("%v", got)
	}
	renewed := s.Want(200, una, "POST", "/auth/recovery-codes", "")["codes"].([]any)
	s.Refused(401, apitest.Public, "POST", "/auth/totp", s.secondStep(t, recovery[4].(string)))
	s.Cookie(200, apitest.Public, "POST", "/auth/totp", s.secondStep(t, renewed[0].(string)))
	if a := s.Do(una, "DELETE", "/auth/totp", ""); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword)
	s.Refused(404, una, "DELETE", "/auth/totp", "")
	s.Refused(404, una, "POST", "/auth/recovery-codes", "")
}

func TestGuessingCodesIsLimited(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	secret, _ := s.enroll(t, una)
	step := s.secondStep(t, "000000")
	refused := 0
	for range 15 {
		if a := s.Do(apitest.Public, "POST", "/auth/totp", step); a.Status == 429 {
			refused++
		} else if a.Status != 401 {
			t.Fatalf("%+v", a)
		}
	}
	if refused < 5 {
		t.Errorf("%d of 15 attempts refused", refused)
	}
	if a := s.Do(apitest.Public, "POST", "/auth/totp", s.secondStep(t, code(t, secret, 1))); a.Status != 429 {
		t.Errorf("a right code after too many wrong ones: %+v", a)
	}
}

func TestOperationsThatNeedConfirmation(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	old := una
	old.Confirmed = false
	for _, op := range [][2]string{
		{"POST", "/auth/totp/key"},
		{"PUT", "/auth/totp"},
		{"DELETE", "/auth/totp"},
		{"POST", "/auth/recovery-codes"},
		{"POST", "/auth/passkeys/options"},
		{"POST", "/auth/passkeys"},
		{"DELETE", "/auth/passkeys/1"},
		{"POST", "/auth/tokens"},
		{"POST", "/tokens"},
		{"POST", "/invitations"},
		{"POST", "/tokens/1/rotate"},
		{"PATCH", "/members/1"},
	} {
		if got := s.Refused(403, old, op[0], op[1], "{}"); got != "confirmation_required" {
			t.Errorf("%s %s: %s", op[0], op[1], got)
		}
	}
	for body, want := range map[string]string{
		`{}`:                            "validation_failed password",
		`{"password":"x","code":"1"}`:   "validation_failed password",
		`{"password":"wrong password"}`: "credentials_invalid",
		`{"code":"000000"}`:             "code_invalid",
	} {
		status := map[bool]int{true: 400, false: 401}[strings.HasPrefix(want, "validation")]
		if got := s.Refused(status, old, "POST", "/auth/confirm", body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if a := s.Do(old, "POST", "/auth/confirm", `{"password":"four words make one"}`); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	token := s.Want(201, una, "POST", "/auth/tokens", fmt.Sprintf(`{"name":"My script","expiresAt":%q}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	script := s.as(token["token"].(string))
	got := s.Refused(403, script, "POST", "/auth/confirm", `{"password":"four words make one"}`)
	if got != "session_needed" {
		t.Errorf("a personal access token: %s", got)
	}
}

// newKey returns a new key of a device. The library writes coordinates that begin with a zero byte without it, which is
// invalid: such a key is thrown away.
func newKey() virtualwebauthn.Credential {
	for {
		key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(key.Key.AttestationData()) == 77 {
			return key
		}
	}
}

func TestPasskeySignsIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	const origin = "https://chat.example"
	party := virtualwebauthn.RelyingParty{Name: "Fivechat", ID: "chat.example", Origin: origin}
	device := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
		UserHandle: fmt.Appendf(nil, "person:%d", una.PersonID),
	})
	key := newKey()
	begin := func(path string, p identity.Principal) (challenge string, options string) {
		got := s.Want(200, p, "POST", path, "", "Origin", origin)
		b, err := json.Marshal(map[string]any{"publicKey": got["options"]})
		if err != nil {
			t.Fatal(err)
		}
		return got["challenge"].(string), string(b)
	}
	create := func(p virtualwebauthn.RelyingParty, key virtualwebauthn.Credential) string {
		challenge, options := begin("/auth/passkeys/options", una)
		parsed, err := virtualwebauthn.ParseAttestationOptions(options)
		if err != nil {
			t.Fatal(err)
		}
		response := virtualwebauthn.CreateAttestationResponse(p, device, key, *parsed)
		return fmt.Sprintf(`{"challenge":%q,"name":"Laptop","response":%s}`, challenge, response)
	}
	foreign := party
	foreign.Origin, foreign.ID = "https://evil.example", "evil.example"
	got := s.Refused(401, una, "POST", "/auth/passkeys", create(foreign, key), "Origin", origin)
	if got != "passkey_invalid" {
		t.Errorf("a key of another origin: %s", got)
	}
	body := create(party, key)
	s.Want(201, una, "POST", "/auth/passkeys", body, "Origin", origin)
	if got := s.Refused(401, una, "POST", "/auth/passkeys", body, "Origin", origin); got != "challenge_invalid" {
		t.Errorf("the same answer again: %s", got)
	}
	if got := s.Refused(409, una, "POST", "/auth/passkeys", create(party, key), "Origin", origin); got != "passkey_known" {
		t.Errorf("the same key again: %s", got)
	}
	device.AddCredential(key)
	signIn := func(p virtualwebauthn.RelyingParty, key virtualwebauthn.Credential) string {
		challenge, options := begin("/auth/passkey/options", apitest.Public)
		parsed, err := virtualwebauthn.ParseAssertionOptions(options)
		if err != nil {
			t.Fatal(err)
		}
		response := virtualwebauthn.CreateAssertionResponse(p, device, key, *parsed)
		return fmt.Sprintf(`{"challenge":%q,"response":%s}`, challenge, response)
	}
	stranger := newKey()
	for name, body := range map[string]string{
		"an unknown key": signIn(party, stranger), "another origin": signIn(foreign, key),
	} {
		if got := s.Refused(401, apitest.Public, "POST", "/auth/passkey", body, "Origin", origin); got != "passkey_invalid" {
			t.Errorf("%s: %s", name, got)
		}
	}
	body = signIn(party, key)
	in := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/passkey", body, "Origin", origin).Value)
	if in.PersonID != una.PersonID {
		t.Errorf("signed in as %+v", in)
	}
	if got := s.Refused(401, apitest.Public, "POST", "/auth/passkey", body, "Origin", origin); got != "challenge_invalid" {
		t.Errorf("the same answer again: %s", got)
	}
	s.Refused(400, apitest.Public, "POST", "/auth/passkey/options", "")
	s.Refused(400, apitest.Public, "POST", "/auth/passkey/options", "", "Origin", "https://192.0.2.1")
	keys := s.Want(200, una, "GET", "/auth/factors", "")["passkeys"].([]any)
	path := fmt.Sprintf("/auth/passkeys/%v", keys[0].(map[string]any)["id"])
	eve := s.as(s.found("eve@shop.example"))
	s.Refused(404, eve, "DELETE", path, "")
	body = signIn(party, key)
	if a := s.Do(una, "DELETE", path, ""); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	s.Refused(401, apitest.Public, "POST", "/auth/passkey", body, "Origin", origin)
}

func TestPasskeysAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	party := virtualwebauthn.RelyingParty{Name: "Fivechat", ID: "chat.example", Origin: "https://chat.example"}
	begin := func() string { return s.Do(una, "POST", "/auth/passkeys/options", "", "Origin", party.Origin).Body }
	for range 20 {
		var c struct {
			Challenge string
			Options   json.RawMessage
		}
		if err := json.Unmarshal([]byte(begin()), &c); err != nil {
			t.Fatal(err)
		}
		parsed, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
		if err != nil {
			t.Fatal(err)
		}
		key := newKey()
		response := virtualwebauthn.CreateAttestationResponse(party, virtualwebauthn.NewAuthenticator(), key, *parsed)
		s.Want(201, una, "POST", "/auth/passkeys",
			fmt.Sprintf(`{"challenge":%q,"name":"Key","response":%s}`, c.Challenge, response), "Origin", party.Origin)
	}
	got := s.Refused(409, una, "POST", "/auth/passkeys/options", "", "Origin", party.Origin)
	if got != "too_many_passkeys" {
		t.Error(got)
	}
}

func TestResetLinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	session := s.found("una@shop.example")
	una := s.as(session)
	secret, _ := s.enroll(t, una)
	token := s.Want(201, una, "POST", "/auth/tokens", fmt.Sprintf(`{"name":"My script","expiresAt":%q}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	r := s.Want(201, apitest.Operator, "POST", fmt.Sprintf("/operator/people/%d/resets", una.PersonID), "")
	path := fmt.Sprintf("/auth/resets/%s", r["token"])
	if r["path"] != "/console#/reset/"+r["token"].(string) {
		t.Errorf("%v", r)
	}
	if got := s.Refused(400, apitest.Public, "POST", path, `{"password":"short"}`); got != "validation_failed password" {
		t.Error(got)
	}
	const body = `{"password":"five words make a sentence"}`
	if a := s.Do(apitest.Public, "POST", path, body); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	for _, p := range []string{path, "/auth/resets/unknown"} {
		if got := s.Refused(404, apitest.Public, "POST", p, body); got != "reset_invalid" {
			t.Errorf("%s: %s", p, got)
		}
	}
	for _, old := range []string{session, token["token"].(string)} {
		s.Refused(404, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(old), "")
	}
	if got := s.signIn("una@shop.example", good); got.Status != 401 {
		t.Errorf("the old password: %+v", got)
	}
	first := s.Want(200, apitest.Public, "POST", "/auth/password",
		`{"email":"una@shop.example","password":"five words make a sentence"}`)
	if first["next"] != "totp" {
		t.Errorf("the second factor is gone: %v", first)
	}
	s.Cookie(200, apitest.Public, "POST", "/auth/totp",
		fmt.Sprintf(`{"challenge":%q,"code":%q}`, first["challenge"], code(t, secret, 1)))
	s.Refused(404, apitest.Operator, "POST", "/operator/people/999/resets", "")
	s.Want(200, apitest.Operator, "PATCH", fmt.Sprintf("/operator/people/%d", una.PersonID), `{"totp":false}`)
	s.Refused(400, apitest.Operator, "PATCH", fmt.Sprintf("/operator/people/%d", una.PersonID), `{"totp":true}`)
	s.Cookie(200, apitest.Public, "POST", "/auth/password",
		`{"email":"una@shop.example","password":"five words make a sentence"}`)
}

func TestPersonalTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	body := fmt.Sprintf(`{"name":"My script","expiresAt":%q}`, expires)
	created := s.Want(201, una, "POST", "/auth/tokens", body)
	secret := created["token"].(string)
	if p := s.as(secret); !strings.HasPrefix(secret, "5p_") || p.PersonID != una.PersonID || p.Role != una.Role {
		t.Errorf("%s is for %+v", secret, p)
	}
	known := s.Want(200, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(secret), "")
	if at := known["provenAt"]; at != "0001-01-01T00:00:00.000Z" {
		t.Errorf("a token is proven at %v", at)
	}
	for body, want := range map[string]string{
		`{"name":" "}`: "validation_failed name",
		`{"name":"x","expiresAt":"2020-01-01T00:00:00Z"}`: "validation_failed expiresAt",
		`{"name":"x","expiresAt":"2099-01-01T00:00:00Z"}`: "validation_failed expiresAt",
	} {
		if got := s.Refused(400, una, "POST", "/auth/tokens", body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for range 19 {
		s.Want(201, una, "POST", "/auth/tokens", body)
	}
	if got := s.Refused(409, una, "POST", "/auth/tokens", body); got != "too_many_tokens" {
		t.Error(got)
	}
	if n := len(s.Want(200, una, "GET", "/auth/tokens", "")["data"].([]any)); n != 20 {
		t.Errorf("%d tokens", n)
	}
	if n := len(s.Want(200, una, "GET", "/auth/sessions", "")["data"].([]any)); n != 1 {
		t.Errorf("%d sessions", n)
	}
	path := fmt.Sprintf("/auth/tokens/%v", created["id"])
	s.Refused(404, s.as(s.found("eve@shop.example")), "DELETE", path, "")
	if a := s.Do(una, "DELETE", path, ""); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(secret), "")
	s.Refused(404, una, "DELETE", fmt.Sprintf("/auth/tokens/%d", una.SessionID), "") // a session, not a token
}

func TestOwnersReadTheAuditLog(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	s.join(una, "ben@shop.example", identity.Admin)
	s.enroll(t, una)
	var actions []string
	for _, e := range s.Want(200, una, "GET", "/audit", "")["data"].([]any) {
		actions = append(actions, e.(map[string]any)["action"].(string))
	}
	want := "authenticator.create session.create membership.create invitation.create session.create membership.create " +
		"website.create"
	if got := strings.Join(actions, " "); got != want {
		t.Errorf("the log has %s\nwant %s", got, want)
	}
	if n := len(s.Want(200, una, "GET", "/audit?since=2099-01-01T00:00:00Z", "")["data"].([]any)); n != 0 {
		t.Errorf("%d entries of the future", n)
	}
}

// TestConfirmationNeedsTheCode: the password alone doesn't confirm a person with an authenticator app, and a personal
// access token can't change the password.
func TestConfirmationNeedsTheCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	secret, _ := s.enroll(t, una)
	if got := s.Refused(400, una, "POST", "/auth/confirm", `{"password":"four words make one"}`); got !=
		"validation_failed code" {
		t.Errorf("the password: %s", got)
	}
	if a := s.Do(una, "POST", "/auth/confirm", fmt.Sprintf(`{"code":%q}`, code(t, secret, 1))); a.Status != 204 {
		t.Errorf("%+v", a)
	}
	if a := s.Do(una, "POST", "/auth/confirm", `{"code":"1"}`, "Idempotency-Key", "k1"); a.Status != 400 {
		t.Errorf("with an idempotency key: %+v", a)
	}
	una.Confirmed = false
	got := s.Refused(403, una, "PUT", "/auth/password",
		`{"current":"four words make one","password":"five words make a sentence"}`)
	if got != "confirmation_required" {
		t.Errorf("changing the password: %s", got)
	}
}
