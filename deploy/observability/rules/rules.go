// Package rules holds what Prometheus records and alerts on: recorded rates and ratios, and alerts.
// They are Go values in one place, so that the committed file, its tests and the runbooks cannot drift apart.
//
// The metrics are those of docs/metrics.md. Every target carries job="fivechat" and component=…, which the scrape
// configuration adds.
package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Severity states how urgent an alert is.
type Severity string

// A page needs action now: requests of users fail, or data may be lost. A ticket waits for working hours.
const (
	Page   Severity = "page"
	Ticket Severity = "ticket"
)

// Condition is one comparison of an alert. Value gives data as long as the system runs, whether it is well or not.
type Condition struct {
	Value string // PromQL, with times as they are where a minute is a minute
	Op    string // >, <, >= or ==
	Bound string // PromQL of a number
	On    string // with which labels it is joined to the conditions before it; "" joins on none
}

// Alert is one alert. All its conditions have to hold.
type Alert struct {
	Name     string
	Severity Severity
	When     []Condition
	For      time.Duration // how long they have to hold
	Summary  string        // one line; may use the labels of the first condition
	Impact   string        // what users or operators notice
	Runbook  string        // the name of its page in docs/runbooks, without .md
	Shown    string        // the uid of the dashboard that shows it
	Quiets   []string      // alerts that say nothing new while this one is raised
}

// Record is a value that Prometheus computes ahead.
type Record struct{ Name, Expr string }

// Group is evaluated together and in order, every Every.
type Group struct {
	Name    string
	Every   time.Duration
	Records []Record
	Alerts  []Alert
}

// Groups gives all of it.
func Groups() []Group {
	slo, availability := objectives()
	return []Group{
		{Name: "fivechat-objectives", Every: 30 * time.Second, Records: slo, Alerts: availability},
		{Name: "fivechat-components", Every: 30 * time.Second, Alerts: components()},
		{Name: "fivechat-stores", Every: 30 * time.Second, Alerts: stores()},
		{Name: "fivechat-saturation", Every: 30 * time.Second, Alerts: saturation()},
		{Name: "fivechat-events", Every: 30 * time.Second, Alerts: eventAlerts()},
		{Name: "fivechat-webhooks", Every: 30 * time.Second, Alerts: webhooks()},
		{Name: "fivechat-mail", Every: 30 * time.Second, Alerts: mails()},
		{Name: "fivechat-files", Every: 30 * time.Second, Alerts: files()},
		{Name: "fivechat-certificates", Every: 5 * time.Minute, Alerts: certificates()},
	}
}

// Alerts gives the alerts of all groups.
func Alerts() []Alert {
	var all []Alert
	for _, g := range Groups() {
		all = append(all, g.Alerts...)
	}
	return all
}

// Expr is the alert's expression where minute is how long a minute lasts.
func (a Alert) Expr(minute time.Duration) string {
	var b strings.Builder
	for i, c := range a.When {
		if i > 0 {
			fmt.Fprintf(&b, "\nand on (%s) ", c.On)
		}
		fmt.Fprintf(&b, "(%s %s %s)", c.Value, c.Op, c.Bound)
	}
	return Scale(b.String(), minute)
}

var ranges = regexp.MustCompile(`\[(\d+)([smhd])\]`)

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// Scale returns an expression whose ranges are scaled to a minute that lasts as long as minute. Nothing else in it
// changes: bounds in seconds stay seconds.
func Scale(expr string, minute time.Duration) string {
	return ranges.ReplaceAllStringFunc(expr, func(r string) string {
		m := ranges.FindStringSubmatch(r)
		n, _ := strconv.Atoi(m[1]) // digits, by the expression
		return "[" + Duration(time.Duration(n)*units[m[2]], minute) + "]"
	})
}

// Duration formats d for Prometheus, scaled to a minute that lasts as long as minute.
func Duration(d, minute time.Duration) string {
	ms := d.Milliseconds() * minute.Milliseconds() / time.Minute.Milliseconds()
	for _, u := range []struct {
		name string
		ms   int64
	}{{"d", 86_400_000}, {"h", 3_600_000}, {"m", 60_000}, {"s", 1000}} {
		if ms > 0 && ms%u.ms == 0 {
			return fmt.Sprint(ms/u.ms, u.name)
		}
	}
	return fmt.Sprint(ms, "ms")
}

// Runbooks gives the names of all pages that alerts lead to, each once.
func Runbooks() []string {
	var all []string
	for _, a := range Alerts() {
		all = append(all, a.Runbook)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
