// Package statistics owns a website's counters and histories. It is fed by events alone: it follows the logs of
// conversations and visitors, and each event counts exactly once.
//
// Counters are sums since ever. Buckets are sums by the quarter of an hour, of the website and of each agent, a row a day;
// a history adds them up and never looks at what they count. A recount compares the counters with their sources' rows.
//
// It writes the collections statistics_counters, statistics_days, statistics_agent_days, statistics_positions and
// statistics_rounds.
package statistics
