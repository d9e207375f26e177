package app

import (
	"context"
	"net"

	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/authentication"
)

// noResolver is the value of FIVECHAT_MAIL_RESOLVER with which senders aren't checked.
const noResolver = "off"

// authenticator implements mail.Authenticator.
type authenticator struct{ resolver authentication.Resolver }

// newAuthenticator returns an authenticator that asks a DNS server, or that of the system if the address is empty.
func newAuthenticator(address string) authenticator {
	resolver := &net.Resolver{}
	if address != "" {
		resolver.PreferGo = true
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	}
	return authenticator{resolver}
}

// Authenticate implements mail.Authenticator.
func (a authenticator) Authenticate(ctx context.Context, d mail.Delivery, headerFrom string) mail.Authentication {
	r := authentication.Check(ctx, a.resolver, authentication.Message{
		IP: d.Client, HELO: d.HELO, Sender: d.Sender, From: headerFrom, Raw: d.Raw,
	})
	return mail.Authentication{
		Domain: r.Domain, IsVerified: r.Verified, SPF: string(r.SPF), DKIM: string(bestOf(r.DKIM)), DMARC: string(r.DMARC),
	}
}

// bestOf returns the verdict of a signature that has passed, or else of the first one.
func bestOf(all []authentication.Signature) authentication.Verdict {
	for _, s := range all {
		if s.Verdict == authentication.Pass {
			return authentication.Pass
		}
	}
	if len(all) == 0 {
		return authentication.None
	}
	return all[0].Verdict
}
