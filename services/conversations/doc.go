// Package conversations owns what visitors and agents write to each other: conversations, their messages, ratings,
// typing notifications, and each website's catalogue of tags. It isn't for visitors and agents themselves: other
// services own them, and Accounts and Visitors read them from there.
//
// Begin with Conversation and Message, the domain types; Service has the use cases, and Store is what it needs of a
// database.
//
// Invariant: every message changes its conversation in the same transaction, which gives the message its number. So
// messages of one conversation are numbered in the order of their commits, and a reader that asks for the messages
// after a number never misses one.
//
// The service writes the collections conversations_conversations, conversations_messages, conversations_notes,
// conversations_drafts (unsent texts), conversations_tags, conversations_erased (sums over erased conversations),
// conversations_queues (the state of automatic assignment) and its outbox.
package conversations
