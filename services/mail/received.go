package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/excerpt"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of received mails.
const (
	MaxMail       = 10 << 20 // bytes of a raw mail; it is stored in one row, of which MongoDB allows 16 MiB
	MaxRecipients = 20       // of one delivery
	maxText       = 64 << 10 // bytes of text in a ticket, the bound of the service tickets
	maxMailboxes  = 20       // addresses that are shown of To, and of Cc
	maxFiles      = 100      // attachments whose names are in the text
	maxReferences = 20       // Message-IDs by which a ticket is looked up
	maxLine       = 998      // bytes of a Message-ID or a subject (RFC 5322)
	maxHops       = 30       // Received fields; a mail with more is in a loop

	KeepOriginals = 30 * 24 * time.Hour
)

// Kind is the origin of a mail.
type Kind string

// The kinds.
const (
	Human     Kind = "human"
	Automatic Kind = "automatic" // of a program, like a notice of absence
	List      Kind = "list"      // of a mailing list
	Bounce    Kind = "bounce"    // about the delivery of an earlier mail
)

// Mailbox is an address with its name, which may be empty.
type Mailbox struct {
	Name    string `bson:"name,omitempty"`
	Address string `bson:"address"`
}

// File is an attachment, or an image in the text.
type File struct {
	Name     string // without folders
	Type     string // as the mail states it, like image/png
	Size     int    // bytes
	IsInline bool   // shown in the text
	Content  func() []byte
}

// Failure is a recipient that a bounce reports.
type Failure struct {
	Permanent  bool
	Diagnostic string
}

// Message is a parsed mail. Message-IDs have no angle brackets.
type Message struct {
	From       Mailbox // its author, who gets answers; empty if the mail names none
	To, Cc     []Mailbox
	Subject    string
	MessageID  string // "" if the mail has none
	InReplyTo  []string
	References []string  // oldest first
	Date       time.Time // as its author's program states it; the zero time if it doesn't
	Text       string    // without quoted history and signature
	Quoted     string    // history
	Signature  string
	Files      []File
	Hops       int
	Kind       Kind
	OriginalID string // of a bounce: the mail that it is about
	Failures   []Failure
	HeaderFrom string // the address in From that readers see; "" if the mail has several authors, or none
}

// Delivery is a mail as the listener got it.
type Delivery struct {
	Sender  string     // of the envelope; "" for a bounce
	Peer    string     // the address of the delivering server
	Client  netip.Addr // that address if the server sends for the author; the zero Addr if it only passes mail on
	HELO    string     // by which the server greeted
	Targets []Target   // at least one
	Raw     []byte
}

// Authentication is which domain a received mail really comes from, in the words of RFC 8601.
type Authentication struct {
	Domain     string `bson:"domain"` // of HeaderFrom; "" for none
	IsVerified bool   `bson:"isVerified"`
	SPF        string `bson:"spf"`
	DKIM       string `bson:"dkim"` // of the best signature
	DMARC      string `bson:"dmarc"`
}

// Rule is how a mail found its ticket, or why it is in none.
type Rule string

// The rules, in the order of their application.
const (
	ByAddress   Rule = "address"   // it is addressed to the ticket
	ByReference Rule = "reference" // it answers a mail of the ticket
	BySubject   Rule = "subject"   // its subject has the ticket's token
	AsNew       Rule = "new"       // it has opened the ticket
	AsBounce    Rule = "bounce"    // it is about the delivery of a mail
	AsOwn       Rule = "own"       // it came from this system
	AsGone      Rule = "gone"      // the ticket was deleted before the mail was filed
)

// Rules are all rules.
var Rules = []Rule{ByAddress, ByReference, BySubject, AsNew, AsBounce, AsOwn, AsGone}

// Received is a received mail with what is needed to file it.
type Received struct {
	ID              id.Mail          `bson:"_id"`
	WebsiteID       tenant.ID        `bson:"websiteId"`
	TicketID        id.Ticket        `bson:"ticketId"` // zero until a mail to the website's own address is filed
	TicketMessageID id.TicketMessage `bson:"ticketMessageId"`
	VisitorID       *id.Visitor      `bson:"visitorId,omitempty"` // of the ticket
	Key             string           `bson:"key"`                 // the same for a second delivery; see key
	Sender          string           `bson:"sender"`              // of the envelope
	Peer            string           `bson:"peer"`
	From            Mailbox          `bson:"from"`
	To              []Mailbox        `bson:"to"`
	Cc              []Mailbox        `bson:"cc"`
	Subject         string           `bson:"subject"`
	MessageID       string           `bson:"messageId"`
	References      []string         `bson:"references"` // the mails that it answers, the most likely one first
	Text            string           `bson:"text"`       // empty once it is filed
	Kind            Kind             `bson:"origin"`
	OriginalID      string           `bson:"originalId,omitempty"`
	Authentication  *Authentication  `bson:"authentication,omitempty"` // nil if it wasn't checked
	Permanent       bool             `bson:"permanent,omitempty"`      // a bounce: another attempt is useless
	Diagnostic      string           `bson:"diagnostic,omitempty"`
	Size            int64            `bson:"size"` // bytes
	Rule            Rule             `bson:"rule,omitempty"`
	Tries           int              `bson:"tries"`
	NextAt          *time.Time       `bson:"nextAt,omitempty"` // of the next attempt to file it; nil once it is filed
	CreatedAt       time.Time        `bson:"createdAt"`
}

// NewReceived returns the row of a mail for one target.
func NewReceived(number id.Mail, at Target, d Delivery, m Message, now time.Time) Received {
	r := Received{
		ID: number, WebsiteID: at.WebsiteID, TicketID: at.TicketID, Sender: excerpt.Cut(d.Sender, maxLine), Peer: d.Peer,
		From: m.From, To: first(m.To, maxMailboxes), Cc: first(m.Cc, maxMailboxes), Subject: excerpt.Cut(m.Subject, maxLine),
		MessageID: m.MessageID, References: m.answered(), Text: m.text(), Kind: m.Kind, OriginalID: m.OriginalID,
		Size: int64(len(d.Raw)), NextAt: &now, CreatedAt: now,
	}
	if m.MessageID == "" || len(m.MessageID) > maxLine {
		sum := sha256.Sum256(d.Raw) // a delivery that is repeated has the same bytes
		r.MessageID = hex.EncodeToString(sum[:]) + "@none.invalid"
	}
	if m.Hops > maxHops && r.Kind == Human {
		r.Kind = Automatic
	}
	for _, f := range m.Failures {
		if r.Diagnostic == "" || f.Permanent && !r.Permanent {
			r.Permanent, r.Diagnostic = f.Permanent, excerpt.Cut(f.Diagnostic, maxLine)
		}
	}
	if r.From.Address == "" {
		r.From.Address = r.Sender
	}
	r.Key = r.key()
	return r
}

// key identifies the mail at its recipient: by its Message-ID and its author. With the Message-ID alone, a sender that
// knows one could keep a mail from being stored.
func (r Received) key() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%d %s %s", r.TicketID, strings.ToLower(r.From.Address), r.MessageID)))
	return hex.EncodeToString(sum[:])
}

// answered returns the mails that m answers, the most likely one first.
func (m Message) answered() []string {
	all := append([]string{}, m.InReplyTo...)
	for i := len(m.References) - 1; i >= 0; i-- {
		all = append(all, m.References[i])
	}
	kept := all[:0]
	seen := map[string]bool{}
	for _, s := range all {
		if s != "" && len(s) <= maxLine && !seen[s] && len(kept) < maxReferences {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

// text returns the text for the ticket, with the names of the attachments.
func (m Message) text() string {
	listed := slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool { return f.IsInline })
	files := ""
	for i, f := range listed {
		if i == maxFiles {
			files += fmt.Sprintf("\n… and %d more", len(listed)-maxFiles)
			break
		}
		files += fmt.Sprintf("\n[%s, %s]", f.Name, sizeOf(f.Size))
	}
	text := strings.TrimSpace(m.Text)
	if text == "" && files == "" {
		text = "(no text)"
	}
	const note = "\n\n[The e-mail is longer. The original has all of it.]"
	if room := maxText - len(files) - len("\n"); len(text) > room {
		text = excerpt.Cut(text, room-len(note)) + note
	}
	if files != "" {
		text = strings.TrimSpace(text + "\n" + files)
	}
	return text
}

// sizeOf returns a number of bytes for readers.
func sizeOf(n int) string {
	const kilo = 1 << 10
	switch {
	case n < kilo:
		return fmt.Sprintf("%d bytes", n)
	case n < kilo*kilo:
		return fmt.Sprintf("%d KiB", n/kilo)
	default:
		return fmt.Sprintf("%.1f MiB", float64(n)/(kilo*kilo))
	}
}

func first[T any](all []T, n int) []T { return all[:min(n, len(all))] }

// FiledAs returns r after it was filed by a rule.
func (r Received) FiledAs(rule Rule) Received {
	r.Rule, r.Text, r.NextAt = rule, "", nil
	return r
}

// Failed returns r after an attempt to file it failed. It is tried again until it succeeds.
func (r Received) Failed(now time.Time) Received {
	r.Tries++
	next := now.Add(pause(r.Tries, fileFirst, fileLast))
	r.NextAt = &next
	return r
}

// The pauses between attempts to file a mail.
const (
	fileFirst = 5 * time.Second
	fileLast  = 10 * time.Minute
)

// pause returns the pause after a number of failed attempts: it doubles from shortest to longest.
func pause(tries int, shortest, longest time.Duration) time.Duration {
	d := shortest
	for i := 1; i < tries && d < longest; i++ {
		d *= 2
	}
	return min(d, longest)
}
