// Package authentication checks which domain a received mail really comes from: by SPF (RFC 7208), DKIM (RFC 6376) and
// DMARC (RFC 7489), which requires that one of the two is about the domain that readers see in From.
//
// Begin with Check, Message and Report. The invariant: a check ends within a fixed time and number of lookups, whatever
// the mail and its domain's records are, and never fails: a failure of the name service is the verdict TempError. The
// network is behind the port Resolver. The package decides nothing: a caller reads the report and acts.
package authentication
