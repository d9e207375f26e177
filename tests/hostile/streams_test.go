package hostile_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// A stream stays silent for four heartbeats of 15 s: longer than the usual idle timeout of a proxy, 60 s.
const (
	silentHeartbeats = 4
	silence          = 60 * time.Second
)

// TestStreamsOutliveSilence: an agent's and a visitor's stream get their heartbeats through a minute without events,
// and then an event, over HTTP/1.1 and over TLS, from one process and from separate ones.
func TestStreamsOutliveSilence(t *testing.T) {
	t.Parallel()
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		s := harness.Running().From("198.51.100.10")
		behindTLS := tlsProxy(t, s.URL)
		outliveSilence(t, s, map[string]string{s.URL: "HTTP/1.1", behindTLS: "HTTP/2.0"})
	})
	t.Run("separate processes", func(t *testing.T) {
		t.Parallel()
		f := launch(t, nil)
		addrs := harness.FreeAddrs(t, 2)
		certificate, key := certificateFiles(t)
		withTLS := f.Run(t, cluster.Gateway, map[string]string{
			"FIVECHAT_ADDR":            addrs[0],
			"FIVECHAT_ADMIN_ADDR":      addrs[1],
			"FIVECHAT_TLS_CERTIFICATE": certificate,
			"FIVECHAT_TLS_KEY":         key,
		})
		cluster.Ready(t, withTLS)
		outliveSilence(t, f.System, map[string]string{f.URL: "HTTP/1.1", "https://" + addrs[0]: "HTTP/2.0"})
	})
}

// outliveSilence opens both streams at each address and checks its protocol.
func outliveSilence(t *testing.T, s harness.System, protocols map[string]string) {
	t.Helper()
	w := s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	streams := map[string]*harness.Stream{}
	for base, protocol := range protocols {
		streams[protocol+" agent"] = w.Reader().At(base).Events(t, "/events", "")
		streams[protocol+" visitor"] = v.At(base).Events(t, "/visitor/events", "")
		for _, caller := range []string{" agent", " visitor"} {
			stream := streams[protocol+caller]
			if stream.Proto != protocol {
				t.Errorf("%s uses %s, want %s", base, stream.Proto, protocol)
			}
			stream.Until(t, "ready")
		}
	}
	token := v.Open(t, "Is anybody there?")
	for _, stream := range streams {
		stream.Want(t, "conversation.opened", "message.created")
	}
	start := time.Now()
	harness.Eventually(t, 2*silence, "the heartbeats", func() (bool, any) {
		heartbeats, all := map[string]int64{}, true
		for name, stream := range streams {
			heartbeats[name] = stream.Heartbeats()
			if stream.Ended() {
				t.Fatalf("%s: the stream ended after %v of silence and %d heartbeats", name, time.Since(start).Round(time.Second),
					heartbeats[name])
			}
			all = all && heartbeats[name] >= silentHeartbeats
		}
		return all && time.Since(start) >= silence, heartbeats
	})
	w.Reply(t, token, "Here I am.")
	for name, stream := range streams {
		created := stream.Want(t, "message.created")[0].Happened()
		if got := created.Object("message").Text("content"); got != "Here I am." {
			t.Errorf("%s: after the silence the stream has %q", name, got)
		}
	}
}

// tlsProxy serves a base URL over TLS and HTTP/2, as a load balancer in front of the edge does.
func tlsProxy(t *testing.T, base string) string {
	t.Helper()
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

// certificateFiles writes httptest's certificate, which is for 127.0.0.1, and its key.
func certificateFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Close()
	pair := server.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for path, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		key:         {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
