// Package providertest is an identity provider for tests: OpenID Connect with the code flow, PKCE, refresh tokens that
// are used once, and both logouts. Begin with New. It can be made to lie; tests/providers has real ones.
package providertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	ClientID     = "fivechat"
	ClientSecret = "the client's secret"
)

// Claims are the members of a token.
type Claims map[string]any

// Provider is a running provider. Its methods may be called while it serves.
type Provider struct {
	URL string // its issuer

	t   testing.TB
	key *rsa.PrivateKey

	mu       sync.Mutex
	person   Claims // the person that signs in next
	disabled bool
	lie      func(Claims)
	signer   *rsa.PrivateKey // of ID tokens
	override map[string]http.HandlerFunc
	codes    map[string]started
	refresh  map[string]Claims
	asked    map[string]int
	random   func() string // makes refresh tokens
}

type started struct {
	redirect, nonce, challenge string
	person                     Claims
}

// New starts a provider, where a person with claims signs in.
func New(t testing.TB, person Claims) *Provider {
	t.Helper()
	key := shared()
	p := &Provider{
		t: t, key: key, signer: key, person: person, lie: func(Claims) {}, override: map[string]http.HandlerFunc{},
		codes: map[string]started{}, refresh: map[string]Claims{}, asked: map[string]int{},
		random: rand.Text,
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// shared is the key of all providers: making one takes a tenth of a second.
var shared = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Person sets who signs in next.
func (p *Provider) Person(c Claims) { p.change(func() { p.person = c }) }

// Disable makes the provider refuse its refresh tokens.
func (p *Provider) Disable() { p.change(func() { p.disabled = true }) }

// Lie sets what changes the claims of each ID token.
func (p *Provider) Lie(change func(Claims)) { p.change(func() { p.lie = change }) }

// SignWithAnotherKey makes the provider sign with a key that it doesn't publish.
func (p *Provider) SignWithAnotherKey() {
	key := newKey(p.t)
	p.change(func() { p.signer = key })
}

// Refresh sets what makes refresh tokens.
func (p *Provider) Refresh(random func() string) { p.change(func() { p.random = random }) }

// Override replaces the handler of a path; nil restores it.
func (p *Provider) Override(path string, h http.HandlerFunc) {
	p.change(func() { p.override[path] = h })
}

func (p *Provider) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// Asked returns how many requests a path got.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// SignIn does what a person's browser does at the provider: it returns the address of the callback for the address of
// an authorization.
func (p *Provider) SignIn(authorization string) *url.URL {
	p.t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(authorization)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		p.t.Fatalf("%s: %s, %v", authorization, resp.Status, err)
	}
	return back
}

// LogoutToken returns a logout token. change gets its claims.
func (p *Provider) LogoutToken(change func(Claims)) string { return p.logoutToken(p.key, change) }

// ForgedLogoutToken returns a logout token that another key has signed.
func (p *Provider) ForgedLogoutToken(change func(Claims)) string {
	return p.logoutToken(newKey(p.t), change)
}

func (p *Provider) logoutToken(key *rsa.PrivateKey, change func(Claims)) string {
	now := time.Now()
	c := Claims{
		"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": Claims{"http://schemas.openid.net/event/backchannel-logout": Claims{}},
	}
	change(c)
	return p.signWith(key, c, "logout+jwt")
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	h := p.override[r.URL.Path]
	p.mu.Unlock()
	if h == nil {
		h = map[string]http.HandlerFunc{
			"/.well-known/openid-configuration": p.discovery, "/keys": p.keys, "/authorize": p.authorize,
			"/token": p.token, "/userinfo": p.userinfo,
		}[r.URL.Path]
	}
	if h == nil {
		h = http.NotFound
	}
	h(w, r)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, p.Metadata())
}

// Metadata is what discovery states.
func (p *Provider) Metadata() Claims {
	return Claims{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/end",
		"id_token_signing_alg_values_supported": []string{"RS256"},
	}
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &p.key.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"},
	}})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("code_challenge_method") != "S256" ||
		q.Get("response_type") != "code" {
		answer(w, http.StatusBadRequest, Claims{"error": "invalid_request"})
		return
	}
	code := rand.Text()
	p.change(func() {
		p.codes[code] = started{q.Get("redirect_uri"), q.Get("nonce"), q.Get("code_challenge"), maps.Clone(p.person)}
	})
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if id, secret, _ := r.BasicAuth(); id != ClientID || secret != url.QueryEscape(ClientSecret) {
		answer(w, http.StatusUnauthorized, Claims{"error": "invalid_client"})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var person Claims
	var nonce string
	if r.FormValue("grant_type") == "refresh_token" {
		old := r.FormValue("refresh_token")
		person = p.refresh[old]
		delete(p.refresh, old)
		if p.disabled {
			person = nil
		}
	} else if s, there := p.codes[r.FormValue("code")]; there {
		delete(p.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if s.redirect == r.FormValue("redirect_uri") && s.challenge == base64.RawURLEncoding.EncodeToString(sum[:]) {
			person, nonce = s.person, s.nonce
		}
	}
	if person == nil {
		answer(w, http.StatusBadRequest, Claims{"error": "invalid_grant"})
		return
	}
	refresh, now := p.random(), time.Now()
	p.refresh[refresh] = person
	c := Claims{
		"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": nonce,
	}
	maps.Copy(c, person)
	p.lie(c)
	answer(w, http.StatusOK, Claims{
		"access_token": "access " + refresh, "token_type": "Bearer", "expires_in": 300, "refresh_token": refresh,
		"id_token": p.signWith(p.signer, c, "JWT"),
	})
}

func (p *Provider) userinfo(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer(w, http.StatusOK, p.person)
}

func (p *Provider) signWith(key *rsa.PrivateKey, c Claims, typ jose.ContentType) string {
	options := (&jose.SignerOptions{}).WithType(typ).WithHeader("kid", "one")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, options)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	text, err := json.Marshal(c)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	signed, err := signer.Sign(text)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.t.Error(err)
	}
	return token
}
