package httpkit

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// ForwardedForHeader carries the addresses a request came through; the edge puts the client's own last.
const ForwardedForHeader = "X-Forwarded-For"

type addressKey struct{}

// ClientAddress gives the address of the client that the edge speaks for, or "" where nobody vouches for one: the
// header counts only on a request whose assertion was verified.
func ClientAddress(ctx context.Context) string {
	a, _ := ctx.Value(addressKey{}).(string)
	return a
}

func withClientAddress(ctx context.Context, h http.Header) context.Context {
	hops := strings.Split(strings.Join(h.Values(ForwardedForHeader), ","), ",")
	a, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, addressKey{}, a.Unmap().WithZone("").String())
}
