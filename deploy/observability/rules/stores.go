package rules

import (
	"fmt"
	"time"
)

func stores() []Alert {
	const seen = `max(fivechat_dependency_up{job="fivechat",dependency="%s"})`
	const commands = `sum by (component, db_system_name)` +
		` (rate(db_client_operation_duration_seconds_count{job="fivechat"%s}[5m]))`
	all := fmt.Sprintf(commands, "")
	failed := fmt.Sprintf(commands, `,outcome!="ok"`)
	return []Alert{
		{
			Name: "FivechatMongoDBDown", Severity: Page, For: time.Minute, Runbook: "mongodb-down", Shown: "fivechat-stores",
			When:    []Condition{{Value: within(seen, "mongodb"), Op: "==", Bound: "0"}},
			Summary: "No service can reach MongoDB.",
			Impact:  "All requests except for cached widget settings fail with 503. Data acknowledged with 2xx is stored.",
			Quiets: []string{
				"FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady",
				"FivechatEdgeLatencyFast", "FivechatEdgeLatencySteady",
				"FivechatFollowerStalled", "FivechatStoreUnreachable", "FivechatStoreErrors", "FivechatPoolTimeouts",
			},
		},
		{
			Name: "FivechatRedisDown", Severity: Ticket, For: 5 * time.Minute, Runbook: "redis-down", Shown: "fivechat-stores",
			When:    []Condition{{Value: within(seen, "redis"), Op: "==", Bound: "0"}},
			Summary: "No component can reach Redis.",
			Impact: "Each gateway enforces its share of quotas, revoked tokens work for some seconds, typing isn't shown, " +
				"live events are late. No data is lost.",
			Quiets: []string{
				"FivechatStoreUnreachable", "FivechatStoreErrors", "FivechatOutboxUnpublished",
				"FivechatPoolTimeouts",
			},
		},
		{
			Name: "FivechatStoreUnreachable", Severity: Ticket, For: 15 * time.Minute, Runbook: "store-unreachable",
			Shown: "fivechat-stores",
			When: []Condition{
				{Value: `min by (component, dependency) (fivechat_dependency_up{job="fivechat"})`, Op: "==", Bound: "0"},
				{Value: `max by (dependency) (fivechat_dependency_up{job="fivechat"})`, Op: "==", Bound: "1", On: "dependency"},
			},
			Summary: "{{ $labels.component }} can't reach {{ $labels.dependency }}, and others can.",
			Impact:  "For this component, or one replica of it, it is the same as if the store were down.",
		},
		{
			Name: "FivechatStoreErrors", Severity: Ticket, For: 10 * time.Minute, Runbook: "store-errors",
			Shown: "fivechat-stores",
			When: []Condition{{
				Value: `(` + failed + ` or 0 * ` + all + `) / ` + all,
				Op:    ">", Bound: "0.05",
			}},
			Summary: "{{ $value | humanizePercentage }} of the commands of {{ $labels.component }} to " +
				"{{ $labels.db_system_name }} fail.",
			Impact: "Some requests fail with 503, or take longer because they are retried.",
		},
		{
			Name: "FivechatPoolTimeouts", Severity: Ticket, For: 5 * time.Minute, Runbook: "pool-exhausted",
			Shown: "fivechat-stores",
			When: []Condition{{
				Value: `sum by (component, db_system_name) (increase(db_client_connection_timeouts_total{job="fivechat"}[5m]))`,
				Op:    ">", Bound: "0",
			}},
			Summary: "{{ $labels.component }} times out waiting for a connection to {{ $labels.db_system_name }}.",
			Impact:  "Requests fail with 503 although the store answers.",
		},
	}
}

func saturation() []Alert {
	return []Alert{
		{
			Name: "FivechatPoolBusy", Severity: Ticket, For: 10 * time.Minute, Runbook: "pool-exhausted",
			Shown: "fivechat-stores",
			When: []Condition{{
				Value: `sum by (component, instance, db_system_name) (db_client_connection_count{job="fivechat",state="used"})` +
					` / sum by (component, instance, db_system_name) (db_client_connection_max{job="fivechat"})`,
				Op: ">", Bound: "0.9",
			}},
			Summary: "{{ $labels.component }} uses {{ $value | humanizePercentage }} of its connections to " +
				"{{ $labels.db_system_name }}.",
			Impact: "Requests begin to wait for connections.",
		},
		{
			Name: "FivechatCircuitOpen", Severity: Ticket, For: 2 * time.Minute, Runbook: "circuit-open", Shown: "fivechat-edge",
			When: []Condition{{
				Value: `max by (upstream) (fivechat_edge_circuit_state{job="fivechat"})`,
				Op:    ">", Bound: "0",
			}},
			Summary: "A gateway has opened its circuit breaker for {{ $labels.upstream }}, which doesn't respond.",
			Impact:  "Operations of this service fail with 503 at once; widget settings are still served from the cache.",
		},
		{
			Name: "FivechatEdgeSaturated", Severity: Ticket, For: 5 * time.Minute, Runbook: "edge-saturated",
			Shown: "fivechat-edge",
			When: []Condition{
				{Value: `sum by (upstream) (rate(fivechat_edge_refused_total{job="fivechat"}[5m]))`, Op: ">", Bound: "0.1"},
				{
					Value: `max by (upstream) (max_over_time(fivechat_edge_circuit_state{job="fivechat"}[10m]))`, Op: "==",
					Bound: "0", On: "upstream",
				},
			},
			Summary: "The gateways refuse {{ $value | humanize }} requests a second to {{ $labels.upstream }}: too many are " +
				"in progress.",
			Impact: "Those requests fail with 503.",
		},
		{
			Name: "FivechatFileDescriptors", Severity: Ticket, For: 10 * time.Minute, Runbook: "file-descriptors",
			Shown: "fivechat-services",
			When: []Condition{{
				Value: `max by (component) (process_open_fds{job="fivechat"} / process_max_fds{job="fivechat"})`,
				Op:    ">", Bound: "0.8",
			}},
			Summary: "{{ $labels.component }} has {{ $value | humanizePercentage }} of its file descriptors open.",
			Impact:  "When all are in use, it accepts no connection.",
		},
		{
			Name: "FivechatMemory", Severity: Ticket, For: 15 * time.Minute, Runbook: "memory", Shown: "fivechat-services",
			When: []Condition{{
				Value: `max by (component) (process_resident_memory_bytes{job="fivechat"}` +
					` / go_gc_gomemlimit_bytes{job="fivechat"})`,
				Op: ">", Bound: "0.9",
			}},
			Summary: "{{ $labels.component }} uses {{ $value | humanizePercentage }} of the memory that GOMEMLIMIT allows.",
			Impact:  "The garbage collector uses more and more CPU; beyond the container's limit the process is killed.",
		},
	}
}
