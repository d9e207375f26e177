package dashboards

func stores() board {
	const of = `job="fivechat",component=~"$component"`
	return board{
		uid: storesUID, title: "Fivechat / Stores", about: "MongoDB and Redis as the components see them.", variables: "component",
		rows: []row{
			{"Are the stores there?", []panel{
				{title: "Reached", about: "By how many of the components that use it each store is reached.", unit: "percentunit", kind: number, limits: []limit{{worst, red}, {0.01, orange}, {1, green}},
					queries: []query{{`avg by (dependency) (fivechat_dependency_up{` + of + `})`, "{{dependency}}"}}, wide: 8},
				{title: "Reached by component", about: "1: reached, 0: not.", unit: "none", limits: []limit{{worst, red}, {1, green}},
					queries: []query{{`min by (component, dependency) (fivechat_dependency_up{` + of + `})`, "{{component}} {{dependency}}"}}, wide: 16, links: []link{toService("component")}},
			}},
			{"What is asked of them?", []panel{
				{title: "Commands", about: "Commands a second by component and store.", unit: "ops", links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
				{title: "Failures", about: "Share of commands that fail.", unit: "percentunit", limits: []limit{{0.05, red}}, links: []link{toService("component")},
					queries: []query{{`(sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `,outcome!="ok"}[$__rate_interval])) or 0 * sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))) / sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
			}},
			{"How fast are they?", []panel{
				{title: "Time of a command", about: "Quantiles by store.", unit: "s", limits: []limit{{0.1, orange}},
					queries: []query{
						{`histogram_quantile(0.5, sum by (le, db_system_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval])))`, "half {{db_system_name}}"},
						{`histogram_quantile(0.99, sum by (le, db_system_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval])))`, "99 % {{db_system_name}}"}}},
				{title: "Slowest commands", about: "The ten commands whose slowest hundredth is slowest.", unit: "s",
					queries: []query{{`topk(10, histogram_quantile(0.99, sum by (le, component, db_system_name, db_operation_name) (rate(db_client_operation_duration_seconds_bucket{` + of + `}[$__rate_interval]))))`, "{{component}} {{db_system_name}} {{db_operation_name}}"}}},
			}},
			{"Are there connections enough?", []panel{
				{title: "Connections in use", about: "Share of the connections allowed.", unit: "percentunit", limits: []limit{{0.9, red}}, links: []link{toService("component")},
					queries: []query{{`sum by (component, instance, db_system_name) (db_client_connection_count{` + of + `,state="used"}) / sum by (component, instance, db_system_name) (db_client_connection_max{` + of + `})`, "{{component}} {{db_system_name}}"}}},
				{title: "Waiting for a connection", about: "Mean wait. Of Redis only those are counted that had to wait.", unit: "s", limits: []limit{{0.05, orange}}, links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_connection_wait_time_seconds_sum{` + of + `}[$__rate_interval])) / sum by (component, db_system_name) (rate(db_client_connection_wait_time_seconds_count{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
				{title: "Waits in vain", about: "Waits for a connection that ended without one, a second.", unit: "ops", links: []link{toService("component")},
					queries: []query{{`sum by (component, db_system_name) (rate(db_client_connection_timeouts_total{` + of + `}[$__rate_interval]))`, "{{component}} {{db_system_name}}"}}},
			}},
		},
	}
}
