// Package outgoing composes the mail that the product sends, and signs it with DKIM. A mail has its text twice, as
// plain text and as HTML, for which there is one template.
//
// Begin with Letter, Compose and Key. The invariant: whatever a name, subject or text contains, the mail has exactly
// the header fields that Compose writes, each once, in lines of ASCII of at most 998 bytes that end with CRLF. The same
// Letter gives the same bytes, so a mail that is composed again after a failure is the same mail. The package has no
// network: another one submits the mail.
package outgoing
