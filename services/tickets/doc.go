// Package tickets owns a website's tickets and their messages: questions that outlive a chat.
//
// Begin with Ticket, Detail (a ticket with the objects that it refers to) and Service, the use cases. Invariants: a
// ticket and its event are written in one transaction, and a ticket's messages never outlive it. References to other
// services are checked when they are set; an object that is later removed is shown as null.
//
// The package isn't for chats: those belong to conversations. It writes the collections tickets_tickets and
// tickets_messages.
package tickets
