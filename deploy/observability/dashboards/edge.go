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
	const requests = `http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",` +
		`http_route!="unmatched"}`
	const failed = `http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",` +
		`http_response_status_code=~"5.."}`
	const route = "http_request_method, http_route"
	const buckets = `http_server_request_duration_seconds_bucket{job="fivechat",component="api-gateway",` +
		`http_route!="unmatched"}`
	return board{
		uid: edgeUID, title: "Fivechat / Edge",
		about: "What callers of the public API observe. Begin here if you were paged.",
		rows: []row{
			served(), consumed(),
			{"Which requests arrive, and with which result?", []panel{
				{
					title: "Requests by class", unit: "reqps",
					about:   "Requests per second by class of route: reading, writing, visitors, ….",
					queries: []query{{`sum by (class) (rate(` + requests + `[$__rate_interval]))`, "{{class}}"}},
				},
				{
					title: "Requests by status", about: "Requests per second by status.", unit: "reqps",
					queries: []query{{rate("http_response_status_code", requests), "{{http_response_status_code}}"}},
				},
				{
					title: "Time to answer", unit: "s",
					about: "Quantiles over all routes. Points are traces: choose one to see its spans.",
					queries: []query{
						{`histogram_quantile(0.5, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "half"},
						{`histogram_quantile(0.95, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "95 %"},
						{`histogram_quantile(0.99, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, "99 %"},
					},
					limits: []limit{{0.25, orange}},
				},
				{
					title: "In progress", about: "Requests in progress, and open event streams.", unit: "none",
					queries: []query{
						{`sum(http_server_active_requests{job="fivechat",component="api-gateway"})`, "requests"},
						{`sum(fivechat_edge_streams{job="fivechat"})`, "streams"},
					},
				},
			}},
			{"Which route is it?", []panel{
				{
					title: "Errors by route", about: "The ten routes with the most 5xx per second.", unit: "reqps",
					queries: []query{{
						`topk(10, ` + rate(route, failed) + ` or 0 * ` + rate(route, requests) + `)`,
						"{{http_request_method}} {{http_route}}",
					}},
				},
				{
					title: "Slowest routes", about: "The ten routes with the highest 99th percentile.", unit: "s",
					queries: []query{{
						`topk(10, ` + quantile(0.99, route, buckets) + `)`,
						"{{http_request_method}} {{http_route}}",
					}},
				},
				{
					title: "Busiest routes", about: "The ten routes with the most requests.", unit: "reqps",
					queries: []query{{
						`topk(10, ` + rate(route, requests) + `)`,
						"{{http_request_method}} {{http_route}}",
					}},
				},
			}},
			behind(), admitted(),
		},
	}
}

// served is the row of figures that say whether callers are served.
func served() row {
	return row{"Are callers served?", []panel{
		{
			title: "Availability", unit: "percentunit", kind: number,
			about: "Share of requests that weren't answered with 5xx, over the time shown. The objective is 99.9 %.",
			queries: []query{{`1 - sum_over_time(fivechat:edge_errors:rate5m[$__range])` +
				` / sum_over_time(fivechat:edge_requests:rate5m[$__range])`, ""}},
			limits: []limit{{worst, red}, {0.999, orange}, {0.9995, green}}, wide: 4,
		},
		{
			title: "Within 250 ms", unit: "percentunit", kind: number,
			about: "Share of responses within 250 ms, without exports and imports, over the time shown. The " +
				"objective is 99 %.",
			queries: []query{{`1 - sum_over_time(fivechat:edge_slow:rate5m[$__range])` +
				` / sum_over_time(fivechat:edge_timed:rate5m[$__range])`, ""}},
			limits: []limit{{worst, red}, {0.99, orange}, {0.995, green}}, wide: 4,
		},
		{
			title: "Alerts raised", unit: "none", kind: number,
			about:   "Number of alerts that fire now. The runbooks explain each.",
			queries: []query{{`count(ALERTS{alertname=~"Fivechat.*",alertstate="firing"}) or vector(0)`, ""}},
			limits:  []limit{{1, red}}, wide: 4,
		},
		{
			title: "Requests", about: "Requests per second, now.", unit: "reqps", kind: number,
			queries: []query{{`fivechat:edge_requests:rate5m`, ""}}, wide: 4,
		},
		{
			title: "Gateways", about: "Gateways that respond.", unit: "none", kind: number,
			queries: []query{{`sum(up{job="fivechat",component="api-gateway"})`, ""}},
			limits:  []limit{{worst, red}, {1, green}}, wide: 4,
		},
		{
			title: "Certificate", about: "Time until the public listener's certificate expires.", unit: "s", kind: number,
			queries: []query{{`min(fivechat_tls_certificate_expiry_seconds{job="fivechat"}) - time()`, ""}},
			limits:  []limit{{worst, red}, {2 * 86400, orange}, {14 * 86400, green}}, wide: 4,
		},
	}}
}

// consumed is the row of the error budget.
func consumed() row {
	return row{"How fast is the error budget consumed?", []panel{
		{
			title: "Errors", unit: "percentunit",
			about: "Share of 5xx by window. Dashed: the thresholds of the fast burn rate (14.4 times the budget) and of the " +
				"steady one (6 times).",
			queries: []query{
				{`fivechat:edge_errors:ratio5m`, "5 min"},
				{`fivechat:edge_errors:ratio1h`, "1 h"},
				{`fivechat:edge_errors:ratio6h`, "6 h"},
			},
			limits: []limit{{6 * (1 - rules.Availability), orange}, {14.4 * (1 - rules.Availability), red}},
		},
		{
			title: "Slow answers", unit: "percentunit",
			about: "Share of responses over 250 ms by window. Dashed: the thresholds of the fast and the steady burn rate.",
			queries: []query{
				{`fivechat:edge_slow:ratio5m`, "5 min"},
				{`fivechat:edge_slow:ratio1h`, "1 h"},
				{`fivechat:edge_slow:ratio6h`, "6 h"},
			},
			limits: []limit{{6 * (1 - rules.Latency), orange}, {14.4 * (1 - rules.Latency), red}},
		},
	}}
}

// behind is the row of the services.
func behind() row {
	const calls = `http_client_request_duration_seconds_count{job="fivechat",component="api-gateway"}`
	const failed = `http_client_request_duration_seconds_count{job="fivechat",component="api-gateway",` +
		`http_response_status_code=~"5..|error"}`
	const buckets = `http_client_request_duration_seconds_bucket{job="fivechat",component="api-gateway"}`
	all := rate("upstream", calls)
	return row{"Which service is it? (a line links to the service)", []panel{
		{
			title: "Errors by service", unit: "percentunit", links: []link{toService("upstream")},
			about:   "Share of calls that got 5xx or no response.",
			queries: []query{{`(` + rate("upstream", failed) + ` or 0 * ` + all + `) / ` + all, "{{upstream}}"}},
		},
		{
			title: "Time of a service", unit: "s", links: []link{toService("upstream")},
			about:   "99th percentile of calls, by service.",
			queries: []query{{quantile(0.99, "upstream", buckets), "{{upstream}}"}},
		},
		{
			title: "Circuit breakers", unit: "none", links: []link{toService("upstream")},
			limits:  []limit{{1, orange}, {2, red}},
			about:   "0, closed: requests are sent; 1, half open: a few probes are; 2, open: none is.",
			queries: []query{{`max by (upstream) (fivechat_edge_circuit_state{job="fivechat"})`, "{{upstream}}"}},
		},
		{
			title: "Refused and retried", unit: "reqps", links: []link{toService("upstream")},
			about: "Calls that weren't sent (circuit breaker open, or too many in progress), and retries, per second.",
			queries: []query{
				{rate("upstream", `fivechat_edge_refused_total{job="fivechat"}`), "refused {{upstream}}"},
				{rate("upstream", `fivechat_edge_retries_total{job="fivechat"}`), "again {{upstream}}"},
			},
		},
	}}
}

// admitted is the row of callers.
func admitted() row {
	return row{"Which callers are refused?", []panel{
		{
			title: "Cache hits", about: "Share of lookups that the gateway's caches answered, by cache.", unit: "percentunit",
			queries: []query{{rate("cache", `fivechat_edge_cache_lookups_total{job="fivechat",result=~"hit|negative"}`) + ` / ` +
				rate("cache", `fivechat_edge_cache_lookups_total{job="fivechat",result!="stale"}`), "{{cache}}"}},
		},
		{
			title: "Quotas", about: "Decisions per second. Local ones are made while Redis is unavailable.", unit: "ops",
			queries: []query{{
				rate("outcome, by", `fivechat_ratelimit_decisions_total{job="fivechat"}`),
				"{{outcome}} by {{by}}",
			}},
		},
		{
			title: "Refused callers", unit: "reqps",
			about: "Requests a second that were refused for their credentials (401, 403) or quotas (429).",
			queries: []query{{rate("http_response_status_code",
				`http_server_request_duration_seconds_count{job="fivechat",component="api-gateway",`+
					`http_response_status_code=~"401|403|429"}`), "{{http_response_status_code}}"}},
		},
		{
			title: "Connections to services", unit: "none", links: []link{toService("server")},
			about: "Open connections by service and state.",
			queries: []query{{
				`sum by (server, state) (http_client_open_connections{job="fivechat",component="api-gateway"})`,
				"{{server}} {{state}}",
			}},
		},
	}}
}
