package tickets

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/excerpt"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Channel is how a ticket was opened. The zero Channel isn't known.
type Channel string

// The channels.
const (
	ChannelWidget  Channel = "WIDGET"  // the visitor has opened it
	ChannelConsole Channel = "CONSOLE" // an agent
	ChannelAPI     Channel = "API"     // a program
	ChannelEmail   Channel = "EMAIL"   // an e-mail, or a program whose first message came from one
)

// Channels are all channels, in the order of their documentation.
var Channels = []Channel{ChannelWidget, ChannelConsole, ChannelAPI, ChannelEmail}

// AuthorKind is the kind of a message's author.
type AuthorKind string

// The kinds of authors.
const (
	AuthorRequester AuthorKind = "REQUESTER" // the message came from an e-mail
	AuthorUser      AuthorKind = "USER"      // an agent
	AuthorProgram   AuthorKind = "PROGRAM"   // a program, in no agent's name
)

// AuthorKind returns the kind of the message's author.
func (m Message) AuthorKind() AuthorKind {
	switch {
	case m.AuthorID != nil:
		return AuthorUser
	case m.IsFromEmail:
		return AuthorRequester
	default:
		return AuthorProgram
	}
}

// Excerpt is the beginning of a message, for lists.
type Excerpt struct {
	Content    string      `bson:"content"` // at most excerpt.MaxBytes, in one line
	Type       MessageType `bson:"messageType"`
	AuthorKind AuthorKind  `bson:"authorKind"`
	UserID     *id.User    `bson:"userId,omitempty"`
	CreatedAt  time.Time   `bson:"createdAt"`
}

func (m Message) excerpt() Excerpt {
	return Excerpt{excerpt.Of(m.Content), m.Type, m.AuthorKind(), m.AuthorID, m.CreatedAt}
}

// Excerpt returns the beginning of the description in one line.
func (t Ticket) Excerpt() string { return excerpt.Of(t.Description) }

// ranks are the priorities, as factors of rank.
var ranks = map[Priority]int64{PriorityLow: 1, PriorityMedium: 2, PriorityHigh: 3, PriorityUrgent: 4}

// rank is more milliseconds than pass before the year 3000. Four of them end before the year 10000, the last one of a
// cursor.
const rank = 1 << 45

// PlaceByPriority returns the ticket's place in the order of priorities: the time of its creation, a rank later for
// each higher priority. So one field of an index has the whole order, and a cursor continues in it as in the others.
func (t Ticket) PlaceByPriority() time.Time {
	return time.UnixMilli(t.CreatedAt.UnixMilli() + ranks[t.Priority]*rank).UTC()
}

// KeyIn implements the orders of lists by last change and by priority.
func (t Ticket) KeyIn(order paging.Order) (time.Time, int64) {
	at := t.UpdatedAt
	if order == paging.Urgent {
		at = t.Urgency
	}
	return at, int64(t.ID)
}

// Requester is the author of a ticket: a visitor, an e-mail address, or both.
type Requester struct {
	VisitorToken *string
	Name         *string
	Email        *string
	Verified     bool // the website's backend has signed the visitor's identity
}

// Requester returns the ticket's author. The ticket's own e-mail address comes before that of the visitor, and the
// visitor's name before the one in the e-mail that opened the ticket.
func (d Detail) Requester() Requester {
	r := Requester{Email: d.Email, Name: d.RequesterName}
	v := d.Visitor
	if v == nil {
		return r
	}
	r.VisitorToken, r.Name = &v.Token, &v.Name
	if i := v.Identity; i != nil {
		r.Verified = i.Verified
		if i.Name != nil {
			r.Name = i.Name
		}
		if r.Email == nil {
			r.Email = i.Email
		}
	}
	return r
}

// Counts is how many tickets the views of a list have.
type Counts struct {
	Mine       *int64 // active; nil for a program, which is no user
	Unassigned int64  // active
	Active     int64  // new, open or pending
	Urgent     int64  // active, with the priority URGENT
	ByStatus   map[Status]int64
}

// add counts n tickets with these values. me is 0 for a program.
func (c *Counts) add(me id.User, status Status, priority Priority, assignee *id.User, n int64) {
	c.ByStatus[status] += n
	if status == StatusResolved || status == StatusClosed {
		return
	}
	c.Active += n
	if priority == PriorityUrgent {
		c.Urgent += n
	}
	switch {
	case assignee == nil:
		c.Unassigned += n
	case c.Mine != nil && *assignee == me:
		*c.Mine += n
	}
}

// Counts returns the number of tickets of each view for the user me, or for a program, which is 0.
func (s *Service) Counts(ctx context.Context, t tenant.ID, me id.User) (Counts, error) {
	c := Counts{ByStatus: map[Status]int64{}}
	if me != 0 {
		c.Mine = new(int64)
	}
	err := s.store.EachCount(ctx, t, func(status Status, priority Priority, assignee *id.User, n int64) {
		c.add(me, status, priority, assignee, n)
	})
	return c, err
}
