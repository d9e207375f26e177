// Package timestamp writes times as the API writes them.
package timestamp

import "time"

// Layout is RFC 3339 in UTC with milliseconds and Z, for time.Time.Format of a time in UTC.
const Layout = "2006-01-02T15:04:05.000Z"

// Format returns t in UTC as Layout writes it.
func Format(t time.Time) string { return t.UTC().Format(Layout) }
