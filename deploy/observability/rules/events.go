package rules

import "time"

// kept is how long a service keeps its events after they were published (libs/store/outbox), in seconds.
const kept = "7 * 86400"

// streamEnds is how many event streams have ended within 15 minutes, their least lifetime, for other reasons than that
// the client left, its credential changed or the gateway stopped.
const streamEnds = `sum(increase(fivechat_edge_stream_ends_total{job="fivechat",` +
	`reason=~"completed|service_failed|write_timeout"}[15m]))`

// eventAlerts returns the alerts of outboxes, consumers, live streams and counters.
func eventAlerts() []Alert {
	return append(pipelineAlerts(), streamAlerts()...)
}

// pipelineAlerts returns the alerts of the path from the outboxes to the consumers.
func pipelineAlerts() []Alert {
	return []Alert{
		{
			Name: "FivechatEventsAtRisk", Severity: Page, For: 10 * time.Minute, Runbook: "events-at-risk",
			Shown: "fivechat-events",
			When: []Condition{{
				Value: `max by (component, source) (fivechat_follower_lag_seconds{job="fivechat"})`,
				Op:    ">", Bound: kept + " / 2",
			}},
			Summary: "{{ $labels.component }} is {{ $value | humanizeDuration }} behind the events of {{ $labels.source }}, " +
				"which are kept for a week.",
			Impact: "After a week, events are deleted, and webhooks or statistics miss them.",
			Quiets: []string{"FivechatFollowerLag"},
		},
		{
			Name: "FivechatFollowerStalled", Severity: Ticket, For: 5 * time.Minute, Runbook: "follower",
			Shown: "fivechat-events",
			When: []Condition{{
				Value: `max by (component, source) (fivechat_follower_stalled{job="fivechat"})`,
				Op:    "==", Bound: "1",
			}},
			Summary: "{{ $labels.component }} can't read or apply the events of {{ $labels.source }}.",
			Impact:  "Statistics don't change, or webhooks are late. Both catch up by themselves.",
			Quiets:  []string{"FivechatFollowerLag"},
		},
		{
			Name: "FivechatFollowerLag", Severity: Ticket, For: 10 * time.Minute, Runbook: "follower", Shown: "fivechat-events",
			When: []Condition{{
				Value: `max by (component, source) (fivechat_follower_lag_seconds{job="fivechat"})`,
				Op:    ">", Bound: "60",
			}},
			Summary: "{{ $labels.component }} is {{ $value | humanizeDuration }} behind the events of {{ $labels.source }}.",
			Impact:  "Statistics are outdated, or webhooks are late.",
		},
		{
			Name: "FivechatOutboxStuck", Severity: Ticket, For: 5 * time.Minute, Runbook: "outbox", Shown: "fivechat-events",
			When: []Condition{{
				Value: `max by (component) (fivechat_outbox_oldest_age_seconds{job="fivechat"})`,
				Op:    ">", Bound: "60",
			}},
			Summary: "The oldest event of {{ $labels.component }} has waited {{ $value | humanizeDuration }} for its position.",
			Impact:  "New events of this service reach no live stream, no webhook and no statistics. No event is lost.",
		},
		{
			Name: "FivechatOutboxUnpublished", Severity: Ticket, For: 5 * time.Minute, Runbook: "outbox",
			Shown: "fivechat-events",
			// A busy service always has some: the minimum of ten minutes counts.
			When: []Condition{{
				Value: `max by (component) (min_over_time(fivechat_outbox_unpublished{job="fivechat"}[10m]))`,
				Op:    ">", Bound: "1000",
			}},
			Summary: "{{ $value }} events of {{ $labels.component }} are not published to Redis.",
			Impact:  "Live events are late: replicas poll the log for them.",
		},
	}
}

// streamAlerts returns the alerts of live streams and of the counters.
func streamAlerts() []Alert {
	return []Alert{
		{
			Name: "FivechatLiveLate", Severity: Ticket, For: 10 * time.Minute, Runbook: "live-late", Shown: "fivechat-events",
			When: []Condition{{
				Value: `histogram_quantile(0.99, sum by (le) (rate(fivechat_stream_lag_seconds_bucket{job="fivechat"}[5m])))`,
				Op:    ">", Bound: "5",
			}},
			Summary: "One live event in a hundred is more than {{ $value | humanizeDuration }} late.",
			Impact:  "Agents and visitors see new messages late.",
		},
		{
			Name: "FivechatReadersDropped", Severity: Ticket, Runbook: "readers-dropped", Shown: "fivechat-events",
			When: []Condition{{
				Value: `sum(increase(fivechat_stream_readers_dropped_total{job="fivechat"}[1h]))`,
				Op:    ">", Bound: "10",
			}},
			Summary: "{{ $value | humanize }} event streams were ended within an hour because their clients read too slowly.",
			Impact:  "The streams resume and miss no event, but each time the log is read again.",
		},
		{
			Name: "FivechatStreamsEndEarly", Severity: Ticket, For: 10 * time.Minute, Runbook: "streams-end-early",
			Shown: "fivechat-events",
			When: []Condition{
				{
					Value: streamEnds + ` / clamp_min(sum(avg_over_time(fivechat_edge_streams{job="fivechat"}[15m])), 1)`,
					Op:    ">", Bound: "4",
				},
				{Value: streamEnds, Op: ">", Bound: "20"},
			},
			Summary: "Event streams end {{ $value | humanize }} times in 15 minutes, each of which should last that long.",
			Impact:  "Widgets and consoles reconnect all the time. Typing indicators are lost in the gaps; messages aren't.",
		},
		{
			Name: "FivechatStatisticsDrift", Severity: Ticket, For: 5 * time.Minute, Runbook: "statistics-drift",
			Shown:   "fivechat-events",
			When:    []Condition{{Value: `sum(fivechat_statistics_drift{job="fivechat"})`, Op: ">", Bound: "0"}},
			Summary: "Counters differ from a recount by {{ $value }} in total.",
			Impact:  "Some websites' statistics are wrong until they are repaired.",
		},
	}
}

func webhooks() []Alert {
	return []Alert{
		{
			Name: "FivechatWebhooksLate", Severity: Ticket, For: 10 * time.Minute, Runbook: "webhooks-late",
			Shown:   "fivechat-events",
			When:    []Condition{{Value: `max(fivechat_webhook_overdue_seconds{job="fivechat"})`, Op: ">", Bound: "300"}},
			Summary: "A delivery is {{ $value | humanizeDuration }} overdue.",
			Impact:  "Webhooks are late, even if their receivers respond. The objective is five minutes.",
		},
		{
			Name: "FivechatWebhookFailures", Severity: Ticket, For: 15 * time.Minute, Runbook: "webhook-failures",
			Shown: "fivechat-events",
			When: []Condition{
				{Value: `sum(rate(fivechat_webhook_attempts_total{job="fivechat",outcome!="delivered"}[1h]))` +
					` / sum(rate(fivechat_webhook_attempts_total{job="fivechat"}[1h]))`, Op: ">", Bound: "0.5"},
				{Value: `sum(rate(fivechat_webhook_attempts_total{job="fivechat"}[1h]))`, Op: ">", Bound: "0.02"},
			},
			Summary: "{{ $value | humanizePercentage }} of the attempts to deliver webhooks fail.",
			Impact: "Owners of webhooks receive no events. If most receivers fail, suspect outgoing connections, DNS or " +
				"certificates on our side.",
		},
		{
			Name: "FivechatWebhooksDisabled", Severity: Ticket, Runbook: "webhooks-disabled", Shown: "fivechat-events",
			When:    []Condition{{Value: `max(delta(fivechat_webhooks_disabled{job="fivechat"}[1h]))`, Op: ">=", Bound: "3"}},
			Summary: "{{ $value | humanize }} webhooks were disabled within an hour.",
			Impact:  "Their owners receive no events until the webhooks are enabled again.",
		},
	}
}

func certificates() []Alert {
	const left = `min(fivechat_tls_certificate_expiry_seconds{job="fivechat"}) - time()`
	return []Alert{
		{
			Name: "FivechatCertificateExpiring", Severity: Page, Runbook: "certificate", Shown: "fivechat-edge",
			When:    []Condition{{Value: left, Op: "<", Bound: "2 * 86400"}},
			Summary: "The public listener's certificate expires in {{ $value | humanizeDuration }}.",
			Impact:  "After that, every browser and client refuses to connect.",
			Quiets:  []string{"FivechatCertificateSoon"},
		},
		{
			Name: "FivechatCertificateSoon", Severity: Ticket, For: time.Hour, Runbook: "certificate", Shown: "fivechat-edge",
			When:    []Condition{{Value: left, Op: "<", Bound: "14 * 86400"}},
			Summary: "The public listener's certificate expires in {{ $value | humanizeDuration }}.",
			Impact:  "None yet. Automatic renewal should have replaced it.",
		},
	}
}
