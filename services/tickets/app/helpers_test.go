package app_test

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets/app"
)

// unit is the whole service over a real store and fake siblings.
func unit(t *testing.T) (runner.Unit, error) {
	t.Helper()
	siblings := apitest.NewFake(t, answer).URL
	return app.New(t.Context(), app.Config{
		Config:           apitest.Config(t),
		AccountsURL:      siblings,
		VisitorsURL:      siblings,
		ConversationsURL: siblings,
		Mail:             app.Mail{Domain: "mail.example"},
	})
}

func serve(t *testing.T) *apitest.Service {
	t.Helper()
	u, err := unit(t)
	return apitest.Serve(t, u, err)
}

// answer responds for accounts, visitors and conversations. User 5, visitor 7 (vis_7) and conversation 70 (conv_7)
// belong to website 1; user 6 and visitor 8 (vis_8) to website 2.
func answer(w http.ResponseWriter, r *http.Request) {
	known := map[string]string{
		"1 /internal/website":                       `{"id":1,"name":"Site 1","url":"https://1.example","plan":"PRO"}`,
		"1 /internal/users?ids=5":                   `[{"id":5,"name":"Ada","email":"ada@shop.example","theme":"x"}]`,
		"1 /internal/visitors?ids=7":                `[{"id":7,"name":"Brave Otter","token":"vis_7","ip":"::1"}]`,
		"1 /internal/visitors/by-token/vis_7":       `{"id":7,"name":"Brave Otter","token":"vis_7","ip":"::1"}`,
		"1 /internal/conversations/by-token/conv_7": `{"id":70,"visitorId":7}`,
		"2 /internal/website":                       `{"id":2,"name":"Site 2","url":"https://2.example","plan":"PRO"}`,
		"2 /internal/users?ids=6":                   `[{"id":6,"name":"Bob","email":"bob@bank.example"}]`,
		"2 /internal/visitors?ids=8":                `[{"id":8,"name":"Calm Fox","token":"vis_8"}]`,
		"2 /internal/visitors/by-token/vis_8":       `{"id":8,"name":"Calm Fox","token":"vis_8"}`,
	}
	body, ok := known[identity.From(r.Context()).Website.String()+" "+r.URL.RequestURI()]
	switch {
	case ok:
	case r.URL.RawQuery != "": // a list leaves out unknown ids
		body = "[]"
	default:
		w.WriteHeader(http.StatusNotFound)
		body = `{"status":404,"code":"not_found","detail":"not found"}`
	}
	io.WriteString(w, body)
}

// agent is a PRO token with all permissions.
func agent(website int64) identity.Principal {
	p := apitest.Token(website, identity.ReadWrite)
	p.Plan = identity.Pro
	return p
}

func visitor(website, visitor int64) identity.Principal {
	return identity.Principal{Kind: identity.Visitor, Website: storetest.Tenant(website), VisitorID: id.Visitor(visitor)}
}

// wrong returns the members that a problem names.
func wrong(problem map[string]any) (names []string) {
	errors, _ := problem["errors"].([]any)
	for _, e := range errors {
		names = append(names, e.(map[string]any)["field"].(string))
	}
	slices.Sort(names)
	return names
}
