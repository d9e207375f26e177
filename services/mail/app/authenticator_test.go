package app

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"fivechat.dev/services/mail"
	"fivechat.dev/services/mail/internal/authentication"
)

// zone is a Resolver with the TXT records of names.
type zone map[string]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if record, ok := z[name]; ok {
		return []string{record}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (zone) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

func (zone) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) { return nil, nil }

func (zone) LookupAddr(context.Context, string) ([]string, error) { return nil, nil }

// TestSenderIsChecked: the domain that is verified is that of From, also if answers go to Reply-To. The zone has a
// policy that forbids all other servers than one.
func TestSenderIsChecked(t *testing.T) {
	t.Parallel()
	z := zone{"shop.example": "v=spf1 ip4:203.0.113.1 -all", "_dmarc.shop.example": "v=DMARC1; p=reject"}
	for name, c := range map[string]struct {
		client, from string
		want         mail.Authentication
	}{
		"its server": {
			"203.0.113.1", "a@shop.example", mail.Authentication{
				Domain: "shop.example", IsVerified: true, SPF: "pass", DKIM: "none", DMARC: "pass",
			},
		},
		"another server": {
			"203.0.113.2", "a@shop.example",
			mail.Authentication{Domain: "shop.example", SPF: "fail", DKIM: "none", DMARC: "fail"},
		},
		"an unknown client": {
			"", "a@shop.example", mail.Authentication{Domain: "shop.example", SPF: "none", DKIM: "none", DMARC: "none"},
		},
		"two authors": {
			"203.0.113.1", "a@shop.example, b@shop.example",
			mail.Authentication{SPF: "pass", DKIM: "none", DMARC: "permerror"},
		},
	} {
		raw := []byte("From: " + c.from + "\r\nReply-To: vera@c.example\r\n\r\nHello\r\n")
		m, err := parser{}.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		client, _ := netip.ParseAddr(c.client)
		d := mail.Delivery{Sender: "a@shop.example", Client: client, HELO: "h.example", Raw: raw}
		if got := (authenticator{z}).Authenticate(t.Context(), d, m.HeaderFrom); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBestSignatureCounts(t *testing.T) {
	t.Parallel()
	failed, passed := authentication.Signature{Verdict: authentication.Fail}, authentication.Signature{Verdict: "pass"}
	for want, all := range map[authentication.Verdict][]authentication.Signature{
		"none": nil, "fail": {failed}, "pass": {failed, passed},
	} {
		if got := bestOf(all); got != want {
			t.Errorf("%+v is %s", all, got)
		}
	}
}

func TestResolverIsAnAddressOrOff(t *testing.T) {
	t.Parallel()
	for value, isRight := range map[string]bool{"": true, "off": true, "10.0.0.2:53": true, "10.0.0.2": false} {
		if err := (Post{Resolver: value}).check(); (err == nil) != isRight {
			t.Errorf("%q: %v", value, err)
		}
	}
}
