// Package clients calls the services that tickets depends on, over their internal HTTP operations: Accounts, Visitors
// and Conversations implement the ports of package tickets. It holds no business rules.
package clients
