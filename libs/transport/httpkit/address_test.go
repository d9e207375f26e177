package httpkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

func TestClientAddressNeedsAnAssertion(t *testing.T) {
	t.Parallel()
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := identity.NewKeyring([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := keys.Sign(identity.Principal{Kind: identity.Public})
	if err != nil {
		t.Fatal(err)
	}
	r := httpkit.NewRouter(tele, keys)
	r.Mount("GET /", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.WriteString(w, httpkit.ClientAddress(req.Context()))
	}))
	for _, c := range []struct {
		assertion, want string
		forwarded       []string
	}{
		{assertion, "192.0.2.1", []string{"192.0.2.1"}},
		{assertion, "192.0.2.2", []string{"192.0.2.1, 192.0.2.2"}},
		{assertion, "192.0.2.3", []string{"192.0.2.1, 192.0.2.2", "192.0.2.3"}},
		{assertion, "192.0.2.4", []string{"::ffff:192.0.2.4"}},
		{assertion, "fe80::1", []string{"fe80::1%eth0"}},
		{assertion, "", []string{"192.0.2.1, unknown"}},
		{assertion, "", []string{"192.0.2.1:80"}},
		{assertion, "", nil},
		{assertion + "x", "", []string{"192.0.2.1"}},
		{"", "", []string{"192.0.2.1"}},
	} {
		req := httptest.NewRequest("GET", "/", nil)
		req.Header[httpkit.ForwardedForHeader] = c.forwarded
		req.Header.Set(identity.Header, c.assertion)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if got := w.Body.String(); got != c.want {
			t.Errorf("%q, asserted %t: %q, want %q", c.forwarded, c.assertion == assertion, got, c.want)
		}
	}
}

func TestAddressKeyGroupsIPv6ByPrefix(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"198.51.100.7": "198.51.100.7", "::ffff:198.51.100.7": "198.51.100.7",
		"2001:db8:1:2::1": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::9": "2001:db8:1:2::/64",
		"2001:db8:1:3::1": "2001:db8:1:3::/64",
		"fe80::1%eth0":    "fe80::/64", "::1": "::/64", "": "", "unknown": "unknown", "un:known": "un:known",
	} {
		if got := httpkit.AddressKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestIDsRefuseMalformedLists(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]httpkit.IDs[id.User]{
		"1": {1}, "3,1,3": {3, 1, 3}, "9007199254740991": {1<<53 - 1},
		"": nil, ",": nil, "1,": nil, "0": nil, "-1": nil, "x": nil, "1, 2": nil, "9007199254740992": nil,
		strings.Repeat("1,", 100) + "1": nil,
	} {
		var got httpkit.IDs[id.User]
		if err := got.UnmarshalText([]byte(query)); (err == nil) != (want != nil) ||
			(err == nil && !slices.Equal(got, want)) {
			t.Errorf("%.20q: %v, %v", query, got, err)
		}
		if want != nil && want.String() != query {
			t.Errorf("%v is written as %s, want %s", want, want, query)
		}
	}
}
