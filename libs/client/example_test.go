package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// A Client calls one installation with one credential. An error response of the server is a *Refusal.
func ExampleNew() {
	// This server stands for an installation like https://chat.example.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"data":[{"name":"urgent","names":{}}]}`)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"status":403,"code":"permission_missing","detail":"the token may not write"}`)
	}))
	defer server.Close()

	ctx := context.Background()
	c, err := client.New(server.URL, client.Token("5c_secret"))
	if err != nil {
		panic(err)
	}
	tags, err := c.ListTags(ctx)
	fmt.Println(tags.Body.Data[0].Name, err)

	_, err = c.CreateTicket(ctx, nil, api.NewTicket{Title: "Keep one atlas"})
	var refusal *client.Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Code)

	// Output:
	// urgent <nil>
	// true permission_missing
}
