package rules

import (
	"fmt"
	"time"
)

// The objectives over 30 days: Availability is the share of requests at the edge that aren't answered with 5xx, and
// Latency is the share of those that are answered within Threshold.
const (
	Availability = 0.999
	Latency      = 0.99
	Threshold    = "0.25" // seconds, a bucket's bound
)

// meant selects the requests that match a route. Other requests are mostly scans; counting them would hide failures.
const meant = `job="fivechat",component="api-gateway",http_route!="unmatched"`

// timed selects the requests that the latency objective covers. It leaves out exports and imports, whose duration
// depends on their size. The duration of a stream ends when its response begins, so streams are covered.
const timed = meant + `,http_route!~"/export/.*|/operator/.*/export|/conversations/import",` +
	`http_response_status_code!~"5.."`

// guard is the lowest rate, in requests per second, at which a share of failures is meaningful: six per minute.
const guard = "0.1"

// burn is one pair of windows of the SRE workbook's table (chapter 5, "multiwindow, multi-burn-rate alerts"): over
// both, the budget is used Factor times as fast as it may be.
type burn struct {
	Name        string
	Factor      string
	Long, Short string
	For         time.Duration
	Severity    Severity
	Gone        string // when all of the budget is gone at that speed
}

var burns = []burn{
	{"Fast", "14.4", "1h", "5m", 2 * time.Minute, Page, "two days"},
	{"Steady", "6", "6h", "30m", 5 * time.Minute, Page, "five days"},
	{"Slow", "1", "3d", "6h", 3 * time.Hour, Ticket, "a month"},
}

// objectives returns the recorded rates and their alerts. Long windows are sums of the recorded five minutes, because
// the histogram has too many series to be read over days at every evaluation.
func objectives() ([]Record, []Alert) {
	const (
		of      = "fivechat:edge_requests:rate5m"
		bad     = "fivechat:edge_errors:rate5m"
		ofTimed = "fivechat:edge_timed:rate5m"
		slow    = "fivechat:edge_slow:rate5m"
		ratio   = "sum_over_time(%s[%s]) / sum_over_time(%s[%s])"
	)
	records := []Record{
		{of, `sum(rate(http_server_request_duration_seconds_count{` + meant + `}[5m]))`},
		{bad, `sum(rate(http_server_request_duration_seconds_count{` + meant +
			`,http_response_status_code=~"5.."}[5m])) or 0 * ` + of},
		{ofTimed, `sum(rate(http_server_request_duration_seconds_count{` + timed + `}[5m]))`},
		{slow, ofTimed + ` - sum(rate(http_server_request_duration_seconds_bucket{` + timed + `,le="` +
			Threshold + `"}[5m]))`},
		{"fivechat:edge_errors:ratio5m", bad + " / " + of},
		{"fivechat:edge_slow:ratio5m", slow + " / " + ofTimed},
	}
	for _, w := range []string{"30m", "1h", "6h", "3d"} {
		records = append(records,
			Record{"fivechat:edge_requests:rate" + w, fmt.Sprintf("avg_over_time(%s[%s])", of, w)},
			Record{"fivechat:edge_errors:ratio" + w, fmt.Sprintf(ratio, bad, w, of, w)},
			Record{"fivechat:edge_slow:ratio" + w, fmt.Sprintf(ratio, slow, w, ofTimed, w)})
	}
	var alerts []Alert
	for _, b := range burns {
		alerts = append(alerts, b.alert("FivechatEdgeErrors", "fivechat:edge_errors:ratio", 1-Availability, "edge-errors",
			"Requests fail with 5xx", "Visitors and agents see errors; messages aren't sent."))
	}
	for _, b := range burns {
		alerts = append(alerts, b.alert("FivechatEdgeLatency", "fivechat:edge_slow:ratio", 1-Latency, "edge-latency",
			"Too many requests take longer than 250 ms", "The widget and the console feel slow."))
	}
	return records, alerts
}

func (b burn) alert(name, ratio string, budget float64, page, summary, impact string) Alert {
	limit := fmt.Sprintf("%s * %.4g", b.Factor, budget)
	a := Alert{
		Name: name + b.Name, Severity: b.Severity, For: b.For, Runbook: page, Shown: "fivechat-edge", Impact: impact,
		When: []Condition{
			{Value: ratio + b.Long, Op: ">", Bound: limit},
			{Value: ratio + b.Short, Op: ">", Bound: limit},
			{Value: "fivechat:edge_requests:rate" + b.Long, Op: ">", Bound: guard},
		},
		Summary: fmt.Sprintf("%s: {{ $value | humanizePercentage }} over %s; at this rate the month's error budget lasts %s.",
			summary, b.Long, b.Gone),
	}
	if b.Name == "Fast" {
		a.Quiets = []string{name + "Steady", name + "Slow"}
	}
	if b.Name == "Steady" {
		a.Quiets = []string{name + "Slow"}
	}
	return a
}
