// Package clients calls the services that mail depends on, over their internal HTTP operations: Accounts and Tickets
// implement the ports of package mail. It holds no business rules.
package clients
