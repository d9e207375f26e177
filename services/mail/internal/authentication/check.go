package authentication

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// The bounds of a check.
const (
	// MaxTime is how long a check takes at most: the sender's server waits for the response to its mail.
	MaxTime = 10 * time.Second
	// maxLookups is the number of lookups in the name service. SPF has ten terms, of which one may need eleven lookups.
	maxLookups = 60
	// maxSignatures is the number of DKIM signatures that are verified: a domain's own, and those of relays and lists.
	maxSignatures = 5
	// maxHeader and maxLines are the size of a header in bytes and lines. DKIM picks each signed field from all.
	maxHeader = 256 << 10
	maxLines  = 2_000
	// maxSignature is the size of a signature field in bytes: an RSA key of 8,192 bits needs about 2 KiB.
	maxSignature = 8 << 10
)

// Verdict is the result of a check, in the words of RFC 8601.
type Verdict string

// The verdicts.
const (
	None      Verdict = "none"      // the domain publishes nothing, the mail has no signature, or its client isn't known
	Pass      Verdict = "pass"      // the domain takes responsibility for the mail
	Fail      Verdict = "fail"      // the domain says that the mail isn't its own, or a signature is wrong
	SoftFail  Verdict = "softfail"  // SPF only: probably not its own
	Neutral   Verdict = "neutral"   // SPF only: the domain makes no statement
	TempError Verdict = "temperror" // the name service failed: another attempt may succeed
	PermError Verdict = "permerror" // a record, a signature or the mail is malformed
)

// Policy is the wish of a domain for mail that fails DMARC.
type Policy string

// The policies.
const (
	PolicyNone       Policy = "none"
	PolicyQuarantine Policy = "quarantine" // treat it as suspicious
	PolicyReject     Policy = "reject"
)

// Message is a mail as the receiving server got it.
type Message struct {
	IP     netip.Addr // of the client that delivered it; the zero Addr if it isn't known
	HELO   string     // by which the client greeted
	Sender string     // of the envelope; "" for a bounce
	From   string     // the address in From that readers see; "" if the mail has several authors, or none
	Raw    []byte     // the whole mail
}

// Report is the result of all checks.
type Report struct {
	SPF       Verdict
	SPFDomain string      // that SPF is about: of the envelope's sender, or else of HELO
	DKIM      []Signature // in the order of the mail, at most maxSignatures
	DMARC     Verdict
	Domain    string // of From
	Verified  bool   // SPF or DKIM has passed for Domain, whether or not it has a DMARC policy
	Policy    Policy // of the domain, if DMARC is Fail; else PolicyNone
}

// Signature is a DKIM signature.
type Signature struct {
	Domain  string // that takes responsibility; "" if it can't be read
	Verdict Verdict
	Reason  string // for a log; "" if the verdict is Pass
}

// Check makes all checks of a mail. It takes at most MaxTime.
func Check(ctx context.Context, r Resolver, m Message) Report {
	ctx, cancel := context.WithTimeout(ctx, MaxTime)
	defer cancel()
	bounded := newBounded(r)
	report := Report{Policy: PolicyNone, Domain: domainOf(m.From)}
	report.SPF, report.SPFDomain = checkSPF(ctx, bounded, m)
	report.DKIM = checkDKIM(ctx, bounded, m.Raw)
	checkDMARC(ctx, bounded, m.IP, &report)
	return report
}

// domainOf returns the domain of an address in lower case, or "" if it isn't one that can be looked up.
func domainOf(address string) string {
	return lookupName(address[strings.LastIndexByte(address, '@')+1:])
}

// lookupName returns a domain in lower case, or "" if s isn't a domain name with at least one dot.
func lookupName(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) > 253 || !strings.Contains(s, ".") {
		return ""
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return ""
		}
	}
	return s
}
