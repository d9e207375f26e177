package authentication

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// checkSPF checks whether the client may send for the domain of the envelope's sender, or of HELO for a bounce.
func checkSPF(ctx context.Context, r Resolver, m Message) (Verdict, string) {
	sender := m.Sender
	if sender == "" {
		sender = "postmaster@" + m.HELO
	}
	domain := domainOf(sender)
	if domain == "" || !m.IP.IsValid() {
		return None, domain
	}
	// The error explains the result: the result alone is the verdict.
	result, _ := spf.CheckHostWithSender(m.IP.Unmap().AsSlice(), m.HELO, sender, spf.WithContext(ctx), spf.WithResolver(r))
	return Verdict(result), domain
}

// checkDKIM verifies the signatures of a mail.
func checkDKIM(ctx context.Context, r Resolver, raw []byte) []Signature {
	if reason := unusableHeader(raw); reason != "" {
		return []Signature{{Verdict: PermError, Reason: reason}}
	}
	results, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return r.LookupTXT(ctx, name) },
		MaxVerifications: maxSignatures,
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return []Signature{{Verdict: PermError, Reason: err.Error()}}
	}
	var all []Signature
	for _, result := range results {
		s := Signature{Domain: lookupName(result.Domain), Verdict: Pass}
		switch err := result.Err; {
		case err == nil:
		case dkim.IsTempFail(err):
			s.Verdict = TempError
		case dkim.IsPermFail(err):
			s.Verdict = PermError
		default:
			s.Verdict = Fail
		}
		if result.Err != nil {
			s.Reason = result.Err.Error()
		} else if s.Domain == "" {
			s.Verdict, s.Reason = PermError, "the domain isn't valid"
		}
		all = append(all, s)
	}
	return all
}

// unusableHeader returns why the signatures of a mail aren't verified: verifying takes time in proportion to the
// product of the header's fields and the signed ones. "" means that they are.
func unusableHeader(raw []byte) string {
	lines, inSignature := 0, 0
	for line := range bytes.Lines(raw[:min(len(raw), maxHeader+1)]) {
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			return ""
		}
		lines++
		switch {
		case text[0] == ' ' || text[0] == '\t':
			if inSignature > 0 {
				inSignature += len(text)
			}
		case len(text) > 15 && strings.EqualFold(string(text[:15]), "DKIM-Signature:"):
			inSignature = len(text)
		default:
			inSignature = 0
		}
		if lines > maxLines || inSignature > maxSignature {
			return "the header has too many lines, or too long a signature"
		}
	}
	if len(raw) > maxHeader {
		return "the header is too long"
	}
	return "" // a mail without a body
}

// checkDMARC checks whether SPF or DKIM has passed for the domain of From, as that domain's policy defines it. If the
// client isn't known, SPF could have passed, so that a mail doesn't fail.
func checkDMARC(ctx context.Context, r Resolver, client netip.Addr, report *Report) {
	if report.Domain == "" {
		report.DMARC = PermError // no author, or several: readers may see another one than was checked
		return
	}
	record, inherited, err := policyOf(ctx, r, report.Domain)
	hasPolicy := true
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		record, hasPolicy = &dmarc.Record{}, false // with relaxed alignment
	case dmarc.IsTempFail(err):
		report.DMARC = TempError
		return
	case err != nil:
		report.DMARC = PermError
		return
	}
	waiting := false // for a lookup that failed, without which the result isn't known
	consider := func(v Verdict, domain string, mode dmarc.AlignmentMode) {
		if isAligned(domain, report.Domain, mode) {
			waiting = waiting || v == TempError
			report.Verified = report.Verified || v == Pass
		}
	}
	consider(report.SPF, report.SPFDomain, record.SPFAlignment)
	for _, s := range report.DKIM {
		consider(s.Verdict, s.Domain, record.DKIMAlignment)
	}
	switch {
	case !hasPolicy:
		report.DMARC = None
	case report.Verified:
		report.DMARC = Pass
	case waiting:
		report.DMARC = TempError
	case !client.IsValid():
		report.DMARC = None
	default:
		report.DMARC, report.Policy = Fail, Policy(record.Policy)
		if inherited && record.SubdomainPolicy != "" {
			report.Policy = Policy(record.SubdomainPolicy)
		}
	}
}

// policyOf returns the record of a domain, or of its organizational domain: then inherited is true.
func policyOf(ctx context.Context, r Resolver, domain string) (record *dmarc.Record, inherited bool, err error) {
	options := &dmarc.LookupOptions{
		LookupTXT: func(name string) ([]string, error) { return r.LookupTXT(ctx, name) },
	}
	record, err = dmarc.LookupWithOptions(domain, options)
	organization := organizationOf(domain)
	if !errors.Is(err, dmarc.ErrNoPolicy) || organization == domain {
		return record, false, err
	}
	record, err = dmarc.LookupWithOptions(organization, options)
	return record, true, err
}

// isAligned reports whether a checked domain counts for the domain of From: if it is the same, or in relaxed mode, if
// both belong to one organization.
func isAligned(checked, from string, mode dmarc.AlignmentMode) bool {
	if checked == "" || mode == dmarc.AlignmentStrict {
		return checked == from
	}
	return organizationOf(checked) == organizationOf(from)
}

// organizationOf returns the domain that its owner registered: one label below a public suffix.
func organizationOf(domain string) string {
	organization, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return organization
}
