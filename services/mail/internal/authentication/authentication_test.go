package authentication

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// zone is a Resolver with the TXT records and addresses of names. A name in down fails temporarily. It counts lookups.
type zone struct {
	txt     map[string]string
	down    map[string]bool
	lookups atomic.Int64
}

func (z *zone) find(name string) (string, error) {
	z.lookups.Add(1)
	name = strings.TrimSuffix(name, ".")
	if z.down[name] {
		return "", &net.DNSError{Err: "server failure", Name: name, IsTemporary: true}
	}
	if record, ok := z.txt[name]; ok {
		return record, nil
	}
	return "", &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	record, err := z.find(name)
	if err != nil {
		return nil, err
	}
	return strings.Split(record, "|"), nil
}

func (z *zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if _, err := z.find(name); err != nil {
		return nil, err
	}
	var all []*net.MX
	for i := range 10 {
		all = append(all, &net.MX{Host: fmt.Sprintf("mx%d.%s", i, name)})
	}
	return all, nil
}

func (z *zone) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	z.lookups.Add(1)
	return []net.IPAddr{{IP: net.ParseIP("203.0.113.99")}}, nil
}

func (z *zone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	_, err := z.find(addr)
	return nil, err
}

// signer signs mail of a domain, and its record is in the zone.
type signer struct{ private ed25519.PrivateKey }

func newSigner(t *testing.T) signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{private}
}

func (s signer) record() string {
	return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(s.private.Public().(ed25519.PublicKey))
}

func (s signer) sign(t *testing.T, domain, raw string) string {
	t.Helper()
	var b bytes.Buffer
	err := dkim.Sign(&b, strings.NewReader(raw), &dkim.SignOptions{
		Domain: domain, Selector: "s", Signer: s.private, HeaderKeys: []string{"From", "Subject"},
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	allowed  = netip.MustParseAddr("203.0.113.1")
	stranger = netip.MustParseAddr("198.51.100.1")
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	key := newSigner(t)
	z := &zone{
		txt: map[string]string{
			"shop.example":                   "v=spf1 ip4:203.0.113.0/24 -all",
			"_dmarc.shop.example":            "v=DMARC1; p=reject; sp=quarantine",
			"s._domainkey.shop.example":      key.record(),
			"strict.example":                 "v=spf1 ip4:203.0.113.0/24 ~all",
			"_dmarc.strict.example":          "v=DMARC1; p=quarantine; adkim=s; aspf=s",
			"s._domainkey.news.shop.example": key.record(),
			"news.shop.example":              "v=spf1 ?all",
			"mail.strict.example":            "v=spf1 ip4:203.0.113.1 -all",
			"relay.example":                  "v=spf1 ip4:203.0.113.0/24 -all",
			"s._domainkey.relay.example":     key.record(),
			"_dmarc.typo.example":            "v=DMARC1; p=rejekt",
			"two.example":                    "v=spf1 -all|v=spf1 +all",
			"a.co.uk":                        "v=spf1 +all",
			"_dmarc.b.co.uk":                 "v=DMARC1; p=reject",
			"_dmarc.down.example":            "v=DMARC1; p=reject",
		},
		down: map[string]bool{
			"down.example": true, "s._domainkey.down.example": true, "_dmarc.lost.example": true,
		},
	}
	// A mail is from an address to HELO, sender, From and the signing domain; "-" is empty. A report is SPF and its
	// domain, DKIM, DMARC and the policy.
	for _, c := range []struct{ name, mail, want string }{
		{
			"sent by the domain's server", "203.0.113.1 h.example a@shop.example a@shop.example -",
			"pass shop.example none pass none",
		},
		{
			"spoofed", "198.51.100.1 h.example a@shop.example a@shop.example -",
			"fail shop.example none fail reject",
		},
		{
			"spoofed sub-domain", "198.51.100.1 h.example a@x.shop.example a@x.shop.example -",
			"none x.shop.example none fail quarantine",
		},
		{
			"forwarded with its signature", "198.51.100.1 h.example a@relay.example a@shop.example shop.example",
			"fail relay.example pass pass none",
		},
		{
			"changed after signing", "198.51.100.1 h.example a@shop.example a@shop.example shop.example changed",
			"fail shop.example fail fail reject",
		},
		{
			"signed by another domain", "203.0.113.1 h.example a@relay.example a@shop.example relay.example",
			"pass relay.example pass fail reject",
		},
		{
			"signed by a sub-domain", "198.51.100.1 h.example a@news.shop.example a@shop.example news.shop.example",
			"neutral news.shop.example pass pass none",
		},
		{
			"strict alignment of a sub-domain", "203.0.113.1 h.example a@mail.strict.example a@strict.example -",
			"pass mail.strict.example none fail quarantine",
		},
		{
			"strict alignment of the domain", "203.0.113.1 h.example a@strict.example a@strict.example -",
			"pass strict.example none pass none",
		},
		{
			"probably spoofed", "198.51.100.1 h.example a@strict.example a@strict.example -",
			"softfail strict.example none fail quarantine",
		},
		{
			"a bounce is of HELO", "203.0.113.1 relay.example - mailer-daemon@relay.example -",
			"pass relay.example none none none",
		},
		{
			"a bounce without a name", "203.0.113.1 [203.0.113.1] - mailer-daemon@relay.example -",
			"none - none none none",
		},
		{
			"no records", "203.0.113.1 h.example a@bare.example a@bare.example -",
			"none bare.example none none none",
		},
		{
			"several authors", "203.0.113.1 h.example a@shop.example - shop.example",
			"pass shop.example pass permerror none",
		},
		{
			"two SPF records", "203.0.113.1 h.example a@two.example a@two.example -",
			"permerror two.example none none none",
		},
		{
			"a wrong policy", "203.0.113.1 h.example a@typo.example a@typo.example -",
			"none typo.example none permerror none",
		},
		{
			"a policy that can't be read", "203.0.113.1 h.example a@lost.example a@lost.example -",
			"none lost.example none temperror none",
		},
		{
			"SPF and a key that can't be read", "203.0.113.1 h.example a@down.example a@down.example down.example",
			"temperror down.example temperror temperror none",
		},
		{
			"no key", "198.51.100.1 h.example a@shop.example a@x.example x.example",
			"fail shop.example permerror none none",
		},
		{
			"neighbours below a public suffix", "203.0.113.1 h.example a@a.co.uk a@b.co.uk -",
			"pass a.co.uk none fail reject",
		},
		{
			"the sender's domain isn't a domain", "203.0.113.1 h.example a@x\x00.example a@shop.example -",
			"none - none fail reject",
		},
		{
			"no address", "- h.example a@shop.example a@shop.example -",
			"none shop.example none none none",
		},
		{
			"no address, but a signature", "- h.example a@shop.example a@shop.example shop.example",
			"none shop.example pass pass none",
		},
		{
			"a signature without a policy", "198.51.100.1 h.example a@x.example a@relay.example relay.example",
			"none x.example pass none none",
		},
		{
			"SPF of another domain, without a policy", "203.0.113.1 h.example a@relay.example a@bare.example -",
			"pass relay.example none none none",
		},
	} {
		f := strings.Fields(c.mail)
		for i := range f {
			f[i] = strings.TrimPrefix(f[i], "-")
		}
		ip, _ := netip.ParseAddr(f[0])
		raw := "From: " + f[3] + "\r\nSubject: hello\r\n\r\ntext\r\n"
		if f[4] != "" {
			raw = key.sign(t, f[4], raw)
		}
		if len(f) == 6 {
			raw = strings.Replace(raw, "hello", "goodbye", 1)
		}
		got := Check(t.Context(), z, Message{ip, f[1], f[2], f[3], []byte(raw)})
		signature := None
		if len(got.DKIM) > 0 {
			signature = got.DKIM[0].Verdict
		}
		domain := got.SPFDomain
		if domain == "" {
			domain = "-"
		}
		isVerified := c.name == "a signature without a policy" || c.name == "a bounce is of HELO" || got.DMARC == Pass
		if got.Verified != isVerified {
			t.Errorf("%s: verified is %t", c.name, got.Verified)
		}
		if text := fmt.Sprintf("%s %s %s %s %s", got.SPF, domain, signature, got.DMARC, got.Policy); text != c.want {
			t.Errorf("%s: %s, want %s; the report is %+v", c.name, text, c.want, got)
		}
	}
}

func TestLineFeedsVerifyLikeCRLF(t *testing.T) {
	t.Parallel()
	key := newSigner(t)
	z := &zone{txt: map[string]string{"s._domainkey.shop.example": key.record()}}
	raw := key.sign(t, "shop.example", "From: a@shop.example\r\nSubject: hello\r\n\r\ntext\r\n\r\n")
	raw = strings.ReplaceAll(raw, "\r\n", "\n")
	got := Check(t.Context(), z, Message{allowed, "h.example", "a@shop.example", "a@shop.example", []byte(raw)})
	if len(got.DKIM) != 1 || got.DKIM[0].Verdict != Pass {
		t.Errorf("the signature is %+v", got.DKIM)
	}
}

func TestLookupsAreBounded(t *testing.T) {
	t.Parallel()
	z := &zone{txt: map[string]string{"bomb.example": "v=spf1"}}
	for i := range 10 {
		name := fmt.Sprintf("m%d.example", i)
		z.txt["bomb.example"] += " mx:" + name
		z.txt[name] = "mail servers"
	}
	const address = "a@bomb.example"
	got := Check(t.Context(), z, Message{stranger, "h.example", address, address, []byte("From: a\r\n\r\n")})
	if got.SPF != TempError && got.SPF != PermError {
		t.Errorf("SPF is %s", got.SPF)
	}
	if n := z.lookups.Load(); n > maxLookups {
		t.Errorf("there were %d lookups", n)
	}
}

func TestSignaturesAreBounded(t *testing.T) {
	t.Parallel()
	key := newSigner(t)
	z := &zone{txt: map[string]string{"s._domainkey.shop.example": key.record()}}
	plain := "From: a@shop.example\r\nSubject: hello\r\n\r\ntext\r\n"
	signed := key.sign(t, "shop.example", plain)
	header := strings.TrimSuffix(signed, plain)
	for name, c := range map[string]struct {
		raw  string
		want []Verdict
	}{
		"many":        {strings.Repeat(header, 20) + plain, slices.Repeat([]Verdict{Pass}, maxSignatures)},
		"a long one":  {"DKIM-Signature: v=1; h=" + strings.Repeat("From:", 2000) + "\r\n" + plain, []Verdict{PermError}},
		"many lines":  {strings.Repeat("X: 1\r\n", maxLines+1) + signed, []Verdict{PermError}},
		"a long line": {"X: " + strings.Repeat("1", maxHeader) + "\r\n" + signed, []Verdict{PermError}},
		"no body":     {"DKIM-Signature: v=1", []Verdict{PermError}},
	} {
		got := Check(t.Context(), z, Message{allowed, "h.example", "a@shop.example", "a@shop.example", []byte(c.raw)})
		var verdicts []Verdict
		for _, s := range got.DKIM {
			verdicts = append(verdicts, s.Verdict)
		}
		if !slices.Equal(verdicts, c.want) {
			t.Errorf("%s: %+v, want %v", name, got.DKIM, c.want)
		}
	}
}

func TestEndedContextIsATemporaryFailure(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return nil, ctx.Err()
	}}
	got := Check(ctx, r, Message{allowed, "h.example", "a@shop.example", "a@shop.example", []byte("From: a\r\n\r\n")})
	if got.SPF != TempError || got.DMARC != TempError {
		t.Errorf("the report is %+v", got)
	}
}
