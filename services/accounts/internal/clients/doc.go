// Package clients calls the other services, a file for each: Widgets, Visitors and Statistics. DataHolder calls any of
// them for exports and erasures. All implement ports of package accounts.
package clients
