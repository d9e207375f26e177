package httpkit_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

type putNote struct {
	ID   int64  `path:"id" json:"-"`
	Text string `json:"text"`
}

type noteView struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// Handle adds an operation to a router. The tags of the request say where its fields are from. Unknown members of a
// body are refused by name.
func ExampleHandle() {
	config := telemetry.Default()
	config.LogTo = io.Discard
	tele, err := telemetry.New(context.Background(), "notes", config)
	if err != nil {
		panic(err)
	}
	keys, err := identity.NewKeyring([]byte("the edge signs callers with this key"))
	if err != nil {
		panic(err)
	}
	router := httpkit.NewRouter(tele, keys)
	httpkit.Handle(router, "PUT /notes/{id}", 200,
		operation.New(operation.Standard(tele), "notes.put_note", authz.Public,
			func(_ context.Context, n putNote) (noteView, error) { return noteView(n), nil }))

	assertion, err := keys.Sign(identity.Principal{Kind: identity.Public})
	if err != nil {
		panic(err)
	}
	for _, body := range []string{`{"text":"buy milk"}`, `{"txet":"buy milk"}`} {
		req := httptest.NewRequest("PUT", "/notes/7", strings.NewReader(body))
		req.Header.Set(identity.Header, assertion)
		w := httptest.NewRecorder()
		router.ServeHTTP(w, req)
		refused := strings.Contains(w.Body.String(), "txet is not a known member")
		fmt.Println(w.Code, refused, w.Header().Get("Content-Type"))
	}

	// Output:
	// 200 false application/json; charset=utf-8
	// 400 true application/problem+json
}
