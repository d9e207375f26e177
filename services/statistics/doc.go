// Package statistics owns a website's counters. It is fed by events alone: it follows the logs of conversations and
// visitors, and each event counts exactly once.
//
// It writes the collections statistics_counters and statistics_positions.
package statistics
