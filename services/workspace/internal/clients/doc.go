// Package clients implements ports of package workspace by calling other services over HTTP. The package holds no
// business rules.
package clients
