// Package incoming parses received mail: raw bytes in, a Mail out, with the text that its author wrote apart from the
// quoted history and the signature. It reads mail as programs write it, not only as RFC 5322 and RFC 2045 define it.
//
// Begin with Parse, Mail and Part. The invariant: Parse returns an error only for mail that is empty or too large. It
// reads everything else as far as it can, never panics, and needs time and memory in proportion to the size of the
// mail. All strings of a Mail are valid UTF-8 without NUL; names, subjects and addresses have no control characters
// and no bidirectional controls. The package has no network and no store, and it trusts nothing in the mail: From is
// whatever the mail says, and package authentication checks it.
//
//	raw ── header.go ──► fields ──────────────► addresses.go, kind.go, bounce.go
//	   └── multipart.go ► parts ► transfer.go ► charset.go ► flowed.go, htmltext.go ► split.go, forward.go
//
// The parser of the structure is our own, on encodings of golang.org/x/text, HTML tokens of golang.org/x/net and
// bluemonday. Of 213 mails in testdata, go-message 0.18.2 returns errors for 10, at the first malformed field or
// unclosed multipart. enmime 2.3.0 returns errors for 2, and loses text of damaged base64 and of parts without fields;
// it bounds neither parts nor depth. Neither reports where a part is in the raw bytes, which lets a caller store parts
// without copies.
package incoming
