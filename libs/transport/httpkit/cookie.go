package httpkit

import (
	"context"
	"net/http"

	"fivechat.dev/libs/kernel/identity"
)

// SessionCookie is the cookie that holds the secret of a person's session. Browsers accept a name with this prefix only
// from the host itself, over TLS or from this machine, and for all paths, so no other host can set it.
const SessionCookie = "__Host-fivechat"

// SignInCookie is the cookie of a sign-in at an identity provider, from its beginning until its end.
const SignInCookie = "__Host-fivechat-sign-in"

// DeviceCookie is the cookie that proves that a person has signed in with this browser before.
const DeviceCookie = "__Host-fivechat-device"

// SignInHeader and DeviceHeader hold the values of these cookies from the edge to the service: no service gets cookies.
const (
	SignInHeader = "X-Fivechat-Sign-In"
	DeviceHeader = "X-Fivechat-Device"
)

// SignInSecret returns the value of the request's SignInCookie, or "". It counts only on a request whose assertion was
// verified.
func SignInSecret(ctx context.Context) string { return fromEdge(ctx, SignInHeader) }

// DeviceProof returns the value of the request's DeviceCookie, or "". It counts only on a request whose assertion was
// verified.
func DeviceProof(ctx context.Context) string { return fromEdge(ctx, DeviceHeader) }

func fromEdge(ctx context.Context, header string) string {
	req, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok || identity.From(ctx).Kind == "" {
		return ""
	}
	return req.Header.Get(header)
}

// setsCookies is a response that sets or removes cookies.
type setsCookies interface{ Cookies() []*http.Cookie }
