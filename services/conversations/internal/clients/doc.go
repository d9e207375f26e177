// Package clients calls the services that conversations depends on, over their internal HTTP operations: Accounts and
// Visitors implement the ports of package conversations. It holds no business rules.
package clients
