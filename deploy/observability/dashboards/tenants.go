package dashboards

// tenants asks the logs: a tenant is never a metric's label, but each access line of the edge names its website.
func tenants() board {
	const lines = `{service_name="fivechat-api-gateway"} | json | msg="request" | website!=""`
	return board{
		uid: tenantsUID, title: "Fivechat / Tenants",
		about: "Websites with the most requests, errors and latency, from the gateways' access logs.", logs: true,
		rows: []row{
			{"Whose traffic is it?", []panel{
				{
					title: "Busiest websites", about: "The ten websites with the most requests per second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` [$__auto])))`, "{{website}}"}},
				},
				{
					title: "Requests", unit: "none", kind: table,
					about:   "The ten websites with the most requests within the time shown.",
					queries: []query{{`topk(10, sum by (website) (count_over_time(` + lines + ` [$__range])))`, ""}},
				},
				{
					title: "Bytes", about: "The ten websites with the most bytes sent.", unit: "Bps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` | unwrap bytes [$__auto])))`, "{{website}}"}},
				},
			}},
			{"Which websites get errors?", []panel{
				{
					title: "Errors", about: "The ten websites with the most 5xx per second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` | status>=500 [$__auto])))`, "{{website}}"}},
				},
				{
					title: "Slowest", about: "The ten websites with the highest 99th percentile.", unit: "ms",
					queries: []query{{`topk(10, quantile_over_time(0.99, ` + lines +
						` | class!="stream" | unwrap ms [$__auto]) by (website))`, "{{website}}"}},
				},
			}},
			{"Which websites are refused?", []panel{
				{
					title: "Over quota", about: "The ten websites with the most 429 a second, by class.", unit: "reqps",
					queries: []query{{
						`topk(10, sum by (website, class) (rate(` + lines + ` | status=429 [$__auto])))`,
						"{{website}} {{class}}",
					}},
				},
				{
					title: "Refused credentials", about: "The ten websites with the most 401 and 403 per second.", unit: "reqps",
					queries: []query{{
						`topk(10, sum by (website) (rate(` + lines + ` | status=~"401|403" [$__auto])))`,
						"{{website}}",
					}},
				},
			}},
			{"Which requests failed?", []panel{
				{
					title: "Failed requests", kind: logLines,
					about:   "Access log lines with 5xx. request_id is in the caller's response; trace_id leads to the trace.",
					queries: []query{{`{service_name="fivechat-api-gateway"} | json | msg="request" | status>=500`, ""}},
				},
			}},
		},
	}
}
