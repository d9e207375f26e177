package sender

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/webhooks"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func send(t *testing.T, s *Sender, url string) webhooks.Attempt {
	t.Helper()
	return s.Send(t.Context(), webhooks.Webhook{
		URL:    url,
		Secret: webhooks.NewSecret(),
	}, webhooks.Delivery{EventID: "e", Body: `{}`})
}

// TestSenderBlocksPrivateAddresses: the address counts, however it is written.
func TestSenderBlocksPrivateAddresses(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan string, 100)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached <- r.Host
	}), ReadHeaderTimeout: time.Second}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := New(nil, storetest.Telemetry(t, "webhooks"))
	var all sync.WaitGroup
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.0.2", "0", "0.0.0.0", "2130706433", "0x7f000001", "0177.0.0.1", "localhost",
		"LOCALHOST.", "[::1]", "[::]",
		"[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]", "[2001:0:7f00:1::]",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "169.254.1.1",
		"[fe80::1]", "[fe80::1%25lo]",
		"[fd00:ec2::254]", "[fc00::1]", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1",
		"255.255.255.255", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[fec0::1]", "[::ffff:10.0.0.1]",
		"[::ffff:169.254.169.254]", "[5f00::1]",
	} {
		all.Go(func() {
			a := send(t, s, "http://"+net.JoinHostPort(strings.Trim(host, "[]"), port)+"/")
			if a.Status != 0 || a.Error != unreachable && a.Error != "the URL cannot be requested" {
				t.Errorf("%s: %d %q", host, a.Status, a.Error)
			}
		})
	}
	all.Wait()
	close(reached)
	for host := range reached {
		t.Errorf("%s was reached", host)
	}
}

// TestSenderBlocksDNSRebinding: a name resolves to an allowed address at the check, and to a blocked one at the dial.
// The dialled address counts.
func TestSenderBlocksDNSRebinding(t *testing.T) {
	t.Parallel()
	guard := ssrf.New(ssrf.WithAnyPort())
	for address, allowed := range map[string]bool{
		"93.184.216.34:443":                        true,
		"[2606:2800:220:1:248:1893:25c8:1946]:443": true,
		"127.0.0.1:443":                            false,
		"[::ffff:127.0.0.1]:443":                   false,
		"10.1.2.3:80":                              false,
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := guard.Safe(network, address, nil); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
	a := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	t.Cleanup(a.Close)
	s := New(nil, storetest.Telemetry(t, "webhooks"))
	if got := send(t, s, strings.Replace(a.URL, "127.0.0.1", "localhost", 1)); got.Error != unreachable {
		t.Errorf("%+v", got)
	}
}

func TestRequestIsSignedAndStoredWithoutSecrets(t *testing.T) {
	t.Parallel()
	secret, id := webhooks.NewSecret(), "01890000-0000-7000-8000-000000000000"
	large := strings.Repeat("ä", 8<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Error(err)
		}
		if err := verifier.Verify([]byte(`{"a":1}`), r.Header); err != nil {
			t.Error(err)
		}
		w.Header().Set("Set-Cookie", "session=secret")
		w.Header().Set("X-Long", strings.Repeat("ä", 600))
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "x", large)
	}))
	t.Cleanup(server.Close)
	s := New(loopback, storetest.Telemetry(t, "webhooks"))
	a := s.Send(t.Context(), webhooks.Webhook{
		URL:    server.URL,
		Secret: secret,
	}, webhooks.Delivery{EventID: id, Body: `{"a":1}`})
	if a.Status != 503 || a.Error != "" || a.RetryAfter != 7*time.Second || a.Took <= 0 || a.At.IsZero() {
		t.Errorf("%+v", a)
	}
	if len(a.Body) > keptBody+3 || !strings.HasPrefix(a.Body, "xä") || a.Response["Set-Cookie"] != "(not kept)" ||
		len(a.Response["X-Long"]) > keptValue+3 {
		t.Errorf("kept: %d bytes, %v", len(a.Body), a.Response)
	}
	if a.Request["Webhook-Id"] != id || a.Request["Webhook-Signature"] != "" || a.Request["Webhook-Timestamp"] == "" {
		t.Errorf("kept of the request: %v", a.Request)
	}
}

// TestSignatureMatchesTheStandardsExample: the example of the standard's own libraries.
func TestSignatureMatchesTheStandardsExample(t *testing.T) {
	t.Parallel()
	got, err := signatures([]string{
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if err != nil || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := signatures([]string{"whsec_!"}, "a", time.Unix(1, 0), ""); err == nil {
		t.Error("a secret that is none")
	}
}

// TestBlockedAddressesLookLikeUnknownNames: neither the error nor the duration of an attempt distinguishes them.
func TestBlockedAddressesLookLikeUnknownNames(t *testing.T) {
	t.Parallel()
	s := New(nil, storetest.Telemetry(t, "webhooks"))
	var all sync.WaitGroup
	for _, url := range []string{
		"http://localhost:1", "http://127.0.0.1:1", "http://10.0.0.1", "http://nobody.invalid",
	} {
		all.Go(func() {
			if a := send(t, s, url); a.Error != unreachable || a.Took < unreachableFor {
				t.Errorf("%s: %q after %v", url, a.Error, a.Took)
			}
		})
	}
	all.Wait()
}

func TestErrorsRevealNothingInternal(t *testing.T) {
	t.Parallel()
	s := New(loopback, storetest.Telemetry(t, "webhooks"))
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(release) })
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	broken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(broken.Close)
	for url, want := range map[string]string{
		"http://127.0.0.1:1": "the connection was refused", "http://nobody.invalid": unreachable,
		tls.URL: "the certificate is not valid", strings.Replace(slow.URL, "http:", "https:", 1) + "/": "no answer in time",
		broken.URL: "the connection broke off",
	} {
		ctx := t.Context()
		if want == "no answer in time" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			url = slow.URL
		}
		a := s.Send(ctx, webhooks.Webhook{
			URL:    url,
			Secret: webhooks.NewSecret(),
		}, webhooks.Delivery{EventID: "e", Body: `{}`})
		if a.Status != 0 || a.Error != want {
			t.Errorf("%s: %d %q, want %q", url, a.Status, a.Error, want)
		}
	}
	if got := reason(errors.New("dial tcp 10.0.0.7:53: something internal")); strings.Contains(got, "10.0.0.7") {
		t.Errorf("it reveals internal data: %s", got)
	}
}
