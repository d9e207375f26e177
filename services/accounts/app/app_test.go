package app_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/accounts/app"
	"fivechat.dev/services/internal/apitest"
)

// system is the service with a fake widgets service.
type system struct {
	*apitest.Service
	widgets *apitest.Fake
}

func start(t *testing.T) system {
	t.Helper()
	return startWith(t, "a key of the tests, at least 32 bytes long")
}

// startWith is start with keys for stored secrets.
func startWith(t *testing.T, keys ...string) system {
	t.Helper()
	widgets := apitest.NewFake(t, apitest.JSON(200, `{"id":1,"websiteClientToken":"wgt_x","color":"#fff"}`))
	c := app.Config{Config: apitest.Config(t), WidgetsURL: widgets.URL}
	c.SecretKeys = keys
	unit, err := app.New(t.Context(), c)
	return system{apitest.Serve(t, unit, err), widgets}
}

// website creates a website and returns its id.
func (s system) website(plan string) int64 {
	w := s.Want(201, apitest.Operator, "POST", "/operator/websites",
		`{"name":"Shop","url":"https://shop.example","plan":"`+plan+`"}`)
	return int64(w["id"].(float64))
}

func reader(website int64) identity.Principal { return apitest.Token(website, identity.Read) }
func agent(website int64) identity.Principal  { return apitest.Token(website, identity.ReadWrite) }
func writer(website int64) identity.Principal { return apitest.Token(website, identity.Write) }

func TestUserIsCreatedChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := start(t)
	u := s.Want(201, agent(1), "POST", "/users", `{"name":"Ann","email":"Ann@example.com"}`)
	if u["email"] != "ann@example.com" || u["theme"] != "system" || u["language"] != "en" || u["online"] != false ||
		u["status"] != "offline" || u["avatarUrl"] != nil || len(u) != 10 {
		t.Errorf("%v", u)
	}
	path := fmt.Sprintf("/users/%v", u["id"])
	if got := s.Want(200, reader(1), "GET", path, ""); !reflect.DeepEqual(got, u) {
		t.Errorf("%v, want %v", got, u)
	}
	changed := s.Want(200, agent(1), "PATCH", path,
		`{"name":"Anna","avatarUrl":"https://example.com/a.png","language":"de-CH","theme":"dark"}`)
	if changed["name"] != "Anna" || changed["avatarUrl"] != "https://example.com/a.png" ||
		changed["language"] != "de-CH" || changed["createdAt"] != u["createdAt"] {
		t.Errorf("%v", changed)
	}
	s.Want(201, agent(1), "POST", "/users", `{"name":"Ben","email":"ben@example.com"}`)
	page := s.Want(200, reader(1), "GET", "/users?limit=1", "")
	if first := page["data"].([]any)[0].(map[string]any); first["name"] != "Ben" || page["total"] != 2.0 ||
		page["hasNextPage"] != true {
		t.Errorf("%v", page)
	}
	page = s.Want(200, reader(1), "GET", "/users?limit=1&cursor="+page["nextCursor"].(string), "")
	if rows := page["data"].([]any); len(rows) != 1 || !reflect.DeepEqual(rows[0], any(changed)) {
		t.Errorf("%v", page)
	}
	if got := s.Do(apitest.Sibling(1), "GET", fmt.Sprintf("/internal/users?ids=%v,999", u["id"]),
		""); got.Status != 200 || !strings.HasPrefix(got.Body, `[{"id":`) || !strings.Contains(got.Body, "Anna") {
		t.Errorf("%+v", got)
	}
	if d := s.Want(200, agent(1), "DELETE", path, ""); d["deleted"] != true || d["id"] != u["id"] {
		t.Errorf("%v", d)
	}
	for _, method := range []string{"DELETE", "PATCH"} {
		s.Refused(404, agent(1), method, path, "")
	}
	s.Refused(404, reader(1), "GET", path, "")
}

// TestUserIsAway: away lasts while the user is seen, until they are online again. It doesn't change the user's version.
func TestUserIsAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	u := s.Want(201, agent(1), "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)
	path := fmt.Sprintf("/users/%v", u["id"])
	status := func(want string) {
		t.Helper()
		if got := s.Want(200, reader(1), "GET", path, ""); got["status"] != want || got["updatedAt"] != u["updatedAt"] {
			t.Errorf("%v, want %s", got, want)
		}
	}
	s.Want(200, writer(1), "PUT", path+"/status", `{"status":"away"}`)
	beat := func(body string) {
		t.Helper()
		if got := s.Do(writer(1), "POST", path+"/heartbeat", body); got.Status != 204 {
			t.Errorf("%+v", got)
		}
	}
	status("offline")
	beat("")
	status("away")
	if back := s.Want(200, writer(1), "PUT", path+"/status", `{"status":"online"}`); back["status"] != "online" {
		t.Errorf("%v", back)
	}
	beat(`{"active":false}`)
	status("online")
}

func TestInvalidUserRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Want(201, writer(1), "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)
	ben := s.Want(201, writer(1), "POST", "/users", `{"name":"Ben","email":"ben@example.com"}`)
	path := fmt.Sprintf("/users/%v", ben["id"])
	for _, c := range []struct {
		as           identity.Principal
		method, path string
		body         string
		status       int
		said         string
	}{
		{writer(1), "POST", "/users", `{"name":"Ann","email":"ANN@example.com"}`, 409, "email_taken"},
		{writer(1), "PATCH", path, `{"email":"ann@example.com"}`, 409, "email_taken"},
		{writer(1), "POST", "/users", ``, 400, "validation_failed name"},
		{writer(1), "POST", "/users", `{"name":"Ann","email":"ann"}`, 400, "validation_failed email"},
		{writer(1), "POST", "/users", `{"name":7}`, 400, "validation_failed name"},
		{writer(1), "POST", "/users", `{"admin":true}`, 400, "validation_failed admin"},
		{writer(1), "POST", "/users", `{"name":"a\u0000"}`, 400, "validation_failed name"},
		{writer(1), "POST", "/users", `{"name":`, 400, "json_malformed"},
		{writer(1), "PATCH", path, `{"id":9}`, 400, "validation_failed id"},
		{writer(1), "PATCH", path, `{"name":null}`, 400, "validation_failed name"},
		{writer(1), "PUT", path + "/status", `{"status":"offline"}`, 400, "validation_failed status"},
		{writer(1), "PUT", path + "/status", ``, 400, "validation_failed status"},
		{writer(2), "PUT", path + "/status", `{"status":"away"}`, 404, "not_found"},
		{reader(1), "PUT", path + "/status", `{"status":"away"}`, 403, "permission_missing"},
		{writer(1), "POST", path + "/heartbeat", `{"active":"no"}`, 400, "validation_failed active"},
		{reader(1), "GET", "/users/x", ``, 400, "validation_failed id"},
		{reader(1), "GET", "/users/0", ``, 400, "validation_failed id"},
		{reader(1), "POST", "/users", `{}`, 403, "permission_missing"},
		{writer(1), "GET", "/users", ``, 403, "permission_missing"},
		{apitest.Public, "GET", "/users", ``, 401, "token_missing"},
		{identity.Principal{}, "GET", "/users", ``, 401, "token_missing"},
		{apitest.Operator, "GET", "/users", ``, 401, "token_missing"},
		{writer(1), "POST", "/operator/websites", `{}`, 401, "token_missing"},
		{apitest.Sibling(1), "GET", "/operator/websites", ``, 401, "token_missing"},
		{reader(1), "GET", "/internal/website", ``, 401, "token_missing"},
		{apitest.Sibling(1), "GET", "/internal/users?ids=1,x", ``, 400, "validation_failed ids"},
		{
			apitest.Sibling(1), "GET", "/internal/users?ids=" + strings.Repeat("1,", 100) + "1", ``, 400,
			"validation_failed ids",
		},
	} {
		if said := s.Refused(c.status, c.as, c.method, c.path, c.body); !strings.HasPrefix(said, c.said) {
			t.Errorf("%s %s %s: %s, want %s", c.method, c.path, c.body, said, c.said)
		}
	}
}

// TestIsolation requests each website's users as the other: every response is, byte for byte, that for a
// user who doesn't exist.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		owner, other := roles[0], roles[1]
		u := s.Want(201, agent(owner), "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)
		id := fmt.Sprint(u["id"])
		for method, as := range map[string]identity.Principal{
			"GET": reader(other), "PATCH": writer(other),
			"DELETE": writer(other),
		} {
			theirs, unknown := s.Do(as, method, "/users/"+id, ""), s.Do(as, method, "/users/987654", "")
			theirs.Body = strings.ReplaceAll(theirs.Body, "/users/"+id, "/users/987654")
			if theirs != unknown || unknown.Status != 404 {
				t.Errorf("%s: %+v, want %+v", method, theirs, unknown)
			}
		}
		if got := s.Do(apitest.Sibling(other), "GET", "/internal/users?ids="+id, ""); got.Body != "[]" {
			t.Errorf("%+v", got)
		}
		if got := s.Want(200, reader(owner), "GET", "/users/"+id, ""); !reflect.DeepEqual(got, u) {
			t.Errorf("%v, want %v", got, u)
		}
	}
}

func TestWebsiteIsCreatedWithItsWidget(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.Want(201, apitest.Operator, "POST", "/operator/websites",
		`{"name":"Shop","url":"https://shop.example","plan":"PRO","clientToken":"mine"}`)
	if w["plan"] != "PRO" || w["organization"] != "Shop" || w["clientToken"] != "wgt_x" || len(w) != 10 {
		t.Errorf("%v", w)
	}
	if want := fmt.Sprintf("POST /internal/widgets %v", w["id"]); len(s.widgets.Asked()) != 1 ||
		s.widgets.Asked()[0] != want {
		t.Errorf("asked %v, want %s", s.widgets.Asked(), want)
	}
	second := s.website("")
	page := s.Want(200, apitest.Operator, "GET", "/operator/websites?limit=1", "")
	if first := page["data"].([]any)[0].(map[string]any); first["id"] != float64(second) || first["plan"] != "FREE" ||
		page["total"] != 2.0 {
		t.Errorf("%v", page)
	}
	got := s.Want(200, apitest.Sibling(second), "GET", "/internal/website", "")
	if want := map[string]any{
		"id": float64(second), "name": "Shop", "url": "https://shop.example",
		"plan": "FREE",
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s.Refused(404, apitest.Sibling(999), "GET", "/internal/website", "")
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/website", "")

	u := s.Want(201, apitest.Operator, "POST", fmt.Sprintf("/operator/websites/%d/users", second),
		`{"name":"Ann","email":"ann@example.com"}`)
	if got := s.Want(200, reader(second), "GET", fmt.Sprintf("/users/%v", u["id"]), ""); !reflect.DeepEqual(got, u) {
		t.Errorf("%v, want %v", got, u)
	}
	s.Refused(404, apitest.Operator, "POST", "/operator/websites/999/users", `{"name":"Ann","email":"ann@example.com"}`)
}

func TestWebsiteWithoutWidgetIsNotStored(t *testing.T) {
	t.Parallel()
	const body = `{"name":"Shop","url":"https://shop.example","clientToken":"mine"}`
	s := start(t)
	s.widgets.Says(apitest.Problem(fault.Coded(fault.Conflict, "client_token_taken", "taken")))
	if said := s.Refused(409, apitest.Operator, "POST", "/operator/websites", body); said != "client_token_taken" {
		t.Error(said)
	}
	s.widgets.Says(apitest.Problem(fault.Bad("clientToken", "is malformed")))
	if said := s.Refused(400, apitest.Operator, "POST", "/operator/websites",
		body); said != "validation_failed clientToken" {
		t.Error(said)
	}
	for name, f := range apitest.Failures {
		s.widgets.Says(f.Answer)
		if got := s.Do(apitest.Operator, "POST", "/operator/websites", body, apitest.Hurry...); got.Status != f.Status {
			t.Errorf("%s: %+v, want %d", name, got, f.Status)
		}
	}
	if page := s.Want(200, apitest.Operator, "GET", "/operator/websites", ""); page["total"] != 0.0 {
		t.Errorf("stored without a widget: %v", page)
	}
}

func TestTokenIsCreatedResolvedAndRevoked(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.website("PRO")
	path := fmt.Sprintf("/operator/websites/%d/tokens", id)
	made := s.Want(201, apitest.Operator, "POST", path,
		`{"name":"ci","level":"READ_WRITE","expiresAt":"2999-01-01T00:00:00Z"}`)
	secret := made["token"].(string)
	if !identity.WellFormed(secret) || made["prefix"] != secret[:8] || made["lastUsedAt"] != nil ||
		made["expiresAt"] != "2999-01-01T00:00:00.000Z" || len(made) != 10 {
		t.Errorf("%v", made)
	}
	resolve := "/internal/tokens/" + identity.HashSecret(secret)
	want := map[string]any{
		"websiteId": float64(id), "tokenId": made["id"], "level": "READ_WRITE", "plan": "PRO",
		"expiresAt": made["expiresAt"],
	}
	if got := s.Want(200, apitest.Sibling(0), "GET", resolve, ""); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	list := s.Do(apitest.Operator, "GET", path, "")
	if list.Status != 200 || strings.Contains(list.Body, secret) ||
		strings.Contains(list.Body, identity.HashSecret(secret)) || strings.Contains(list.Body, `"lastUsedAt":null`) {
		t.Errorf("%+v", list)
	}
	other := s.website("FREE")
	revoke := fmt.Sprintf("%s/%v", path, made["id"])
	s.Refused(404, apitest.Operator, "DELETE", fmt.Sprintf("/operator/websites/%d/tokens/%v", other, made["id"]), "")
	s.Want(200, apitest.Sibling(0), "GET", resolve, "")
	if got := s.Want(200, apitest.Operator, "DELETE", revoke, ""); got["revoked"] != true || got["id"] != made["id"] {
		t.Errorf("%v", got)
	}
	s.Refused(404, apitest.Operator, "DELETE", revoke, "")

	// The responses for unknown, malformed and revoked tokens are the same.
	revoked := s.Do(apitest.Sibling(0), "GET", resolve, "")
	for _, hash := range []string{identity.HashSecret("unknown"), "x"} {
		got := s.Do(apitest.Sibling(0), "GET", "/internal/tokens/"+hash, "")
		got.Body = strings.ReplaceAll(got.Body, "/internal/tokens/"+hash, resolve)
		if got != revoked || got.Status != 404 {
			t.Errorf("%+v, want %+v", got, revoked)
		}
	}
	for body, said := range map[string]string{
		`{"name":"ci"}`:                 "validation_failed level",
		`{"name":"ci","level":"ADMIN"}`: "validation_failed level",
		`{"level":"READ"}`:              "validation_failed name",
		`{"name":"ci","level":"READ","expiresAt":"2001-01-01T00:00:00Z"}`: "validation_failed expiresAt",
		`{"name":"ci","level":"READ","expiresAt":"tomorrow"}`:             "validation_failed expiresAt",
	} {
		if got := s.Refused(400, apitest.Operator, "POST", path, body); got != said {
			t.Errorf("%s: %s, want %s", body, got, said)
		}
	}
}

func TestRevocationDoesNotWaitForRedis(t *testing.T) {
	t.Parallel()
	widgets := apitest.NewFake(t, apitest.JSON(200, `{"websiteClientToken":"wgt_x"}`))
	c := app.Config{Config: apitest.Config(t), WidgetsURL: widgets.URL}
	c.Redis.URL = "redis://127.0.0.1:1" // no server listens there
	unit, err := app.New(t.Context(), c)
	s := system{apitest.Serve(t, unit, err), widgets}
	path := fmt.Sprintf("/operator/websites/%d/tokens", s.website("FREE"))
	made := s.Want(201, apitest.Operator, "POST", path, `{"name":"ci","level":"READ"}`)
	s.Want(200, apitest.Operator, "DELETE", fmt.Sprintf("%s/%v", path, made["id"]), "")
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/tokens/"+identity.HashSecret(made["token"].(string)), "")
}

func TestConfigNamesMissingSettings(t *testing.T) {
	t.Parallel()
	c := app.Config{Config: servicekit.Config{AssertionKeys: []string{strings.Repeat("k", 32)}}}
	err := c.Validate()
	for _, name := range []string{"MONGODB_URI", "FIVECHAT_WIDGETS_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}
