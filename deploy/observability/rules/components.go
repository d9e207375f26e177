package rules

import (
	"strings"
	"time"
)

// up is, by component, 1 if a replica responds, else 0. A component without targets that had one within the last hour
// has 0 too.
const up = `(max by (component) (up{job="fivechat"%s})` +
	` or 0 * max by (component) (max_over_time(up{job="fivechat"%s}[1h])))`

// within puts what into each %s of a piece of PromQL.
func within(expr, what string) string { return strings.ReplaceAll(expr, "%s", what) }

func components() []Alert {
	return []Alert{
		{
			Name: "FivechatEdgeDown", Severity: Page, For: 2 * time.Minute, Runbook: "edge-down", Shown: "fivechat-edge",
			When:    []Condition{{Value: within(up, `,component="api-gateway"`), Op: "==", Bound: "0"}},
			Summary: "No gateway responds.", Impact: "Nothing works for any user: no widget, no console, no API.",
			Quiets: []string{"FivechatReplicaDown"},
		},
		{
			Name: "FivechatComponentDown", Severity: Ticket, For: 5 * time.Minute, Runbook: "component-down",
			Shown:   "fivechat-services",
			When:    []Condition{{Value: within(up, `,component!="api-gateway"`), Op: "==", Bound: "0"}},
			Summary: "No replica of {{ $labels.component }} responds.",
			Impact: "Operations of this service fail with 503. If it has a large share of the traffic, " +
				"FivechatEdgeErrorsFast pages.",
			Quiets: []string{"FivechatCircuitOpen", "FivechatFollowerStalled", "FivechatReplicaDown"},
		},
		{
			Name: "FivechatReplicaDown", Severity: Ticket, For: 5 * time.Minute, Runbook: "replica-down",
			Shown: "fivechat-services",
			When: []Condition{
				{Value: `up{job="fivechat"}`, Op: "==", Bound: "0"},
				{Value: `max by (component) (up{job="fivechat"})`, Op: "==", Bound: "1", On: "component"},
			},
			Summary: "A replica of {{ $labels.component }}, {{ $labels.instance }}, doesn't respond; others do.",
			Impact:  "None, as long as the other replicas can process the load.",
		},
		{
			Name: "FivechatRestarting", Severity: Ticket, Runbook: "restarting", Shown: "fivechat-services",
			When: []Condition{{
				Value: `max by (component) (changes(process_start_time_seconds{job="fivechat"}[15m]))`,
				Op:    ">=", Bound: "3",
			}},
			Summary: "A replica of {{ $labels.component }} started {{ $value }} times within 15 minutes.",
			Impact:  "Requests in progress fail or are retried; event streams end and resume.",
		},
		{
			Name: "FivechatPanics", Severity: Ticket, Runbook: "panics", Shown: "fivechat-services",
			When: []Condition{{
				Value: `sum by (component) (increase(fivechat_panics_total{job="fivechat"}[15m]))`,
				Op:    ">", Bound: "0",
			}},
			Summary: "{{ $labels.component }} panicked and continued.",
			Impact:  "One request failed with 500 for each panic. A panic is always a bug.",
		},
	}
}
