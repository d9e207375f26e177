package dashboards

// selected selects the series of the components that the reader has chosen.
const selected = `job="fivechat",component=~"$component"`

func services() board {
	return board{
		uid: servicesUID, title: "Fivechat / Services",
		about: "One component or several: their state, their work, and the resources that they lack.", variables: "component",
		rows: []row{running(), operating(), short(), accumulating()},
	}
}

// running is the row of processes.
func running() row {
	return row{"Does it run?", []panel{
		{
			title: "Replicas", about: "Replicas that respond.", unit: "none", kind: number,
			limits:  []limit{{worst, red}, {1, green}},
			queries: []query{{`sum by (component) (up{` + selected + `})`, "{{component}}"}}, wide: 12,
		},
		{
			title: "Age of the youngest process", about: "A small value means a recent start.", unit: "s", kind: number,
			queries: []query{{`min by (component) (time() - process_start_time_seconds{` + selected + `})`, "{{component}}"}},
			wide:    12,
		},
		{
			title: "Versions", about: "Versions, and the number of replicas of each.", unit: "none", kind: table,
			queries: []query{{`count by (component, version) (fivechat_build_info{` + selected + `})`, ""}}, wide: 12,
		},
		{
			title: "Panics", unit: "none", kind: number, limits: []limit{{1, red}},
			about: "Panics that were caught, within the time shown. Each is a bug.",
			queries: []query{{
				`sum by (component) (increase(fivechat_panics_total{` + selected + `}[$__range]))`,
				"{{component}}",
			}},
			wide: 12,
		},
	}}
}

// operating is the row of operations.
func operating() row {
	return row{"Which operations run, and do they succeed?", []panel{
		{
			title: "Operations", about: "Operations a second: the ten most frequent.", unit: "ops",
			queries: []query{{
				`topk(10, ` + rate("operation", `fivechat_operation_duration_seconds_count{`+selected+`}`) + `)`,
				"{{operation}}",
			}},
		},
		{
			title: "Outcomes", unit: "ops",
			about: "Operations per second by outcome: ok or the kind of the error. internal, unavailable and timeout are " +
				"server errors.",
			queries: []query{{
				rate("component, outcome", `fivechat_operation_duration_seconds_count{`+selected+`}`),
				"{{component}} {{outcome}}",
			}},
		},
		{
			title: "Time of an operation", unit: "s", limits: []limit{{0.25, orange}},
			about: "The ten operations with the highest 99th percentile. Points are traces.",
			queries: []query{{`topk(10, ` + quantile(0.99, "operation", `fivechat_operation_duration_seconds_bucket{`+selected+
				`}`) + `)`, "{{operation}}"}},
		},
	}}
}

// short is the row of resources that can run out.
func short() row {
	return row{"Which resource is short?", []panel{
		{
			title: "CPU", about: "Cores in use by replica.", unit: "none",
			queries: []query{{
				`rate(process_cpu_seconds_total{` + selected + `}[$__rate_interval])`,
				"{{component}} {{instance}}",
			}},
		},
		{
			title: "Memory", about: "Resident memory by replica.", unit: "bytes",
			queries: []query{{`process_resident_memory_bytes{` + selected + `}`, "{{component}} {{instance}}"}},
		},
		{
			title: "Share of GOMEMLIMIT", unit: "percentunit", limits: []limit{{0.9, red}},
			about: "Resident memory relative to GOMEMLIMIT; nearly zero if no limit is set.",
			queries: []query{{
				`process_resident_memory_bytes{` + selected + `} / go_gc_gomemlimit_bytes{` + selected + `}`,
				"{{component}} {{instance}}",
			}},
		},
		{
			title: "Waiting for a core", unit: "s", limits: []limit{{0.05, orange}},
			about:   "99th percentile of the time that goroutines wait to run. Many milliseconds mean too little CPU.",
			queries: []query{{quantile(0.99, "component", `go_sched_latencies_seconds_bucket{`+selected+`}`), "{{component}}"}},
		},
	}}
}

// accumulating is the row of resources that can pile up.
func accumulating() row {
	return row{"Which resource accumulates?", []panel{
		{
			title: "Goroutines", about: "By replica. A number that only grows is a leak.", unit: "none",
			queries: []query{{`go_goroutines{` + selected + `}`, "{{component}} {{instance}}"}},
		},
		{
			title: "File descriptors", unit: "percentunit", limits: []limit{{0.8, red}},
			about: "Share of the allowed file descriptors that are open.",
			queries: []query{{
				`process_open_fds{` + selected + `} / process_max_fds{` + selected + `}`,
				"{{component}} {{instance}}",
			}},
		},
		{
			title: "Live memory", unit: "bytes",
			about:   "Heap after the last garbage collection, by replica. A value that only grows is a leak.",
			queries: []query{{`go_gc_heap_live_bytes{` + selected + `}`, "{{component}} {{instance}}"}},
		},
		{
			title: "Requests with a key", about: "Requests with an Idempotency-Key per second, by result.", unit: "reqps",
			queries: []query{{
				rate("component, result", `fivechat_idempotency_total{job="fivechat",component=~"$component"}`),
				"{{component}} {{result}}",
			}},
		},
	}}
}
