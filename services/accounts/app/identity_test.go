package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

func admin(website int64) identity.Principal {
	return identity.Principal{
		Kind: identity.Person, PersonID: 1, SessionID: 1, UserID: 1, Website: storetest.Tenant(website),
		Role: identity.Admin, Level: identity.ReadWrite, Plan: identity.Free, Confirmed: true,
	}
}

// proof is the body of a proof of the user 4711 with a secret.
func proof(secret any) string {
	h := hmac.New(sha256.New, []byte(secret.(string)))
	h.Write([]byte("4711"))
	return fmt.Sprintf(`{"userId":"4711","userHash":%q}`, hex.EncodeToString(h.Sum(nil)))
}

// TestIdentitySecretsAreRotated: a secret is shown once. Its successor doesn't end it; its removal does, at once.
func TestIdentitySecretsAreRotated(t *testing.T) {
	t.Parallel()
	s := start(t)
	website := s.website("FREE")
	const secrets, proofs = "/identity-secrets", "/internal/identity-proofs"
	old := s.Want(201, admin(website), "POST", secrets, "")
	if secret := old["secret"].(string); len(secret) != 57 || !strings.HasPrefix(secret, old["prefix"].(string)) ||
		old["createdBy"] != "person:1" {
		t.Errorf("created: %v", old)
	}
	s.Want(200, apitest.Sibling(website), "POST", proofs, proof(old["secret"]))
	next := s.Want(201, admin(website), "POST", secrets, "")
	for _, secret := range []any{old["secret"], next["secret"]} {
		if v := s.Want(200, apitest.Sibling(website), "POST", proofs, proof(secret)); v["userId"] != "4711" {
			t.Errorf("verified: %v", v)
		}
	}
	if list := s.Do(admin(website), "GET", secrets, ""); strings.Contains(list.Body, next["secret"].(string)) ||
		strings.Contains(list.Body, "sealed") || strings.Count(list.Body, `"prefix"`) != 2 {
		t.Errorf("listed: %s", list.Body)
	}
	path := fmt.Sprintf("%s/%v", secrets, old["id"])
	s.Want(200, admin(website), "DELETE", path, "")
	s.Refused(404, admin(website), "DELETE", path, "")
	if said := s.Refused(400, apitest.Sibling(website), "POST", proofs, proof(old["secret"])); said !=
		"validation_failed userHash" {
		t.Errorf("a removed secret: %s", said)
	}
	s.Want(200, apitest.Sibling(website), "POST", proofs, proof(next["secret"]))

	log := s.Do(apitest.Operator, "GET", fmt.Sprintf("/operator/audit?websiteId=%d", website), "").Body
	if strings.Contains(log, old["secret"].(string)) || strings.Count(log, "identity_secret.create") != 2 ||
		strings.Count(log, "identity_secret.delete") != 1 {
		t.Errorf("audit log: %s", log)
	}
}

func TestIdentitySecretsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	website, other := s.website("FREE"), s.website("FREE")
	operator := fmt.Sprintf("/operator/websites/%d/identity-secrets", website)
	first := s.Want(201, apitest.Operator, "POST", operator, "")
	s.Want(201, apitest.Operator, "POST", operator, "")
	s.Want(201, admin(website), "POST", "/identity-secrets", "")
	for path, by := range map[string]identity.Principal{operator: apitest.Operator, "/identity-secrets": admin(website)} {
		if said := s.Refused(409, by, "POST", path, ""); said != "too_many_identity_secrets" {
			t.Errorf("%s: %s", path, said)
		}
	}
	s.Want(201, admin(other), "POST", "/identity-secrets", "")
	s.Want(200, apitest.Operator, "DELETE", fmt.Sprintf("%s/%v", operator, first["id"]), "")
	s.Want(201, admin(website), "POST", "/identity-secrets", "")
	if said := s.Refused(400, admin(other), "POST", "/identity-secrets", "", "Idempotency-Key", "k"); !strings.Contains(
		said, "Idempotency-Key") {
		t.Errorf("a stored response: %s", said)
	}
}

// TestIdentitySecretsAreIsolated: another website's secret is like one that doesn't exist, and proves nothing here.
func TestIdentitySecretsAreIsolated(t *testing.T) {
	t.Parallel()
	s := start(t)
	website, other := s.website("FREE"), s.website("FREE")
	own := s.Want(201, admin(website), "POST", "/identity-secrets", "")
	s.Want(201, admin(other), "POST", "/identity-secrets", "")
	s.Refused(404, admin(other), "DELETE", fmt.Sprintf("/identity-secrets/%v", own["id"]), "")
	s.Refused(404, apitest.Operator, "DELETE", fmt.Sprintf("/operator/websites/%d/identity-secrets/%v", other, own["id"]),
		"")
	s.Refused(400, apitest.Sibling(other), "POST", "/internal/identity-proofs", proof(own["secret"]))
	s.Want(200, apitest.Sibling(website), "POST", "/internal/identity-proofs", proof(own["secret"]))
	for _, by := range []identity.Principal{agent(website), apitest.Public} {
		s.Refused(401, by, "POST", "/identity-secrets", "")
		s.Refused(401, by, "POST", "/internal/identity-proofs", proof(own["secret"]))
	}
}

func TestIdentitySecretsNeedAKey(t *testing.T) {
	t.Parallel()
	s := startWith(t)
	if said := s.Refused(503, admin(s.website("FREE")), "POST", "/identity-secrets", ""); said != "secrets_unconfigured" {
		t.Errorf("without FIVECHAT_SECRET_KEYS: %s", said)
	}
}
