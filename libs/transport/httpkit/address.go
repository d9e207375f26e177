package httpkit

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// ForwardedForHeader lists the addresses that a request came through. The edge appends the client's address.
const ForwardedForHeader = "X-Forwarded-For"

type addressKey struct{}

// ClientAddress returns the address of the client for which the edge sent the request, or "" if it is unknown. The
// header counts only on a request whose assertion was verified.
func ClientAddress(ctx context.Context) string {
	a, _ := ctx.Value(addressKey{}).(string)
	return a
}

// UserAgent returns the User-Agent of the request of ctx, as the client states it, or "".
func UserAgent(ctx context.Context) string {
	if req, ok := ctx.Value(requestKey{}).(*http.Request); ok {
		return req.UserAgent()
	}
	return ""
}

// Origin returns the origin of the page that made the request of ctx, as its browser states it, or "".
func Origin(ctx context.Context) string {
	if req, ok := ctx.Value(requestKey{}).(*http.Request); ok {
		return req.Header.Get("Origin")
	}
	return ""
}

// prefixBits is the part of an IPv6 address that AddressKey keeps: a network assigns at least a /64 to each subscriber
// (RFC 6177), who may use any address in it.
const prefixBits = 64

// AddressKey is the key under which every quota, bound and counter by address counts an address: IPv4 by the whole
// address, IPv6 by its /64. It returns a text that is no address unchanged.
func AddressKey(address string) string {
	if !strings.Contains(address, ":") {
		return address
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, prefixBits).Masked().String()
}

func withClientAddress(ctx context.Context, h http.Header) context.Context {
	hops := strings.Split(strings.Join(h.Values(ForwardedForHeader), ","), ",")
	a, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, addressKey{}, a.Unmap().WithZone("").String())
}
