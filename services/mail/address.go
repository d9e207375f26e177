package mail

import (
	"crypto/rand"
	"crypto/subtle"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Address is a website's own e-mail address. Mail to it opens tickets.
type Address struct {
	WebsiteID tenant.ID `bson:"websiteId"`
	Secret    string    `bson:"secret"` // part of the address, so that other websites' addresses can't be guessed
	CreatedAt time.Time `bson:"createdAt"`
}

// NewAddress returns an address with a random secret.
func NewAddress(t tenant.ID, now time.Time) Address {
	return Address{WebsiteID: t, Secret: strings.ToLower(rand.Text()[:16]), CreatedAt: now}
}

// At returns the address at a domain.
func (a Address) At(domain string) string {
	return websitePrefix + a.WebsiteID.String() + "-" + a.Secret + "@" + domain
}

const websitePrefix = "website-"

// forms are those of addresses' local parts. The service tickets makes those of tickets.
var (
	ticketForm  = regexp.MustCompile(`^ticket-[1-9][0-9]{0,15}-[a-z0-9]{16}$`)
	websiteForm = regexp.MustCompile(`^website-([1-9][0-9]{0,15})-([a-z0-9]{16})$`)
)

// recipient is the address of a mail as its form says. Whether there is such a ticket or website isn't known yet.
type recipient struct {
	ticket  string    // the ticket's address without a suffix; "" for a website's
	website tenant.ID // of a website's address
	secret  string
}

// parseRecipient reads an address at domain. Letter case and a suffix (+anything) of the local part don't matter.
func parseRecipient(address, domain string) (recipient, bool) {
	local, at, _ := cutAddress(strings.ToLower(address))
	if at != strings.ToLower(domain) {
		return recipient{}, false
	}
	local, _, _ = strings.Cut(local, "+")
	if ticketForm.MatchString(local) {
		return recipient{ticket: local + "@" + domain}, true
	}
	m := websiteForm.FindStringSubmatch(local)
	if m == nil {
		return recipient{}, false
	}
	t, err := tenant.Parse(m[1])
	return recipient{website: t, secret: m[2]}, err == nil
}

// cutAddress splits an address at its last @.
func cutAddress(address string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, "", false
	}
	return address[:i], address[i+1:], true
}

// has reports whether a secret is that of the address.
func (a Address) has(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(a.Secret), []byte(secret)) == 1
}

// Target is what a recipient's address leads to: a ticket, or, if TicketID is zero, the website itself.
type Target struct {
	WebsiteID tenant.ID
	TicketID  id.Ticket
}

// tokenLength is how many characters of a ticket's address its token in subjects has.
const tokenLength = 8

var tokenForm = regexp.MustCompile(`\[#([1-9][0-9]{0,15})-([a-z0-9]{8})\]`)

// SubjectToken returns the mark of a ticket for the subjects of its mails, like [#123-k7x2abcd], or "" if address isn't
// that of a ticket. Replies keep it if a program drops all other headers of a thread.
func SubjectToken(address string) string {
	local, _, _ := cutAddress(address)
	parts := strings.Split(local, "-")
	if !ticketForm.MatchString(local) {
		return ""
	}
	return "[#" + parts[1] + "-" + parts[2][:tokenLength] + "]"
}

// ticketOf returns the ticket that a token names. Whether the token is right isn't known yet.
func ticketOf(token string) id.Ticket {
	n, _ := strconv.ParseInt(tokenForm.FindStringSubmatch(token)[1], 10, 64) // the form has at most 16 digits
	return id.Ticket(n)
}

// tokensOf returns the tokens in a subject, at most three.
func tokensOf(subject string) []string {
	const most = 3
	return tokenForm.FindAllString(strings.ToLower(subject), most)
}
