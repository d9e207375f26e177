package edge

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"direct", "203.0.113.9:1234", nil, "203.0.113.9"},
		{"direct, with a tale", "203.0.113.9:1234", []string{"6.6.6.6"}, "203.0.113.9"},
		{"through a proxy", "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"through a proxy, with a tale", "10.0.0.1:1", []string{"6.6.6.6, 203.0.113.9"}, "203.0.113.9"},
		{"through two", "10.0.0.1:1", []string{"6.6.6.6, 203.0.113.9,10.0.0.2"}, "203.0.113.9"},
		{"in two headers", "10.0.0.1:1", []string{"203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"from inside", "10.0.0.1:1", []string{"10.0.0.7"}, "10.0.0.7"},
		{"a proxy that says nothing", "10.0.0.1:1", nil, "10.0.0.1"},
		{"a proxy that says nonsense", "10.0.0.1:1", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{"IPv6", "[2001:db8::1%eth0]:1", nil, "2001:db8::1"},
		{"IPv6 proxy", "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"no address", "@", []string{"203.0.113.9"}, ""},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := clientAddress(r, trusted); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
