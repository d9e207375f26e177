package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/accounts/app"
	"fivechat.dev/services/internal/apitest"
)

// startOpen is start with a mode of signing up.
func startOpen(t *testing.T, mode string) system {
	t.Helper()
	widgets := apitest.NewFake(t, apitest.JSON(200, `{"id":1,"websiteClientToken":"wgt_x","color":"#fff"}`))
	c := app.Config{Config: apitest.Config(t), WidgetsURL: widgets.URL}
	c.SecretKeys, c.SignUp = []string{"a key of the tests, at least 32 bytes long"}, mode
	unit, err := app.New(t.Context(), c)
	return system{apitest.Serve(t, unit, err), widgets}
}

const (
	aWebsite  = `{"name":"Shop","url":"https://shop.example"}`
	newPerson = `{"name":"Ned","email":" Ned@shop.example","password":"four words make one","website":` + aWebsite + `}`
)

// TestSignUpModes: each mode allows more than the one before, and the sign-in page can read the mode.
func TestSignUpModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]struct{ website, account int }{
		"": {403, 403}, "closed": {403, 403}, "invite": {201, 403}, "open": {201, 201},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startOpen(t, mode)
			una := s.as(s.found("una@shop.example"))
			for _, c := range []struct {
				as         identity.Principal
				path, body string
				status     int
			}{{una, "/websites", aWebsite, want.website}, {apitest.Public, "/auth/sign-up", newPerson, want.account}} {
				a := s.Do(c.as, "POST", c.path, c.body)
				if a.Status != c.status || a.Status == 403 && !strings.Contains(a.Body, `"sign_up_closed"`) {
					t.Errorf("%s: %+v, want %d", c.path, a, c.status)
				}
			}
			said := mode
			if mode == "" {
				said = "closed"
			}
			if got := s.Want(200, apitest.Public, "GET", "/auth/oidc", "")["signUp"]; got != said {
				t.Errorf("the sign-in page reads %v", got)
			}
			people := 1.0
			if mode == "open" {
				people = 2
			}
			if n := s.Want(200, apitest.Operator, "GET", "/operator/people", "")["total"]; n != people {
				t.Errorf("%v people, want %v", n, people)
			}
		})
	}
}

func TestUnknownSignUpIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	c := app.Default()
	c.SignUp = "opne"
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(),
		`FIVECHAT_SIGNUP: must be closed, invite or open, not "opne"`) {
		t.Error(err)
	}
}

func TestStrangerSignsUp(t *testing.T) {
	t.Parallel()
	s := startOpen(t, "open")
	set := s.Cookies(201, apitest.Public, "POST", "/auth/sign-up", newPerson)
	ned := s.as(set["__Host-fivechat"].Value)
	if ned.Role != identity.Owner || ned.Plan != identity.Free || set["__Host-fivechat-device"] == nil {
		t.Errorf("%+v, with %v", ned, set)
	}
	if got := s.Want(200, ned, "GET", "/website", ""); got["name"] != "Shop" {
		t.Errorf("%v", got)
	}
	if got := s.signIn("ned@shop.example", good); got.Status != 200 {
		t.Errorf("signing in: %+v", got)
	}
	widgets := len(s.widgets.Asked())
	const at, words, url = "Ned@", "four words make one", "https://shop.example"
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(newPerson) }
	for body, want := range map[string]string{
		newPerson:                             "email_taken",
		with(at, "nat@"):                      "",
		with(words, "password1234"):           "email_taken",
		with(" Ned@shop.example", "ned"):      "validation_failed email",
		with(words, "short"):                  "validation_failed password",
		newPerson[:60]:                        "json_malformed",
		with(url, "shop"):                     "validation_failed website.url",
		with(`"website":`, `"site":`):         "validation_failed site",
		with(`,"website":`+aWebsite, ""):      "validation_failed website.name",
		with(`"url"`, `"plan":"PRO","url"`):   "validation_failed website.plan",
		with(`"Ned"`, `"  "`):                 "validation_failed name",
		with(at, "new@", words, "password12"): "validation_failed password",
	} {
		a := s.Do(apitest.Public, "POST", "/auth/sign-up", body, "X-Forwarded-For", "203.0.113.7")
		if want == "" {
			if a.Status != 201 {
				t.Errorf("%s: %+v", body, a)
			}
			continue
		}
		code, field, _ := strings.Cut(want, " ")
		if !strings.Contains(a.Body, code) || !strings.Contains(a.Body, field) {
			t.Errorf("%s: %+v, want %s", body, a, want)
		}
	}
	if n := len(s.widgets.Asked()) - widgets; n != 1 {
		t.Errorf("%d widgets were created for one account", n)
	}
	// A key would let others read the response.
	got := s.Refused(400, apitest.Public, "POST", "/auth/sign-up", newPerson, "Idempotency-Key", "k")
	if !strings.Contains(got, "Idempotency-Key") {
		t.Errorf("with a key: %s", got)
	}
}

// TestSignUpsAreLimitedByAddress: ten from one address are examined at once; another address isn't affected.
func TestSignUpsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	s := startOpen(t, "open")
	s.found("una@shop.example")
	body := strings.Replace(newPerson, "Ned@", "una@", 1)
	for range 10 {
		s.Refused(409, apitest.Public, "POST", "/auth/sign-up", body, "X-Forwarded-For", "2001:db8::1")
	}
	s.Refused(429, apitest.Public, "POST", "/auth/sign-up", newPerson, "X-Forwarded-For", "2001:db8::2")
	s.Cookie(201, apitest.Public, "POST", "/auth/sign-up", newPerson, "X-Forwarded-For", "2001:db8:0:1::1")
}

// TestPersonOwnsTenWebsites: also if requests race. A membership that isn't an owner's doesn't count.
func TestPersonOwnsTenWebsites(t *testing.T) {
	t.Parallel()
	s := startOpen(t, "invite")
	una := s.as(s.found("una@shop.example"))
	ben := s.as(s.join(una, "ben@shop.example", identity.Admin))
	for _, body := range []string{`{"name":"","url":"https://shop.example"}`, `{"name":"Shop","url":"shop"}`} {
		if got := s.Refused(400, ben, "POST", "/websites", body); !strings.HasPrefix(got, "validation_failed ") {
			t.Error(got)
		}
	}
	s.Refused(400, ben, "POST", "/websites", aWebsite, "Idempotency-Key", "k")
	s.Refused(401, apitest.Public, "POST", "/websites", aWebsite)
	s.Refused(401, agent(una.Website.Int64()), "POST", "/websites", aWebsite)
	made := s.Want(201, ben, "POST", "/websites", aWebsite)
	if made["role"] != "owner" || made["websiteName"] != "Shop" || made["plan"] != "FREE" {
		t.Errorf("%v", made)
	}
	var answers [16]int
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = s.Do(ben, "POST", "/websites", aWebsite).Status })
	}
	group.Wait()
	count := map[int]int{}
	for _, status := range answers {
		count[status]++
	}
	if count[201] != 9 || count[409] != 7 {
		t.Errorf("of 16 requests: %v", count)
	}
	if got := s.Refused(409, ben, "POST", "/websites", aWebsite); got != "too_many_websites" {
		t.Error(got)
	}
	if n := len(s.Want(200, ben, "GET", "/auth/session", "")["memberships"].([]any)); n != 11 {
		t.Errorf("%d memberships", n)
	}
	entry := s.Want(200, apitest.Operator, "GET", fmt.Sprintf("/operator/audit?websiteId=%v", made["websiteId"]), "")
	if !strings.Contains(fmt.Sprint(entry), fmt.Sprintf("person:%d", ben.PersonID)) {
		t.Errorf("the audit log of the new website: %v", entry)
	}
}
