// The program runs mockoidc, an OpenID provider that signs every person in at once, for tests. GET
// /test/end?sub=…&to=… sends a logout token to an address. GET /test/disable ends all sessions.
package main

import (
	"flag"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/oauth2-proxy/mockoidc"
)

func main() {
	addr := flag.String("addr", "", "address")
	flag.Parse()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		log.Fatal(err)
	}
	m.ClientID, m.ClientSecret = "web", "secret"
	mux := http.NewServeMux()
	m.Server = &http.Server{Addr: *addr, Handler: mux, ReadHeaderTimeout: time.Minute}
	mux.HandleFunc(mockoidc.AuthorizationEndpoint, m.Authorize)
	mux.HandleFunc(mockoidc.TokenEndpoint, m.Token)
	mux.HandleFunc(mockoidc.UserinfoEndpoint, m.Userinfo)
	mux.HandleFunc(mockoidc.JWKSEndpoint, m.JWKS)
	mux.HandleFunc(mockoidc.DiscoveryEndpoint, m.Discovery)
	mux.HandleFunc("GET /test/disable", func(http.ResponseWriter, *http.Request) { clear(m.SessionStore.Store) })
	mux.HandleFunc("GET /test/end", func(w http.ResponseWriter, r *http.Request) {
		token, err := m.Keypair.SignJWT(jwt.MapClaims{
			"iss": m.Issuer(), "aud": m.ClientID, "sub": r.FormValue("sub"), "jti": uuid.NewString(),
			"iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(),
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		})
		var resp *http.Response
		if err == nil {
			resp, err = http.PostForm(r.FormValue("to"), url.Values{"logout_token": {token}})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
	})
	log.Fatal(m.Server.ListenAndServe())
}
