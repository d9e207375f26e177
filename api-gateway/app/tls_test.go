package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
)

// certify writes a new certificate with a serial number, and its key.
func certify(t *testing.T, certificate, key string, number int64) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number),
		Subject:      pkix.Name{CommonName: "fivechat"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: der},
		key:         {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLSCertificateIsReloaded: with a certificate the public listener speaks TLS, and it reloads a new certificate
// while running.
func TestTLSCertificateIsReloaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certify(t, certificate, key, 1)
	h := open(t, func(c *app.Config) { c.TLSCertificate, c.TLSKey = certificate, key })
	if !strings.HasPrefix(h.public, "https://") {
		t.Fatalf("it listens on %s", h.public)
	}
	look := func() (number int64, protocol string) {
		// The test only checks which certificate is served, not its names.
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(h.public + "/health")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 || resp.TLS.Version < tls.VersionTLS12 {
			t.Errorf("status %d over TLS %x", resp.StatusCode, resp.TLS.Version)
		}
		if got := resp.Header.Values("Strict-Transport-Security"); !slices.Equal(got, []string{"max-age=31536000"}) {
			t.Errorf("Strict-Transport-Security: %q", got)
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), resp.Proto
	}
	if n, protocol := look(); n != 1 || protocol != "HTTP/2.0" {
		t.Errorf("certificate %d over %s", n, protocol)
	}
	if err := os.WriteFile(certificate, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !eventually(t, 10*time.Second, func() bool {
		return strings.Contains(h.log.String(), "reloading the TLS certificate failed")
	}) {
		t.Error("an invalid certificate isn't reported")
	}
	if n, _ := look(); n != 1 {
		t.Errorf("after a mistake, certificate %d", n)
	}
	certify(t, certificate, key, 2)
	if !eventually(t, 10*time.Second, func() bool { n, _ := look(); return n == 2 }) {
		t.Error("the new certificate is not served")
	}
}

func TestIncompleteTLSSettingsAreRefused(t *testing.T) {
	t.Parallel()
	c := app.Default()
	c.TLSCertificate = "somewhere"
	if _, err := app.New(t.Context(), c); err == nil || !strings.Contains(err.Error(), "FIVECHAT_TLS_KEY") {
		t.Errorf("half of it: %v", err)
	}
}

// TestTargetsWithASpaceAreRefused: HTTP/2 can carry a space in :path. In the request line to a service it would end the
// target.
func TestTargetsWithASpaceAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certify(t, certificate, key, 1)
	h := open(t, func(c *app.Config) { c.TLSCertificate, c.TLSKey = certificate, key })
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	for name, c := range map[string]struct {
		path, query string
		status      int
	}{
		"a space in the query":                {"/conversations", "search=a b", 400},
		"a whole request line":                {"/conversations", "x HTTP/1.1", 400},
		"a space in the path":                 {"/tags/a b", "", 400},
		"a space in an unknown path":          {"/no where", "", 400},
		"an encoded space, in path and query": {"/conversations/a%20b", "search=a%20b+c", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.public, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque, req.URL.RawQuery = c.path, c.query // sent unchanged
		req.Header.Set("Authorization", "Bearer "+readFree)
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp.Body.Close()
		if resp.ProtoMajor != 2 || resp.StatusCode != c.status {
			t.Errorf("%s: %s over %s, want %d", name, resp.Status, resp.Proto, c.status)
		}
	}
}
