package harness

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/oauth2-proxy/mockoidc"

	"fivechat.dev/deploy/fivechat/system"
)

// The identity provider of a system in memory signs in one person, at once. tests/providers has providers in processes
// of their own.
const (
	ProviderID     = "mock"
	ProviderName   = "Mock Ltd"
	ProvidersEmail = "jane.doe@example.com"
)

// withProvider starts an identity provider, and sets it for a system whose address is then known ahead. Its settings
// are in a folder.
func withProvider(s *system.Settings, dir string) (stop func() error, err error) {
	m, err := mockoidc.Run()
	if err != nil {
		return nil, err
	}
	file, err := json.Marshal(Map{"providers": []Map{{
		"id": ProviderID, "name": ProviderName, "issuer": m.Issuer(), "clientId": m.ClientID,
		"clientSecret": m.ClientSecret, "clientAuthentication": "post",
	}}})
	if err == nil {
		s.SignIn.IdentityProviders = filepath.Join(dir, "providers.json")
		err = os.WriteFile(s.SignIn.IdentityProviders, file, 0o600)
	}
	if s.Gateway.Addr == "" {
		s.Gateway.Addr = freeAddr()
	}
	s.SignIn.PublicURL = "http://" + s.Gateway.Addr
	return m.Shutdown, err
}

// freeAddr returns an address as FreeAddrs does, without a test.
func freeAddr() string {
	for {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			l.Close()
			usedPorts.Store(port, true)
			return l.Addr().String()
		}
	}
}
