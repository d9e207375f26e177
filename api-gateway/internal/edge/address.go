package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress is the address of the nearest hop that is not one of our own trusted proxies: who connected, or, where
// that is a trusted proxy, what it and the ones before it wrote at the end of X-Forwarded-For. The part of that header
// left of it could be anybody's invention.
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
