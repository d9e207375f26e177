package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress is the address of the nearest hop that isn't one of our trusted proxies. That is the peer of the
// connection, or, if the peer is a trusted proxy, the last untrusted entry of X-Forwarded-For. Entries before that one
// can be invented by the client.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	client := plain(peer.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(client) }) {
			break
		}
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client = plain(a)
	}
	return client.String()
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
