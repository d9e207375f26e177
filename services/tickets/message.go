package tickets

import (
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// MessageType is the channel that a message arrived by.
type MessageType = contract.TicketMessageType

// The types of a message.
const (
	TypeEmail = contract.TicketMessageTypeEmail
	TypeChat  = contract.TicketMessageTypeChat
	TypeNote  = contract.TicketMessageTypeNote
)

// Message is one message of a ticket.
type Message struct {
	ID             id.TicketMessage `bson:"_id"`
	WebsiteID      tenant.ID        `bson:"websiteId"`
	TicketID       id.Ticket        `bson:"ticketId"`
	Type           MessageType      `bson:"messageType"`
	Content        string           `bson:"content"`
	EmailMessageID *string          `bson:"emailMessageId,omitempty"`
	SenderEmail    *string          `bson:"senderEmail"`
	SenderName     *string          `bson:"senderName,omitempty"` // of an e-mail that the service mail has filed
	IsFromEmail    bool             `bson:"isFromEmail"`
	AuthorID       *id.User         `bson:"authorId"`
	InReplyTo      *string          `bson:"inReplyTo"`
	References     *string          `bson:"references"`
	Subject        *string          `bson:"subject"`
	CreatedAt      time.Time        `bson:"createdAt"`
}

// Post is the input for a new message. A nil member was not given.
type Post struct {
	Content                                                           string
	Type, EmailMessageID, SenderEmail, InReplyTo, References, Subject *string
	IsFromEmail                                                       bool
	AuthorID                                                          *id.User
}

// The longest members of an e-mail, in bytes. RFC 5322 limits a line to 998.
const (
	maxLine       = 998
	maxReferences = 16 << 10
)

// The bounds of a ticket's messages, so that it can be read as a whole.
const (
	maxMessages     = 10_000
	maxMessageBytes = 16 << 20
)

// Validate reports every invalid member.
func (p Post) Validate() error {
	var wrong fault.Problems
	switch {
	case strings.TrimSpace(p.Content) == "":
		wrong.Add("content", "is required and must not be blank")
	case len(p.Content) > maxText:
		wrong.Add("content", "must be at most "+strconv.Itoa(maxText)+" bytes")
	}
	wrong.Check(p.Type == nil || MessageType(*p.Type).Valid(), "messageType", "must be one of EMAIL, CHAT, NOTE")
	for _, m := range []struct {
		name  string
		value *string
		most  int
	}{
		{
			"emailMessageId", p.EmailMessageID, maxLine,
		},
		{"senderEmail", p.SenderEmail, maxLine},
		{"inReplyTo", p.InReplyTo, maxLine},
		{"references", p.References, maxReferences},
		{"subject", p.Subject, maxLine},
	} {
		wrong.Check(m.value == nil || len(*m.value) <= m.most, m.name, "must be at most "+strconv.Itoa(m.most)+" bytes")
	}
	checkUser("authorId", p.AuthorID, &wrong)
	return wrong.Err()
}

// message makes the message of a valid post. The default of its type is EMAIL if it has members of an e-mail, otherwise
// CHAT.
func (p Post) message(t tenant.ID, ticket id.Ticket, number id.TicketMessage, now time.Time) Message {
	m := Message{
		ID:             number,
		WebsiteID:      t,
		TicketID:       ticket,
		Type:           TypeChat,
		Content:        p.Content,
		EmailMessageID: p.EmailMessageID,
		SenderEmail:    p.SenderEmail,
		IsFromEmail:    p.IsFromEmail,
		AuthorID:       p.AuthorID,
		InReplyTo:      p.InReplyTo,
		References:     p.References,
		Subject:        p.Subject,
		CreatedAt:      now,
	}
	switch {
	case p.Type != nil:
		m.Type = MessageType(*p.Type)
	case p.IsFromEmail, m.MailID() != "":
		m.Type = TypeEmail
	}
	return m
}

// MailID returns the Message-ID of the e-mail that the message is, or "" if it is none.
func (m Message) MailID() string {
	if m.EmailMessageID == nil {
		return ""
	}
	return *m.EmailMessageID
}

// size is what the message counts towards maxMessageBytes.
func (m Message) size() int64 {
	n := len(m.Content)
	for _, s := range []*string{m.EmailMessageID, m.SenderEmail, m.SenderName, m.InReplyTo, m.References, m.Subject} {
		if s != nil {
			n += len(*s)
		}
	}
	return int64(n)
}

// with returns t with one more message, or a Conflict if it is full.
func (t Ticket) with(m Message) (Ticket, error) {
	if t.MessageCount >= maxMessages || t.MessageBytes+m.size() > maxMessageBytes {
		return t, fault.Coded(fault.Conflict, "ticket_full", "the ticket holds no more messages: open another one")
	}
	t.MessageCount++
	t.MessageBytes += m.size()
	if m.Type != TypeNote {
		answer := m.excerpt()
		t.LastAnswer = &answer
	}
	if t.MessageCount == 1 && m.IsFromEmail && t.Channel == ChannelAPI { // a mail gateway has opened the ticket
		t.Channel = ChannelEmail
	}
	t = t.withMessage(m.Content)
	t.UpdatedAt = m.CreatedAt
	return t, nil
}
