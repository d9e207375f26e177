package httpkit_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

type formed struct {
	Name  string `json:"name"`
	State string `query:"state" json:"-"`
}

// TestFormAndRedirect: a form is bound like a JSON body, and a Redirect sends the browser on without naming the page
// that it was at. The cookie of a sign-in counts with an assertion only.
func TestFormAndRedirect(t *testing.T) {
	t.Parallel()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := identity.NewKeyring([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	r, chain := httpkit.NewRouter(tele, keys), operation.Standard(tele)
	httpkit.Handle(r, "POST /form", 302, operation.New(chain, "test.form", authz.Public,
		func(ctx context.Context, req formed) (httpkit.Redirect, error) {
			return httpkit.Redirect{
				To:      "/console#/" + req.Name + httpkit.SignInSecret(ctx) + req.State,
				Cookies: []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
			}, nil
		}), httpkit.Form)
	assertion, err := keys.Sign(identity.Principal{Kind: identity.Public})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(media, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodPost, "/form?state=s", strings.NewReader(body))
		req.Header.Set("Content-Type", media)
		req.Header.Set(httpkit.SignInHeader, "secret")
		req.Header.Set(identity.Header, assertion)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w
	}
	const form = "application/x-www-form-urlencoded"
	w := ask(form+"; charset=utf-8", "name=una%2B&other=1")
	if h := w.Header(); w.Code != 302 || h.Get("Location") != "/console#/una+secrets" || len(h["Set-Cookie"]) != 2 ||
		h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", w.Code, h)
	}
	for _, c := range []struct {
		media, body string
		status      int
	}{
		{"application/json", `{"name":"una"}`, 415},
		{"", "name=una", 415},
		{form, "name=a&name=b", 400},
		{form, "name=%zz", 400},
		{form, "name=%00", 400},
		{form, "name=%ff", 400},
	} {
		if w := ask(c.media, c.body); w.Code != c.status {
			t.Errorf("%s %q: %d %s", c.media, c.body, w.Code, w.Body)
		}
	}
	if got := httpkit.SignInSecret(t.Context()); got != "" {
		t.Errorf("without a request: %q", got)
	}
}
