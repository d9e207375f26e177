// Package timestamp formats times as the API does.
package timestamp

import "time"

// Layout is RFC 3339 with milliseconds and a literal Z. Use it with times in UTC only.
const Layout = "2006-01-02T15:04:05.000Z"

// Format returns t, converted to UTC, in Layout.
func Format(t time.Time) string { return t.UTC().Format(Layout) }
