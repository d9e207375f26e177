// Package tickets owns a website's tickets and their messages: questions that outlive a chat.
//
// It writes the collections tickets_tickets and tickets_messages.
package tickets
