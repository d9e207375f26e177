package incoming

import (
	"time"
)

// The bounds of a mail. Mail that exceeds MaxBytes is an error. If another bound is exceeded, Parse leaves out the
// rest, and Mail.Truncated names the bound. The raw mail is stored elsewhere, so nothing is lost.
const (
	// MaxBytes is the size of a raw mail: attachments of 18 MiB after base64, as at the large providers.
	MaxBytes = 25 << 20
	// maxHeader is the size of the mail's header. Long chains of gateways reach 64 KiB; Postfix accepts 100 KiB.
	maxHeader = 256 << 10
	// maxPartHeader is the size of the header of a part, which has few fields and long file names at most.
	maxPartHeader = 32 << 10
	// maxFields is the number of fields of a header: each relay adds about ten.
	maxFields = 1_000
	// maxParts is the number of parts, multiparts included. Newsletters with inline images reach 60.
	maxParts = 500
	// maxDepth is how deep multiparts are nested: clients reach 5, and gateways add one or two each.
	maxDepth = 20
	// maxAddresses is the number of addresses of To, Cc and Reply-To each.
	maxAddresses = 250
	// maxIDs is the number of Message-IDs in References: the first, and the last ones.
	maxIDs = 100
	// maxText is the size of a text part after decoding, and of the text of a mail, in bytes.
	maxText = 1 << 20
	// maxName is the size of the name of a person or a file, in bytes; file systems end at 255.
	maxName = 255
	// maxSubject is the size of a subject in bytes: a line of a mail has at most 998 bytes.
	maxSubject = 998
	// maxRecipients is the number of recipients in a delivery status notification.
	maxRecipients = 50
	// maxDiagnostic is the size of the diagnostic of a recipient, in bytes.
	maxDiagnostic = 1_000
)

// Kind is the origin of a mail, which decides whether an automatic answer may be sent: to Human only.
type Kind string

// The kinds of mail.
const (
	Human     Kind = "human"     // written by a person
	Automatic Kind = "automatic" // an auto-reply, a receipt, or the mail of a program
	List      Kind = "list"      // from a mailing list or newsletter
	Bounce    Kind = "bounce"    // says that an earlier mail wasn't delivered, or is late
)

// Address is a mailbox. Address has the form local@domain with the domain in lower case, and at most 320 bytes.
type Address struct {
	Name    string // "" for none; at most 255 bytes
	Address string // "" if the mail has none that can be read
}

// Mail is a received mail.
type Mail struct {
	From       Address   // the first author
	Authors    int       // how many addresses From has; checks of its domain mean nothing unless it is 1
	Sender     Address   // the sender, if it isn't the author
	ReplyTo    []Address // at most 250, as To and Cc
	To         []Address
	Cc         []Address
	ReturnPath string // the envelope's sender, if the receiving server added it: "<>" if it is empty
	Subject    string // at most 998 bytes; "" for none
	MessageID  string // without angle brackets; "" if the mail has none
	InReplyTo  []string
	References []string  // at most 100, oldest first
	Date       time.Time // in UTC; the zero time if the mail has none that can be read
	Hops       int       // the number of fields Received: a mail with more than 30 is in a loop

	Text      string     // what the author wrote in this mail: without history and signature; at most 1 MiB
	Quoted    string     // the history that the mail quotes
	Signature string     // the signature or footer
	HTML      string     // the whole mail in safe HTML, or "" if it has only text; see Sanitize
	Parts     []Part     // attachments, inline images, calendar parts and attached mails, in order
	Forwarded *Forwarded // the mail that this one forwards, or nil

	Kind        Kind
	NoAutoReply bool      // the sender doesn't want automatic answers; always true unless the kind is Human
	Failures    []Failure // of a delivery status notification: each recipient
	OriginalID  string    // of a notification or receipt: the Message-ID of the mail that it is about
	Truncated   []string  // the bounds that the mail exceeds: "header", "parts", "depth", "addresses", "text"
}

// Forwarded is the head and text of a forwarded mail.
type Forwarded struct {
	From      Address
	Subject   string
	Date      string // as the mail has it, in its author's language; "" for none
	MessageID string // of an attached mail; else ""
	Text      string
}

// Failure is a recipient in a delivery status notification (RFC 3464).
type Failure struct {
	Recipient  string // an address, or "" if the notification doesn't name it
	Action     string // failed, delayed, delivered, relayed or expanded
	Status     string // like 5.1.1; "" if unknown
	Permanent  bool   // another attempt is useless: the action is failed and the status isn't 4.x.x
	Diagnostic string // the response of the remote server; at most 1,000 bytes
}

// Part is a part of a mail that isn't its text.
type Part struct {
	Name      string // without folders; made from the type if the mail has none; at most 255 bytes
	Type      string // in lower case without parameters, like image/png
	Size      int    // bytes after decoding
	ContentID string // without angle brackets; "" for none. HTML refers to it as cid:…
	Inline    bool   // shown in the text, rather than listed as a file
	Method    string // of a calendar part: REQUEST, REPLY, CANCEL and so on
	Start     int    // the encoded content begins at this byte of the raw mail
	End       int    // and ends before this one
	Encoding  string // of the content: base64, quoted-printable, or "" for none
}

// Content returns the decoded bytes of a part of raw, the mail that Parse got. A part of another mail has no content.
func (p Part) Content(raw []byte) []byte {
	if p.Start < 0 || p.Start > p.End || p.End > len(raw) {
		return nil
	}
	return decodeTransfer(p.Encoding, raw[p.Start:p.End])
}
