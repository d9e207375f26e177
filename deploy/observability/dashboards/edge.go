package dashboards

import (
	"math"

	"fivechat.dev/deploy/observability/rules"
)

// worst is the place of the colour below all limits, where low is bad.
var worst = math.Inf(-1)

const (
	orange = "orange"
	red    = "red"
	green  = "green"
)

func edge() board {
	const requests = `http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",http_route!="unmatched"}`
	const buckets = `http_server_request_duration_seconds_bucket{job="fivechat",component="api-gateway",http_route!="unmatched"}`
	return board{
		uid: edgeUID, title: "Fivechat / Edge", about: "What callers of the public API observe. Begin here if you were paged.",
		rows: []row{
			{"Are callers served?", []panel{
				{title: "Availability", about: "Share of requests that weren't answered with 5xx, over the time shown. The objective is 99.9 %.", unit: "percentunit", kind: number,
					queries: []query{{`1 - sum_over_time(fivechat:edge_errors:rate5m[$__range]) / sum_over_time(fivechat:edge_requests:rate5m[$__range])`, ""}},
					limits:  []limit{{worst, red}, {0.999, orange}, {0.9995, green}}, wide: 4},
				{title: "Within 250 ms", about: "Share of responses within 250 ms, without exports and imports, over the time shown. The objective is 99 %.", unit: "percentunit", kind: number,
					queries: []query{{`1 - sum_over_time(fivechat:edge_slow:rate5m[$__range]) / sum_over_time(fivechat:edge_timed:rate5m[$__range])`, ""}},
					limits:  []limit{{worst, red}, {0.99, orange}, {0.995, green}}, wide: 4},
				{title: "Alerts raised", about: "Number of alerts that fire now. The runbooks explain each.", unit: "none", kind: number,
					queries: []query{{`count(ALERTS{alertname=~"Fivechat.*",alertstate="firing"}) or vector(0)`, ""}},
					limits:  []limit{{1, red}}, wide: 4},
				{title: "Requests", about: "Requests per second, now.", unit: "reqps", kind: number,
					queries: []query{{`fivechat:edge_requests:rate5m`, ""}}, wide: 4},
				{title: "Gateways", about: "Gateways that respond.", unit: "none", kind: number,
					queries: []query{{`sum(up{job="fivechat",component="api-gateway"})`, ""}}, limits: []limit{{worst, red}, {1, green}}, wide: 4},
				{title: "Certificate", about: "Time until the public listener's certificate expires.", unit: "s", kind: number,
					queries: []query{{`min(fivechat_tls_certificate_expiry_seconds{job="fivechat"}) - time()`, ""}},
					limits:  []limit{{worst, red}, {2 * 86400, orange}, {14 * 86400, green}}, wide: 4},
			}},
			{"How fast is the error budget consumed?", []panel{
				{title: "Errors", about: "Share of 5xx by window. Dashed: the thresholds of the fast burn rate (14.4 times the budget) and of the steady one (6 times).", unit: "percentunit",
					queries: []query{{`fivechat:edge_errors:ratio5m`, "5 min"}, {`fivechat:edge_errors:ratio1h`, "1 h"}, {`fivechat:edge_errors:ratio6h`, "6 h"}},
					limits:  []limit{{6 * (1 - rules.Availability), orange}, {14.4 * (1 - rules.Availability), red}}},
				{title: "Slow answers", about: "Share of responses over 250 ms by window. Dashed: the thresholds of the fast and the steady burn rate.", unit: "percentunit",
					queries: []query{{`fivechat:edge_slow:ratio5m`, "5 min"}, {`fivechat:edge_slow:ratio1h`, "1 h"}, {`fivechat:edge_slow:ratio6h`, "6 h"}},
					limits:  []limit{{6 * (1 - rules.Latency), orange}, {14.4 * (1 - rules.Latency), red}}},
			}},
			{"Which requests arrive, and with which result?", []panel{
				{title: "Requests by class", about: "Requests per second by class of route: reading, writing, visitors, ….", unit: "reqps",
					queries: []query{{`sum by (class) (rate(` + requests + `[$__rate_interval]))`, "{{class}}"}}},
				{title: "Requests by status", about: "Requests per second by status.", unit: "reqps",
					queries: []query{{`sum by (http_response_status_code) (rate(` + requests + `[$__rate_interval]))`, "{{http_response_status_code}}"}}},
				{title: "Time to answer", about: "Quantiles over all routes. Points are traces: choose one to see its spans.", unit: "s",
					queries: []query{
						{`histogram_quantile(0.5, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "half"},
						{`histogram_quantile(0.95, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "95 %"},
						{`histogram_quantile(0.99, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "99 %"}},
					limits: []limit{{0.25, orange}}},
				{title: "In progress", about: "Requests in progress, and open event streams.", unit: "none",
					queries: []query{{`sum(http_server_active_requests{job="fivechat",component="api-gateway"})`, "requests"}, {`sum(fivechat_edge_streams{job="fivechat"})`, "streams"}}},
			}},
			{"Which route is it?", []panel{
				{title: "Errors by route", about: "The ten routes with the most 5xx per second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (http_request_method, http_route) (rate(http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",http_response_status_code=~"5.."}[$__rate_interval])) or 0 * sum by (http_request_method, http_route) (rate(` + requests + `[$__rate_interval])))`, "{{http_request_method}} {{http_route}}"}}},
				{title: "Slowest routes", about: "The ten routes with the highest 99th percentile.", unit: "s",
					queries: []query{{`topk(10, histogram_quantile(0.99, sum by (le, http_request_method, http_route) (rate(` + buckets + `[$__rate_interval]))))`, "{{http_request_method}} {{http_route}}"}}},
				{title: "Busiest routes", about: "The ten routes with the most requests.", unit: "reqps",
					queries: []query{{`topk(10, sum by (http_request_method, http_route) (rate(` + requests + `[$__rate_interval])))`, "{{http_request_method}} {{http_route}}"}}},
			}},
			behind(), admitted(),
		},
	}
}

// behind is the row of the services.
func behind() row {
	return row{"Which service is it? (a line links to the service)", []panel{
		{title: "Errors by service", about: "Share of calls that got 5xx or no response.", unit: "percentunit", links: []link{toService("upstream")},
			queries: []query{{`(sum by (upstream) (rate(http_client_request_duration_seconds_count{job="fivechat",component="api-gateway",http_response_status_code=~"5..|error"}[$__rate_interval])) or 0 * sum by (upstream) (rate(http_client_request_duration_seconds_count{job="fivechat",component="api-gateway"}[$__rate_interval]))) / sum by (upstream) (rate(http_client_request_duration_seconds_count{job="fivechat",component="api-gateway"}[$__rate_interval]))`, "{{upstream}}"}}},
		{title: "Time of a service", about: "99th percentile of calls, by service.", unit: "s", links: []link{toService("upstream")},
			queries: []query{{`histogram_quantile(0.99, sum by (le, upstream) (rate(http_client_request_duration_seconds_bucket{job="fivechat",component="api-gateway"}[$__rate_interval])))`, "{{upstream}}"}}},
		{title: "Circuit breakers", about: "0, closed: requests are sent; 1, half open: a few probes are; 2, open: none is.", unit: "none", links: []link{toService("upstream")}, limits: []limit{{1, orange}, {2, red}},
			queries: []query{{`max by (upstream) (fivechat_edge_circuit_state{job="fivechat"})`, "{{upstream}}"}}},
		{title: "Refused and retried", about: "Calls that weren't sent (circuit breaker open, or too many in progress), and retries, per second.", unit: "reqps", links: []link{toService("upstream")},
			queries: []query{{`sum by (upstream) (rate(fivechat_edge_refused_total{job="fivechat"}[$__rate_interval]))`, "refused {{upstream}}"}, {`sum by (upstream) (rate(fivechat_edge_retries_total{job="fivechat"}[$__rate_interval]))`, "again {{upstream}}"}}},
	}}
}

// admitted is the row of callers.
func admitted() row {
	return row{"Which callers are refused?", []panel{
		{title: "Cache hits", about: "Share of lookups that the gateway's caches answered, by cache.", unit: "percentunit",
			queries: []query{{`sum by (cache) (rate(fivechat_edge_cache_lookups_total{job="fivechat",result=~"hit|negative"}[$__rate_interval])) / sum by (cache) (rate(fivechat_edge_cache_lookups_total{job="fivechat",result!="stale"}[$__rate_interval]))`, "{{cache}}"}}},
		{title: "Quotas", about: "Decisions per second. Local ones are made while Redis is unavailable.", unit: "ops",
			queries: []query{{`sum by (outcome, by) (rate(fivechat_ratelimit_decisions_total{job="fivechat"}[$__rate_interval]))`, "{{outcome}} by {{by}}"}}},
		{title: "Refused callers", about: "Requests a second that were refused for their credentials (401, 403) or quotas (429).", unit: "reqps",
			queries: []query{{`sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",http_response_status_code=~"401|403|429"}[$__rate_interval]))`, "{{http_response_status_code}}"}}},
		{title: "Connections to services", about: "Open connections by service and state.", unit: "none", links: []link{toService("server")},
			queries: []query{{`sum by (server, state) (http_client_open_connections{job="fivechat",component="api-gateway"})`, "{{server}} {{state}}"}}},
	}}
}
