// Package statistics owns a website's counters and histories.
//
// Begin with Counters, Bucket and Project, which computes what events add to them. The package is driven by events
// alone: it follows the logs of conversations and visitors. Invariant: each event counts exactly once, because sums and
// positions are written in one transaction.
//
// Counters are sums over all time. Buckets are sums per quarter of an hour, of the website and of each agent, one row a
// day. A history adds up buckets and never reads the counted objects. Recount compares the counters with the rows of
// their sources.
//
// The package isn't for monitoring the system (see libs/observe/telemetry). It writes the collections
// statistics_counters, statistics_days, statistics_agent_days, statistics_positions and statistics_rounds.
package statistics
