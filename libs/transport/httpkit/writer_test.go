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
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// card is a resource that embeds a part.
type card struct {
	ID    int64          `json:"id" writer:"kept"`
	Name  string         `json:"name"`
	Email *string        `json:"email"`
	Tags  []string       `json:"tags"`
	Owner *card          `json:"owner"`
	Seen  bool           `json:"seen"`
	More  map[string]int `json:"more"`
	part
	of version.Of
}

type part struct {
	Note  string `json:"note"`
	State string `json:"state" writer:"kept"`
}

// Revision returns the card's revision.
func (c card) Revision() version.Of { return c.of }

// cardChange has fewer members than a card.
type cardChange struct {
	Name  optional.Value[string] `json:"name"`
	Email optional.Value[string] `json:"email"`
	Note  optional.Value[string] `json:"note"`
}

func TestWriteTokensSeeOnlyMembersThatTheyWrote(t *testing.T) {
	t.Parallel()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := identity.NewKeyring([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	r := httpkit.NewRouter(tele, keys)
	mail := "ann@home.example"
	stored := card{
		ID:    7,
		Name:  "Ann",
		Email: &mail,
		Tags:  []string{"a"},
		Owner: &card{ID: 8},
		Seen:  true,
		More:  map[string]int{"a": 1},
		part:  part{"note", "OPEN"},
		of:    version.Of{ID: 7, Version: 3},
	}
	change := operation.New(
		operation.Standard(tele),
		"cards.change",
		authz.Write,
		func(context.Context, cardChange) (card, error) { return stored, nil },
	)
	httpkit.Handle(r, "PATCH /cards", 200, change, httpkit.Lenient)
	httpkit.Handle(r, "PATCH /public", 200, change, httpkit.Lenient, httpkit.PublicResponse)
	const (
		all = `{"id":7,"name":"Ann","email":"ann@home.example","tags":["a"],` +
			`"owner":{"id":8,"name":"","email":null,"tags":[],"owner":null,"seen":false,"more":{},"note":"","state":""},` +
			`"seen":true,"more":{"a":1},"note":"note","state":"OPEN"}`
		nothing = `{"id":7,"name":"","email":null,"tags":[],"owner":null,"seen":false,"more":{},"note":"","state":"OPEN"}`
	)
	website, _ := tenant.New(1)
	for name, c := range map[string]struct {
		level      identity.Level
		path, body string
		want       string
	}{
		"no body": {identity.Write, "/cards", ``, nothing},
		"nothing": {identity.Write, "/cards", `{}`, nothing},
		"a member": {
			identity.Write, "/cards", `{"name":"Ann"}`, strings.Replace(nothing, `"name":""`, `"name":"Ann"`, 1),
		},
		"a part's member": {
			identity.Write, "/cards", `{"note":"note"}`, strings.Replace(nothing, `"note":""`, `"note":"note"`, 1),
		},
		"null": {identity.Write, "/cards", `{"name":null,"email":null}`, nothing},
		"ignored members": {
			identity.Write, "/cards", `{"tags":[],"owner":1,"seen":true,"NAME":"x"}`, nothing,
		},
		"a token that may also read": {identity.ReadWrite, "/cards", `{}`, all},
		"a public response":          {identity.Write, "/public", `{}`, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertion, err := keys.Sign(identity.Principal{Kind: identity.Token, Website: website, Level: c.level})
			if err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, c.path, strings.NewReader(c.body))
			req.Header.Set(identity.Header, assertion)
			w := httptest.NewRecorder()
			r.ServeHTTP(w, req)
			if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != c.want ||
				!strings.HasPrefix(w.Header().Get("ETag"), `"7.3.`) {
				t.Errorf("%d %s\n%s\nwant %s", w.Code, w.Header().Get("ETag"), got, c.want)
			}
		})
	}
}
