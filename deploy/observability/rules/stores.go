package rules

import "time"

func stores() []Alert {
	const seen = `max(fivechat_dependency_up{job="fivechat",dependency="%s"})`
	return []Alert{
		{
			Name: "FivechatMongoDBDown", Severity: Page, For: time.Minute, Runbook: "mongodb-down", Shown: "fivechat-stores",
			When:    []Condition{{Value: within(seen, "mongodb"), Op: "==", Bound: "0"}},
			Summary: "No service reaches MongoDB.",
			Impact:  "Everything but cached widget settings fails with 503. What was answered with 2xx is stored.",
			Quiets: []string{"FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady", "FivechatEdgeLatencyFast", "FivechatEdgeLatencySteady",
				"FivechatFollowerStalled", "FivechatStoreUnreachable", "FivechatStoreErrors", "FivechatPoolTimeouts"},
		},
		{
			Name: "FivechatRedisDown", Severity: Ticket, For: 5 * time.Minute, Runbook: "redis-down", Shown: "fivechat-stores",
			When:    []Condition{{Value: within(seen, "redis"), Op: "==", Bound: "0"}},
			Summary: "No component reaches Redis.",
			Impact:  "Quotas are shared out by gateway, revoked tokens work for seconds more, typing is not shown, live events come later. Nothing is lost.",
			Quiets:  []string{"FivechatStoreUnreachable", "FivechatStoreErrors", "FivechatOutboxUnpublished", "FivechatPoolTimeouts"},
		},
		{
			Name: "FivechatStoreUnreachable", Severity: Ticket, For: 15 * time.Minute, Runbook: "store-unreachable", Shown: "fivechat-stores",
			When: []Condition{
				{Value: `min by (component, dependency) (fivechat_dependency_up{job="fivechat"})`, Op: "==", Bound: "0"},
				{Value: `max by (dependency) (fivechat_dependency_up{job="fivechat"})`, Op: "==", Bound: "1", On: "dependency"},
			},
			Summary: "{{ $labels.component }} does not reach {{ $labels.dependency }}, and others do.",
			Impact:  "As if the store were down, for this component or one replica of it.",
		},
		{
			Name: "FivechatStoreErrors", Severity: Ticket, For: 10 * time.Minute, Runbook: "store-errors", Shown: "fivechat-stores",
			When: []Condition{{
				Value: `(sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{job="fivechat",outcome!="ok"}[5m]))` +
					` or 0 * sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{job="fivechat"}[5m])))` +
					` / sum by (component, db_system_name) (rate(db_client_operation_duration_seconds_count{job="fivechat"}[5m]))`,
				Op: ">", Bound: "0.05",
			}},
			Summary: "{{ $value | humanizePercentage }} of what {{ $labels.component }} asks of {{ $labels.db_system_name }} fails.",
			Impact:  "Some requests fail with 503, or take longer as they are tried again.",
		},
		{
			Name: "FivechatPoolTimeouts", Severity: Ticket, For: 5 * time.Minute, Runbook: "pool-exhausted", Shown: "fivechat-stores",
			When: []Condition{{
				Value: `sum by (component, db_system_name) (increase(db_client_connection_timeouts_total{job="fivechat"}[5m]))`, Op: ">", Bound: "0",
			}},
			Summary: "{{ $labels.component }} waits in vain for a connection to {{ $labels.db_system_name }}.",
			Impact:  "Requests fail with 503 although the store answers.",
		},
	}
}

func saturation() []Alert {
	return []Alert{
		{
			Name: "FivechatPoolBusy", Severity: Ticket, For: 10 * time.Minute, Runbook: "pool-exhausted", Shown: "fivechat-stores",
			When: []Condition{{
				Value: `sum by (component, instance, db_system_name) (db_client_connection_count{job="fivechat",state="used"})` +
					` / sum by (component, instance, db_system_name) (db_client_connection_max{job="fivechat"})`,
				Op: ">", Bound: "0.9",
			}},
			Summary: "{{ $labels.component }} uses {{ $value | humanizePercentage }} of its connections to {{ $labels.db_system_name }}.",
			Impact:  "Requests begin to wait for connections.",
		},
		{
			Name: "FivechatCircuitOpen", Severity: Ticket, For: 2 * time.Minute, Runbook: "circuit-open", Shown: "fivechat-edge",
			When:    []Condition{{Value: `max by (upstream) (fivechat_edge_circuit_state{job="fivechat"})`, Op: ">", Bound: "0"}},
			Summary: "A gateway has stopped sending requests to {{ $labels.upstream }}, which does not answer.",
			Impact:  "What this service does fails with 503 at once; widget settings are still given from memory.",
		},
		{
			Name: "FivechatEdgeSaturated", Severity: Ticket, For: 5 * time.Minute, Runbook: "edge-saturated", Shown: "fivechat-edge",
			When: []Condition{
				{Value: `sum by (upstream) (rate(fivechat_edge_refused_total{job="fivechat"}[5m]))`, Op: ">", Bound: "0.1"},
				{Value: `max by (upstream) (max_over_time(fivechat_edge_circuit_state{job="fivechat"}[10m]))`, Op: "==", Bound: "0", On: "upstream"},
			},
			Summary: "The gateways refuse {{ $value | humanize }} requests a second to {{ $labels.upstream }}: too many are under way.",
			Impact:  "Those requests fail with 503.",
		},
		{
			Name: "FivechatFileDescriptors", Severity: Ticket, For: 10 * time.Minute, Runbook: "file-descriptors", Shown: "fivechat-services",
			When:    []Condition{{Value: `max by (component) (process_open_fds{job="fivechat"} / process_max_fds{job="fivechat"})`, Op: ">", Bound: "0.8"}},
			Summary: "{{ $labels.component }} has {{ $value | humanizePercentage }} of its file descriptors open.",
			Impact:  "When all are open it accepts no connection any more.",
		},
		{
			Name: "FivechatMemory", Severity: Ticket, For: 15 * time.Minute, Runbook: "memory", Shown: "fivechat-services",
			When:    []Condition{{Value: `max by (component) (process_resident_memory_bytes{job="fivechat"} / go_gc_gomemlimit_bytes{job="fivechat"})`, Op: ">", Bound: "0.9"}},
			Summary: "{{ $labels.component }} uses {{ $value | humanizePercentage }} of the memory that GOMEMLIMIT allows.",
			Impact:  "The garbage collector takes more and more CPU; beyond the container's limit the process is killed.",
		},
	}
}
