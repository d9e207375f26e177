// Package timestamp keeps times as the API and the database do: in UTC, with milliseconds.
package timestamp

import "time"

// Layout is RFC 3339 with milliseconds and a literal Z. Use it with times in UTC only.
const Layout = "2006-01-02T15:04:05.000Z"

// Format returns t, converted to UTC, in Layout.
func Format(t time.Time) string { return t.UTC().Format(Layout) }

// Of returns t in UTC, truncated to milliseconds, the precision of the database: a time that is read back is equal.
func Of(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Clock returns a clock that reads now, by Of. Services pass it time.Now, and tests a clock of their own.
func Clock(now func() time.Time) func() time.Time {
	return func() time.Time { return Of(now()) }
}
