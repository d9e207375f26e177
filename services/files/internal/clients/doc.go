// Package clients calls the services accounts and conversations. Begin with Accounts and Conversations.
package clients
