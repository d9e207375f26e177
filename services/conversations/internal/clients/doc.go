// Package clients calls the services that conversations depends on, over their internal HTTP operations: Accounts,
// Visitors and Files implement the ports of package conversations. It holds no business rules.
package clients
