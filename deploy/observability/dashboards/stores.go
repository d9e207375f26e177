package dashboards

func stores() board {
	const of = `job="fivechat",component=~"$component"`
	return board{
		uid: storesUID, title: "Fivechat / Stores", about: "MongoDB and Redis as the components see them.", variables: "component",
		rows: []row{
			{"Are the stores reachable?", []panel{
				{title: "Reached", about: "Number of components that reach each store, of those that use it.", unit: "percentunit", kind: number, limits: []limit{{worst, red}, {0.01, orange}, {1, green}},
					queries: []query{{`avg by (dependency) (fivechat_dependency_up{` + of + `})`, "{{dependency}}"}}, wide: 8},
				{title: "Reached by component", about: "1: reached, 0: not.", unit: "none", limits: []limit{{worst, red}, {1, green}},
					queries: []query{{`min by (component, dependency) (fivechat_dependency_up{` + of + `})`, "{{component}} {{dependency}}"}}, wide: 16, links: []link{toService("component")}},
			}},
			{"Which commands do they get?", []panel{
				{title: "Commands", about: "Commands per second by component and store.", unit: "ops", links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
				{title: "Failures", about: "Share of commands that fail.", unit: "percentunit", limits: []limit{{0.05, red}}, links: []link{toService("component")},
					queries: []query{{`(sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `,outcome!="ok"}[$__rate_interval])) or 0 * sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))) / sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
			}},
			{"How fast are they?", []panel{
				{title: "Time of a command", about: "Quantiles by store.", unit: "s", limits: []limit{{0.1, orange}},
					queries: []query{
						{`histogram_quantile(0.5, sum by (le, db_system_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval])))`, "half {{db_system_name}}"},
						{`histogram_quantile(0.99, sum by (le, db_system_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval])))`, "99 % {{db_system_name}}"}}},
				{title: "Slowest commands", about: "The ten commands with the highest 99th percentile.", unit: "s",
					queries: []query{{`topk(10, histogram_quantile(0.99, sum by (le, component, db_system_name, db_operation_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval]))))`, "{{component}} {{db_system_name}} {{db_operation_name}}"}}},
			}},
			{"Are there enough connections?", []panel{
				{title: "Connections in use", about: "Share of the allowed connections that are in use.", unit: "percentunit", limits: []limit{{0.9, red}}, links: []link{toService("component")},
					queries: []query{{`sum by (component, instance, db_system_name) (db_client_connection_count{` + of + `,state="used"}) / sum by (component, instance, db_system_name) (db_client_connection_max{` + of + `})`, "{{component}} {{db_system_name}}"}}},
				{title: "Waiting for a connection", about: "Mean wait. For Redis, only requests that had to wait are counted.", unit: "s", limits: []limit{{0.05, orange}}, links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_connection_wait_time_seconds_sum{` + of + `}[$__rate_interval])) / sum by (component, db_system_name) (rate(db_client_connection_wait_time_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
				{title: "Timed-out waits", about: "Waits for a connection that timed out, per second.", unit: "ops", links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_connection_timeouts_total{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
			}},
		},
	}
}
