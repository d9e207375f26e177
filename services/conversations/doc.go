// Package conversations owns what visitors and agents say to one another: conversations, their messages, ratings,
// typing, and the website's catalogue of tags.
//
// It writes the collections conversations_conversations, conversations_messages, conversations_tags, conversations_erased
// (sums of those that are gone) and its outbox.
// Every message changes its conversation in the same transaction, which gives it its place: messages of one
// conversation are numbered in the order of their commits, so a reader that asks for what came after a number never
// misses one.
package conversations
