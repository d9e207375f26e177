package dashboards

// tenants asks the logs: a tenant is never a metric's label, but each access line of the edge names its website.
func tenants() board {
	const lines = `{service_name="fivechat-api-gateway"} | json | msg="request" | website!=""`
	return board{
		uid: tenantsUID, title: "Fivechat / Tenants", about: "Which websites ask most, fail most and wait longest, out of the gateways' access lines.", logs: true,
		rows: []row{
			{"Whose traffic is it?", []panel{
				{title: "Busiest websites", about: "The ten websites with the most requests a second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` [$__auto])))`, "{{website}}"}}},
				{title: "Requests", about: "The ten websites with the most requests within the time shown.", unit: "none", kind: table,
					queries: []query{{`topk(10, sum by (website) (count_over_time(` + lines + ` [$__range])))`, ""}}},
				{title: "Bytes", about: "The ten websites that were sent most.", unit: "Bps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` | unwrap bytes [$__auto])))`, "{{website}}"}}},
			}},
			{"Who is failed by us?", []panel{
				{title: "Errors", about: "The ten websites with the most 5xx a second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` | status>=500 [$__auto])))`, "{{website}}"}}},
				{title: "Slowest", about: "The ten websites whose slowest hundredth is slowest.", unit: "ms",
					queries: []query{{`topk(10, quantile_over_time(0.99, ` + lines + ` | class!="stream" | unwrap ms [$__auto]) by (website))`, "{{website}}"}}},
			}},
			{"Who is refused?", []panel{
				{title: "Over quota", about: "The ten websites with the most 429 a second, by class.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website, class) (rate(` + lines + ` | status=429 [$__auto])))`, "{{website}} {{class}}"}}},
				{title: "Not let in", about: "The ten websites with the most 401 and 403 a second.", unit: "reqps",
					queries: []query{{`topk(10, sum by (website) (rate(` + lines + ` | status=~"401|403" [$__auto])))`, "{{website}}"}}},
			}},
			{"What exactly failed?", []panel{
				{title: "Failed requests", about: "Access lines with 5xx. request_id is what the caller was told; trace_id leads to the trace.", kind: logLines,
					queries: []query{{`{service_name="fivechat-api-gateway"} | json | msg="request" | status>=500`, ""}}},
			}},
		},
	}
}
