package dashboards

func stores() board {
	const of = `job="fivechat",component=~"$component"`
	const commands = `db_client_operation_duration_seconds_count{` + of + `}`
	const failed = `db_client_operation_duration_seconds_count{` + of + `,outcome!="ok"}`
	const buckets = `db_client_operation_duration_seconds_bucket{` + of + `}`
	all := rate("component, db_system_name", commands)
	return board{
		uid: storesUID, title: "Fivechat / Stores", about: "MongoDB and Redis as the components see them.",
		variables: "component",
		rows: []row{
			{"Are the stores reachable?", []panel{
				{
					title: "Reached", unit: "percentunit", kind: number, limits: []limit{{worst, red}, {0.01, orange}, {1, green}},
					about:   "Number of components that reach each store, of those that use it.",
					queries: []query{{`avg by (dependency) (fivechat_dependency_up{` + of + `})`, "{{dependency}}"}}, wide: 8,
				},
				{
					title: "Reached by component", about: "1: reached, 0: not.", unit: "none",
					limits: []limit{{worst, red}, {1, green}},
					queries: []query{{
						`min by (component, dependency) (fivechat_dependency_up{` + of + `})`,
						"{{component}} {{dependency}}",
					}}, wide: 16, links: []link{toService("component")},
				},
			}},
			{"Which commands do they get?", []panel{
				{
					title: "Commands", unit: "ops", links: []link{toService("component")},
					about:   "Commands per second by component and store.",
					queries: []query{{all, "{{component}} {{db_system_name}}"}},
				},
				{
					title: "Failures", about: "Share of commands that fail.", unit: "percentunit", limits: []limit{{0.05, red}},
					links: []link{toService("component")},
					queries: []query{{
						`(` + rate("component, db_system_name", failed) + ` or 0 * ` + all + `) / ` + all,
						"{{component}} {{db_system_name}}",
					}},
				},
			}},
			{"How fast are they?", []panel{
				{
					title: "Time of a command", about: "Quantiles by store.", unit: "s", limits: []limit{{0.1, orange}},
					queries: []query{
						{quantile(0.5, "db_system_name", buckets), "half {{db_system_name}}"},
						{quantile(0.99, "db_system_name", buckets), "99 % {{db_system_name}}"},
					},
				},
				{
					title: "Slowest commands", about: "The ten commands with the highest 99th percentile.", unit: "s",
					queries: []query{{
						`topk(10, ` + quantile(0.99, "component, db_system_name, db_operation_name", buckets) + `)`,
						"{{component}} {{db_system_name}} {{db_operation_name}}",
					}},
				},
			}},
			{"Are there enough connections?", []panel{
				{
					title: "Connections in use", unit: "percentunit", limits: []limit{{0.9, red}},
					links: []link{toService("component")},
					about: "Share of the allowed connections that are in use.",
					queries: []query{{
						`sum by (component, instance, db_system_name) (db_client_connection_count{` + of +
							`,state="used"}) / sum by (component, instance, db_system_name) (db_client_connection_max{` + of + `})`,
						"{{component}} {{db_system_name}}",
					}},
				},
				{
					title: "Waiting for a connection", unit: "s", limits: []limit{{0.05, orange}},
					links: []link{toService("component")},
					about: "Mean wait. For Redis, only requests that had to wait are counted.",
					queries: []query{{
						rate("component, db_system_name", `db_client_connection_wait_time_seconds_sum{`+of+`}`) +
							` / ` + rate("component, db_system_name", `db_client_connection_wait_time_seconds_count{`+of+`}`),
						"{{component}} {{db_system_name}}",
					}},
				},
				{
					title: "Timed-out waits", unit: "ops", links: []link{toService("component")},
					about: "Waits for a connection that timed out, per second.",
					queries: []query{{
						rate("component, db_system_name", `db_client_connection_timeouts_total{`+of+`}`),
						"{{component}} {{db_system_name}}",
					}},
				},
			}},
		},
	}
}
