package dashboards

// The series of the commands that the selected components send to their stores.
const (
	commands       = `db_client_operation_duration_seconds_count{` + selected + `}`
	failedCommands = `db_client_operation_duration_seconds_count{` + selected + `,outcome!="ok"}`
	commandBuckets = `db_client_operation_duration_seconds_bucket{` + selected + `}`
)

func stores() board {
	return board{
		uid: storesUID, title: "Fivechat / Stores", about: "MongoDB and Redis as the components see them.",
		variables: "component",
		rows:      []row{reachable(), commanded(), fast(), connected()},
	}
}

// reachable is the row of connections to the stores.
func reachable() row {
	return row{"Are the stores reachable?", []panel{
		{
			title: "Reached", unit: "percentunit", kind: number, limits: []limit{{worst, red}, {0.01, orange}, {1, green}},
			about:   "Number of components that reach each store, of those that use it.",
			queries: []query{{`avg by (dependency) (fivechat_dependency_up{` + selected + `})`, "{{dependency}}"}}, wide: 8,
		},
		{
			title: "Reached by component", about: "1: reached, 0: not.", unit: "none",
			limits: []limit{{worst, red}, {1, green}},
			queries: []query{{
				`min by (component, dependency) (fivechat_dependency_up{` + selected + `})`,
				"{{component}} {{dependency}}",
			}}, wide: 16, links: []link{toService("component")},
		},
	}}
}

// commanded is the row of the stores' commands.
func commanded() row {
	all := rate("component, db_system_name", commands)
	return row{"Which commands do they get?", []panel{
		{
			title: "Commands", unit: "ops", links: []link{toService("component")},
			about:   "Commands per second by component and store.",
			queries: []query{{all, "{{component}} {{db_system_name}}"}},
		},
		{
			title: "Failures", about: "Share of commands that fail.", unit: "percentunit", limits: []limit{{0.05, red}},
			links: []link{toService("component")},
			queries: []query{{
				`(` + rate("component, db_system_name", failedCommands) + ` or 0 * ` + all + `) / ` + all,
				"{{component}} {{db_system_name}}",
			}},
		},
	}}
}

// fast is the row of the stores' durations.
func fast() row {
	return row{"How fast are they?", []panel{
		{
			title: "Time of a command", about: "Quantiles by store.", unit: "s", limits: []limit{{0.1, orange}},
			queries: []query{
				{quantile(0.5, "db_system_name", commandBuckets), "half {{db_system_name}}"},
				{quantile(0.99, "db_system_name", commandBuckets), "99 % {{db_system_name}}"},
			},
		},
		{
			title: "Slowest commands", about: "The ten commands with the highest 99th percentile.", unit: "s",
			queries: []query{{
				`topk(10, ` + quantile(0.99, "component, db_system_name, db_operation_name", commandBuckets) + `)`,
				"{{component}} {{db_system_name}} {{db_operation_name}}",
			}},
		},
	}}
}

// connected is the row of connection pools.
func connected() row {
	return row{"Are there enough connections?", []panel{
		{
			title: "Connections in use", unit: "percentunit", limits: []limit{{0.9, red}},
			links: []link{toService("component")},
			about: "Share of the allowed connections that are in use.",
			queries: []query{{
				`sum by (component, instance, db_system_name) (db_client_connection_count{` + selected +
					`,state="used"}) / sum by (component, instance, db_system_name) (db_client_connection_max{` + selected + `})`,
				"{{component}} {{db_system_name}}",
			}},
		},
		{
			title: "Waiting for a connection", unit: "s", limits: []limit{{0.05, orange}},
			links: []link{toService("component")},
			about: "Mean wait. For Redis, only requests that had to wait are counted.",
			queries: []query{{
				rate("component, db_system_name", `db_client_connection_wait_time_seconds_sum{`+selected+`}`) +
					` / ` + rate("component, db_system_name", `db_client_connection_wait_time_seconds_count{`+selected+`}`),
				"{{component}} {{db_system_name}}",
			}},
		},
		{
			title: "Timed-out waits", unit: "ops", links: []link{toService("component")},
			about: "Waits for a connection that timed out, per second.",
			queries: []query{{
				rate("component, db_system_name", `db_client_connection_timeouts_total{`+selected+`}`),
				"{{component}} {{db_system_name}}",
			}},
		},
	}}
}
