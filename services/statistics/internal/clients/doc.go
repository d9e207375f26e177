// Package clients calls the services that statistics depends on, over their internal HTTP operations: Visitors
// implements statistics.Presence; Log implements statistics.Source for each service whose events are counted.
package clients
