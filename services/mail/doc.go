// Package mail connects tickets with e-mail. It stores received mails and files each into its ticket, and it sends
// agents' answers through an SMTP relay.
//
// Begin with Received, Sent and Service, the use cases. Invariants:
//   - a mail is acknowledged only when it is stored, and filed once for each recipient, however often it is delivered;
//   - a mail is submitted to the relay at most once after the relay may have accepted it: its Message-ID and its state
//     are stored before the submission. A submission without a known outcome is UNCERTAIN, and isn't repeated;
//   - the recipient's address decides the website. Nothing in a mail's content leads to another website's tickets.
//
// The tickets and their messages belong to the service tickets. The package neither parses nor composes MIME: see
// internal/incoming and internal/outgoing. It writes the collections mail_received, mail_originals, mail_sent and
// mail_addresses.
package mail
