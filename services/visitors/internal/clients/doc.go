// Package clients calls the services that visitors depends on, over their internal HTTP operations: Accounts, Widgets,
// Conversations and Statistics implement the ports of package visitors. It holds no business rules.
package clients
