// The program runs Zitadel's OpenID provider with one client, for tests. GET /test/end?sub=…&to=… ends a person's
// sessions: it sends a logout token to the address, and removes the refresh tokens. GET /test/disable?sub=… only
// removes these.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const client = "web"

func main() {
	addr, redirect := flag.String("addr", "", "address"), flag.String("redirect", "", "redirect URI")
	flag.Parse()
	issuer := "http://" + *addr
	storage.RegisterClients(storage.WebClient(client, "secret", *redirect))
	store := storage.NewStorage(storage.NewUserStore(issuer))
	mux := http.NewServeMux()
	mux.Handle("/", exampleop.SetupServer(issuer, store, slog.New(slog.DiscardHandler), false))
	mux.HandleFunc("GET /test/disable", func(_ http.ResponseWriter, r *http.Request) {
		_ = store.TerminateSession(r.Context(), r.FormValue("sub"), client)
	})
	mux.HandleFunc("GET /test/end", func(w http.ResponseWriter, r *http.Request) {
		if err := end(r.Context(), store, issuer, r.FormValue("sub"), r.FormValue("to")); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	server := &http.Server{Addr: *addr, Handler: mux, ReadHeaderTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}

// end signs a logout token with the provider's key, and posts it.
func end(ctx context.Context, store op.Storage, issuer, sub, to string) error {
	key, err := store.SigningKey(ctx)
	if err != nil {
		return err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: key.SignatureAlgorithm(), Key: jose.JSONWebKey{Key: key.Key(), KeyID: key.ID()}},
		(&jose.SignerOptions{}).WithType("logout+jwt"),
	)
	if err != nil {
		return err
	}
	claims := oidc.NewLogoutTokenClaims(
		issuer, sub, oidc.Audience{client}, time.Now().Add(2*time.Minute), uuid.NewString(), "", 0,
	)
	text, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return err
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return err
	}
	resp, err := http.PostForm(to, url.Values{"logout_token": {token}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", to, resp.Status)
	}
	return nil
}
