// Package id has a type for the id of each kind of resource, so that a ticket's id passed for a conversation's doesn't
// compile. All are named int64: JSON and BSON are those of the number. Ids are positive; zero is no id, the value of a
// field whose resource doesn't exist or has not been stored yet. A website's id is tenant.ID.
package id

// Visitor is a visitor's id.
type Visitor int64

// Conversation is a conversation's id.
type Conversation int64

// Message is the id of a message in a conversation.
type Message int64

// Note is the id of a private note on a conversation.
type Note int64

// VisitorNote is the id of a private note about a visitor.
type VisitorNote int64

// Ticket is a ticket's id.
type Ticket int64

// TicketMessage is the id of a message in a ticket.
type TicketMessage int64

// Mail is the id of a received or sent e-mail.
type Mail int64

// WorkspaceItem is the id of a canned reply, a saved view or a macro.
type WorkspaceItem int64

// Team is the id of a group of a website's users.
type Team int64

// User is the id of a user, who answers for a website.
type User int64

// Person is the id of a person who can sign in.
type Person int64

// Session is the id of a person's session, which is no secret.
type Session int64

// Passkey is the id of a person's passkey, which is no secret.
type Passkey int64

// Membership is the id of a person's membership in a website.
type Membership int64

// Invitation is the id of an invitation to a website.
type Invitation int64

// IdentitySecret is the id of a secret that signs who a website's visitors are.
type IdentitySecret int64

// Token is the id of an API token.
type Token int64

// Webhook is a webhook's id.
type Webhook int64

// Delivery is the id of an event's delivery to a webhook.
type Delivery int64

// File is the id of a stored file.
type File int64
