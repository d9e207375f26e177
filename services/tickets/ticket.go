package tickets

import (
	"crypto/rand"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Status is the state of a ticket. Any status may follow any other.
type Status = contract.TicketStatus

// The statuses.
const (
	StatusNew      = contract.TicketStatusNew
	StatusOpen     = contract.TicketStatusOpen
	StatusPending  = contract.TicketStatusPending
	StatusResolved = contract.TicketStatusResolved
	StatusClosed   = contract.TicketStatusClosed
)

// Priority is the urgency of a ticket.
type Priority = contract.TicketPriority

// The priorities.
const (
	PriorityLow    = contract.TicketPriorityLow
	PriorityMedium = contract.TicketPriorityMedium
	PriorityHigh   = contract.TicketPriorityHigh
	PriorityUrgent = contract.TicketPriorityUrgent
)

// Ticket is one question with its state.
type Ticket struct {
	ID                 id.Ticket        `bson:"_id"`
	WebsiteID          tenant.ID        `bson:"websiteId"`
	VisitorID          *id.Visitor      `bson:"visitorId"`
	ConversationID     *id.Conversation `bson:"conversationId"`
	Title              string           `bson:"title"`
	Description        string           `bson:"description"`
	Status             Status           `bson:"status"`
	Priority           Priority         `bson:"priority"`
	AssigneeID         *id.User         `bson:"assigneeId"`
	Email              *string          `bson:"email"`
	UniqueEmailAddress string           `bson:"uniqueEmailAddress"` // e-mail to it belongs to this ticket
	LanguageCode       string           `bson:"languageCode"`
	Summary            *string          `bson:"summary"`
	Tags               []string         `bson:"tags"`
	CreatedAt          time.Time        `bson:"createdAt"`
	UpdatedAt          time.Time        `bson:"updatedAt"`
	MessageCount       int64            `bson:"messageCount"`
	MessageBytes       int64            `bson:"messageBytes"`
	Version            int64            `bson:"version"` // counts changes, including new messages
	Search             Search           `bson:"search"`  // not loaded for lists
	// How it was opened, its last message that isn't a note, and its place in the order of priorities. A ticket that was
	// stored before these has the first never, the second from its next message on, and the third once a background task
	// has set it.
	Channel    Channel   `bson:"channel,omitempty"`
	LastAnswer *Excerpt  `bson:"lastAnswer,omitempty"`
	Urgency    time.Time `bson:"urgency,omitempty"`
	// Of a ticket that an e-mail has opened: the Message-ID, and the name of its sender if it had one.
	OpenedBy      *string `bson:"openedBy,omitempty"`
	RequesterName *string `bson:"requesterName,omitempty"`
}

// SortKey is the ticket's position in a newest-first list.
func (t Ticket) SortKey() (time.Time, int64) { return t.CreatedAt, int64(t.ID) }

// ChangeKey is the ticket's position in the order of changes.
func (t Ticket) ChangeKey() (time.Time, int64) { return t.UpdatedAt, int64(t.ID) }

// Revision is the version of the ticket with its messages.
func (t Ticket) Revision() version.Of { return version.Of{ID: int64(t.ID), Version: t.Version} }

// Draft is the input for a new ticket. A nil member was not given.
type Draft struct {
	Title, Description              string
	Email, Priority, LanguageCode   *string
	VisitorToken, ConversationToken *string
	AssigneeID                      *id.User
	Channel                         Channel // how it is opened
}

// The longest texts: title in characters, the others in bytes.
const (
	maxTitle    = 255
	maxText     = 64 << 10
	maxEmail    = 254
	maxLanguage = 35
)

var language = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// Validate reports every invalid member.
func (d Draft) Validate() error {
	var wrong fault.Problems
	checkTitle(d.Title, &wrong)
	checkDescription(d.Description, &wrong)
	if d.Email != nil {
		checkEmail(*d.Email, &wrong)
	}
	if d.Priority != nil {
		checkPriority(*d.Priority, &wrong)
	}
	if d.LanguageCode != nil {
		l := *d.LanguageCode
		wrong.Check(
			len(l) <= maxLanguage && language.MatchString(l), "languageCode",
			"must be a language code like en or pt-BR",
		)
	}
	if d.VisitorToken != nil {
		checkVisitorToken(*d.VisitorToken, &wrong)
	}
	if d.ConversationToken != nil {
		wrong.Check(publictoken.WellFormed(*d.ConversationToken), "conversationToken", unknownConversation)
	}
	checkUser("assigneeId", d.AssigneeID, &wrong)
	return wrong.Err()
}

// The errors of an invalid reference. They are the same if its form is wrong, if the object doesn't exist, and if it
// belongs to another website.
const (
	unknownVisitor      = "is not a visitor of this website"
	unknownConversation = "is not a conversation of this website"
	unknownUser         = "is not a user of this website"
)

// ticket makes the ticket of a valid draft, with an e-mail address of its own at domain.
func (d Draft) ticket(t tenant.ID, number id.Ticket, domain string, now time.Time) Ticket {
	made := Ticket{
		ID:           number,
		WebsiteID:    t,
		Title:        d.Title,
		Description:  d.Description,
		Status:       StatusNew,
		Priority:     PriorityMedium,
		AssigneeID:   d.AssigneeID,
		Email:        d.Email,
		LanguageCode: "en",
		Tags:         []string{},
		CreatedAt:    now,
		UpdatedAt:    now,
		Channel:      d.Channel,
		UniqueEmailAddress: "ticket-" + strconv.FormatInt(int64(number), 10) + "-" + strings.ToLower(rand.Text()[:16]) + "@" +
			domain,
	}
	if d.Priority != nil {
		made.Priority = Priority(*d.Priority)
	}
	if d.LanguageCode != nil {
		made.LanguageCode = *d.LanguageCode
	}
	made.Urgency = made.PlaceByPriority()
	return made.indexed()
}

// asMessages returns the ticket's text as one message of at most maxText bytes, the limit of conversations, or as two
// if title and description don't fit into one. The ticket's number shows readers that the text was filed as a ticket
// and not written in the chat: filing needs only the visitor's token.
func (t Ticket) asMessages() []string {
	head := "Ticket " + strconv.FormatInt(int64(t.ID), 10) + ": " + t.Title
	if t.Email != nil {
		head += "\n" + *t.Email
	}
	whole := head + "\n\n" + t.Description
	switch {
	case strings.TrimSpace(t.Description) == "":
		return []string{head}
	case len(whole) > maxText:
		return []string{head, t.Description}
	default:
		return []string{whole}
	}
}

func checkTitle(s string, wrong *fault.Problems) {
	switch {
	case strings.TrimSpace(s) == "":
		wrong.Add("title", "is required and must not be blank")
	case utf8.RuneCountInString(s) > maxTitle:
		wrong.Add("title", "must be at most "+strconv.Itoa(maxTitle)+" characters")
	}
}

func checkDescription(s string, wrong *fault.Problems) {
	wrong.Check(len(s) <= maxText, "description", "must be at most "+strconv.Itoa(maxText)+" bytes")
}

func checkEmail(s string, wrong *fault.Problems) {
	a, err := mail.ParseAddress(s)
	wrong.Check(err == nil && a.Address == s && len(s) <= maxEmail, "email", "must be an e-mail address")
}

func checkPriority(s string, wrong *fault.Problems) {
	wrong.Check(Priority(s).Valid(), "priority", "must be one of LOW, MEDIUM, HIGH, URGENT")
}

func checkStatus(s string, wrong *fault.Problems) {
	wrong.Check(Status(s).Valid(), "status", "must be one of NEW, OPEN, PENDING, RESOLVED, CLOSED")
}

func checkVisitorToken(s string, wrong *fault.Problems) {
	wrong.Check(publictoken.WellFormed(s), "visitorToken", unknownVisitor)
}

func checkUser(name string, user *id.User, wrong *fault.Problems) {
	wrong.Check(user == nil || (*user > 0 && *user < 1<<53), name, unknownUser)
}
