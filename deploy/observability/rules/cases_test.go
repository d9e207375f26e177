package rules_test

// testCase is an alert, series that raise it alone or among others, and the same system being well. Values are in
// promtool's notation, one a minute.
type testCase struct {
	alert     string
	at        string // when is looked
	labels    map[string]string
	summary   string
	bad, good []string
}

type labels = map[string]string

// requests are n requests a minute at the edge with a status, of which fast were within 250 ms.
func requests(status, n, fast string) []string {
	const of = `{job="fivechat",component="api-gateway",http_request_method="GET",http_route="/conversations",` +
		`http_response_status_code="`
	return []string{
		`http_server_request_duration_seconds_count` + of + status + `"} 0+` + n,
		`http_server_request_duration_seconds_bucket` + of + status + `",le="0.25"} 0+` + fast,
	}
}

func join(lists ...[]string) (all []string) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// visitorsStart is the start time of a replica of visitors.
const visitorsStart = `process_start_time_seconds{job="fivechat",component="visitors",instance="a"} `

const gateway = `up{job="fivechat",component="api-gateway",instance="`

var cases = []testCase{
	{
		alert: "FivechatEdgeErrorsFast", at: "30m",
		summary: "Requests fail with 5xx: 2% over 1h; at this rate the month's error budget lasts two days.",
		bad:     join(requests("200", "980x60", "980x60"), requests("503", "20x60", "20x60")),
		good:    join(requests("200", "990x60", "990x60"), requests("503", "10x60", "10x60")),
	}, {
		alert: "FivechatEdgeErrorsSteady", at: "90m",
		summary: "Requests fail with 5xx: 1% over 6h; at this rate the month's error budget lasts five days.",
		bad:     join(requests("200", "990x100", "990x100"), requests("503", "10x100", "10x100")),
		good:    join(requests("200", "995x100", "995x100"), requests("503", "5x100", "5x100")),
	}, {
		alert: "FivechatEdgeErrorsSlow", at: "4h",
		summary: "Requests fail with 5xx: 0.2% over 3d; at this rate the month's error budget lasts a month.",
		bad:     join(requests("200", "998x250", "998x250"), requests("503", "2x250", "2x250")),
		good:    join(requests("200", "9999x250", "9999x250"), requests("503", "1x250", "1x250")),
	}, {
		alert: "FivechatEdgeErrorsFast", at: "30m",
		summary: "Requests fail with 5xx: 20% over 1h; at this rate the month's error budget lasts two days.",
		bad:     join(requests("200", "8x60", "8x60"), requests("503", "2x60", "2x60")),
		good:    join(requests("200", "4x60", "4x60"), requests("503", "1x60", "1x60")), // as large a share, of too few
	}, {
		alert: "FivechatEdgeErrorsFast", at: "30m",
		summary: "Requests fail with 5xx: 2% over 1h; at this rate the month's error budget lasts two days.",
		bad:     join(requests("200", "980x60", "980x60"), requests("503", "20x60", "20x60")),
		good:    join(requests("200", "980x60", "980x60"), requests("503", "20x20 400x40", "20x20 400x40")), // it has ended
	}, {
		alert: "FivechatEdgeLatencyFast", at: "30m",
		summary: "Too many requests take longer than 250 ms: 20% over 1h; at this rate the month's error budget " +
			"lasts two days.",
		bad: requests("200", "1000x60", "800x60"),
		// Failed requests are counted as errors, not as slow ones.
		good: join(requests("200", "1000x60", "900x60"), requests("503", "1000x60", "0x60")),
	}, {
		alert: "FivechatEdgeLatencySteady", at: "90m",
		summary: "Too many requests take longer than 250 ms: 10% over 6h; at this rate the month's error budget " +
			"lasts five days.",
		bad:  requests("200", "1000x100", "900x100"),
		good: requests("200", "1000x100", "950x100"),
	}, {
		alert: "FivechatEdgeLatencySlow", at: "4h",
		summary: "Too many requests take longer than 250 ms: 2% over 3d; at this rate the month's error budget " +
			"lasts a month.",
		bad:  requests("200", "1000x250", "980x250"),
		good: requests("200", "1000x250", "995x250"),
	}, {
		alert: "FivechatEdgeDown", at: "20m", labels: labels{"component": "api-gateway"}, summary: "No gateway responds.",
		bad:  []string{gateway + `a"} 0x30`, gateway + `b"} 1x10 _x20`}, // one is a target no more
		good: []string{gateway + `a"} 0x30`, gateway + `b"} 1x30`},
	}, {
		alert: "FivechatComponentDown", at: "20m", labels: labels{"component": "accounts"},
		summary: "No replica of accounts responds.",
		bad:     []string{`up{job="fivechat",component="accounts",instance="a"} 0x30`, gateway + `a"} 1x30`},
		good: []string{
			`up{job="fivechat",component="accounts",instance="a"} 0x30`,
			`up{job="fivechat",component="accounts",instance="b"} 1x30`,
		},
	}, {
		alert: "FivechatReplicaDown", at: "20m",
		labels:  labels{"component": "api-gateway", "instance": "a", "job": "fivechat"},
		summary: "A replica of api-gateway, a, doesn't respond; others do.",
		bad:     []string{gateway + `a"} 0x30`, gateway + `b"} 1x30`},
		good:    []string{gateway + `a"} 0x30`, gateway + `b"} 0x30`}, // then none does, which is another alert's
	}, {
		alert: "FivechatRestarting", at: "20m", labels: labels{"component": "visitors"},
		summary: "A replica of visitors started 4 times within 15 minutes.",
		bad:     []string{visitorsStart + `1x10 2x1 3x1 4x1 5x10`},
		good:    []string{visitorsStart + `1x10 2x15`},
	}, {
		alert: "FivechatPanics", at: "20m", labels: labels{"component": "tickets"},
		summary: "tickets panicked and continued.",
		bad:     []string{`fivechat_panics_total{job="fivechat",component="tickets",instance="a"} 0x10 1x15`},
		good:    []string{`fivechat_panics_total{job="fivechat",component="tickets",instance="a"} 7x25`},
	}, {
		alert: "FivechatMongoDBDown", at: "5m", summary: "No service can reach MongoDB.",
		bad: []string{dependency("accounts", "mongodb") + `0x10`, dependency("tickets", "mongodb") + `0x10`},
		good: []string{
			dependency("accounts", "mongodb") + `0x10`, dependency("tickets", "mongodb") + `1x10`,
			dependency("tickets", "redis") + `0x10`,
		},
	}, {
		alert: "FivechatRedisDown", at: "10m", summary: "No component can reach Redis.",
		bad:  []string{dependency("accounts", "redis") + `0x20`},
		good: []string{dependency("accounts", "redis") + `1x20`, dependency("accounts", "mongodb") + `0x20`},
	}, {
		alert: "FivechatStoreUnreachable", at: "20m", labels: labels{"component": "accounts", "dependency": "mongodb"},
		summary: "accounts can't reach mongodb, and others can.",
		bad:     []string{dependency("accounts", "mongodb") + `0x30`, dependency("tickets", "mongodb") + `1x30`},
		good:    []string{dependency("accounts", "mongodb") + `0x30`, dependency("tickets", "mongodb") + `0x30`},
	}, {
		alert: "FivechatStoreErrors", at: "20m", labels: labels{"component": "accounts", "db_system_name": "mongodb"},
		summary: "10% of the commands of accounts to mongodb fail.",
		bad:     []string{commands("ok") + `0+90x30`, commands("failed") + `0+10x30`},
		good:    []string{commands("ok") + `0+96x30`, commands("failed") + `0+4x30`},
	}, {
		alert: "FivechatPoolTimeouts", at: "20m", labels: labels{"component": "accounts", "db_system_name": "mongodb"},
		summary: "accounts times out waiting for a connection to mongodb.",
		bad: []string{`db_client_connection_timeouts_total{job="fivechat",component="accounts",` +
			`db_system_name="mongodb"} 0+1x30`},
		good: []string{`db_client_connection_timeouts_total{job="fivechat",component="accounts",` +
			`db_system_name="mongodb"} 3x30`},
	}, {
		alert: "FivechatPoolBusy", at: "20m",
		labels:  labels{"component": "accounts", "instance": "a", "db_system_name": "mongodb"},
		summary: "accounts uses 95% of its connections to mongodb.",
		bad:     []string{pool("count") + `,state="used"} 95x30`, pool("max") + `} 100x30`},
		good: []string{
			pool("count") + `,state="used"} 90x30`, pool("count") + `,state="idle"} 10x30`,
			pool("max") + `} 100x30`,
		},
	}, {
		alert: "FivechatCircuitOpen", at: "5m", labels: labels{"upstream": "tickets"},
		summary: "A gateway has opened its circuit breaker for tickets, which doesn't respond.",
		bad: []string{
			`fivechat_edge_circuit_state{job="fivechat",instance="a",upstream="tickets"} 2 1 2 1 2x10`,
			`fivechat_edge_circuit_state{job="fivechat",instance="b",upstream="tickets"} 0x10`,
		},
		good: []string{`fivechat_edge_circuit_state{job="fivechat",instance="a",upstream="tickets"} 2 0 2 0 0x10`},
	}, {
		alert: "FivechatEdgeSaturated", at: "20m", labels: labels{"upstream": "tickets"},
		summary: "The gateways refuse 1 requests a second to tickets: too many are in progress.",
		bad: []string{
			`fivechat_edge_refused_total{job="fivechat",upstream="tickets"} 0+60x30`,
			`fivechat_edge_circuit_state{job="fivechat",upstream="tickets"} 0x30`,
		},
		// They are refused because the circuit breaker is open.
		good: []string{
			`fivechat_edge_refused_total{job="fivechat",upstream="tickets"} 0+60x30`,
			`fivechat_edge_circuit_state{job="fivechat",upstream="tickets"} 2x30`,
		},
	}, {
		alert: "FivechatFileDescriptors", at: "20m", labels: labels{"component": "webhooks"},
		summary: "webhooks has 90% of its file descriptors open.",
		bad: []string{
			`process_open_fds{job="fivechat",component="webhooks"} 900x30`,
			`process_max_fds{job="fivechat",component="webhooks"} 1000x30`,
		},
		good: []string{
			`process_open_fds{job="fivechat",component="webhooks"} 700x30`,
			`process_max_fds{job="fivechat",component="webhooks"} 1000x30`,
		},
	}, {
		alert: "FivechatMemory", at: "20m", labels: labels{"component": "webhooks"},
		summary: "webhooks uses 95% of the memory that GOMEMLIMIT allows.",
		bad: []string{
			`process_resident_memory_bytes{job="fivechat",component="webhooks"} 95x30`,
			`go_gc_gomemlimit_bytes{job="fivechat",component="webhooks"} 100x30`,
		},
		good: []string{
			`process_resident_memory_bytes{job="fivechat",component="webhooks"} 95x30`,
			`go_gc_gomemlimit_bytes{job="fivechat",component="webhooks"} 9.223372036854776e18x30`,
		},
	}, {
		alert: "FivechatEventsAtRisk", at: "20m", labels: labels{"component": "webhooks", "source": "tickets"},
		summary: "webhooks is 4d 0h 0m 0s behind the events of tickets, which are kept for a week.",
		bad:     []string{follower("lag_seconds") + `345600x30`},
		good:    []string{follower("lag_seconds") + `300000x30`},
	}, {
		alert: "FivechatFollowerStalled", at: "20m", labels: labels{"component": "webhooks", "source": "tickets"},
		summary: "webhooks can't read or apply the events of tickets.",
		bad:     []string{follower("stalled") + `1x30`},
		good:    []string{follower("stalled") + `1 0 1 0 0x30`},
	}, {
		alert: "FivechatFollowerLag", at: "20m", labels: labels{"component": "webhooks", "source": "tickets"},
		summary: "webhooks is 1m 30s behind the events of tickets.",
		bad:     []string{follower("lag_seconds") + `90x30`},
		good:    []string{follower("lag_seconds") + `50x30`},
	}, {
		alert: "FivechatOutboxStuck", at: "20m", labels: labels{"component": "visitors"},
		summary: "The oldest event of visitors has waited 2m 0s for its position.",
		bad:     []string{`fivechat_outbox_oldest_age_seconds{job="fivechat",component="visitors"} 120x30`},
		good:    []string{`fivechat_outbox_oldest_age_seconds{job="fivechat",component="visitors"} 30x30`},
	}, {
		alert: "FivechatOutboxUnpublished", at: "30m", labels: labels{"component": "visitors"},
		summary: "5000 events of visitors are not published to Redis.",
		bad:     []string{`fivechat_outbox_unpublished{job="fivechat",component="visitors"} 5000x30`},
		good:    []string{`fivechat_outbox_unpublished{job="fivechat",component="visitors"} 0 5000 100x28`},
	}, {
		alert: "FivechatLiveLate", at: "20m", summary: "One live event in a hundred is more than 9.175s late.",
		bad: []string{
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="7.5"} 0+96x30`,
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="10"} 0+99x30`,
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="+Inf"} 0+99x30`,
		},
		good: []string{
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="2.5"} 0+99x30`,
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="5"} 0+100x30`,
			`fivechat_stream_lag_seconds_bucket{job="fivechat",le="+Inf"} 0+100x30`,
		},
	}, {
		alert: "FivechatReadersDropped", at: "1h",
		summary: "60 event streams were ended within an hour because their clients read too slowly.",
		bad:     []string{`fivechat_stream_readers_dropped_total{job="fivechat"} 0+1x70`},
		good:    []string{`fivechat_stream_readers_dropped_total{job="fivechat"} 0x30 5x40`},
	}, {
		alert: "FivechatStreamsEndEarly", at: "40m",
		summary: "Event streams end 9 times in 15 minutes, each of which should last that long.",
		bad: []string{
			edgeStreams + ` 100x50`,
			streamEnds("completed") + `0+30x50`,
			streamEnds("service_failed") + `0+30x50`,
		},
		// Streams end once because a service died, and continuously because of their clients or a restart.
		good: []string{
			edgeStreams + ` 100x50`,
			streamEnds("completed") + `0+7x50`,
			streamEnds("service_failed") + `0x10 100x40`,
			streamEnds("client_left") + `0+600x50`,
			streamEnds("draining") + `0+600x50`,
			streamEnds("credential") + `0+600x50`,
		},
	}, {
		alert: "FivechatStreamsEndEarly", at: "40m",
		summary: "Event streams end 30 times in 15 minutes, each of which should last that long.",
		bad:     []string{edgeStreams + ` 0x50`, streamEnds("write_timeout") + `0+2x50`},
		good:    []string{edgeStreams + ` 0x50`, streamEnds("write_timeout") + `0+1x50`}, // as bad, of too few
	}, {
		alert: "FivechatStatisticsDrift", at: "20m", summary: "Counters differ from a recount by 3 in total.",
		bad: []string{
			`fivechat_statistics_drift{job="fivechat",instance="a"} 3x30`,
			`fivechat_statistics_drift{job="fivechat",instance="b"} 0x30`,
		},
		good: []string{`fivechat_statistics_drift{job="fivechat",instance="a"} 0x30`},
	}, {
		alert: "FivechatWebhooksLate", at: "20m", summary: "A delivery is 10m 0s overdue.",
		bad:  []string{`fivechat_webhook_overdue_seconds{job="fivechat"} 600x30`},
		good: []string{`fivechat_webhook_overdue_seconds{job="fivechat"} 200x30`},
	}, {
		alert: "FivechatWebhookFailures", at: "90m", summary: "60% of the attempts to deliver webhooks fail.",
		bad:  []string{attempts("refused") + `0+60x100`, attempts("delivered") + `0+40x100`},
		good: []string{attempts("refused") + `0+40x100`, attempts("delivered") + `0+60x100`},
	}, {
		alert: "FivechatWebhookFailures", at: "90m", summary: "60% of the attempts to deliver webhooks fail.",
		bad: []string{
			attempts("refused") + `0+30x100`, attempts("unanswered") + `0+30x100`,
			attempts("delivered") + `0+40x100`,
		},
		// One receiver of a quiet installation fails.
		good: []string{attempts("refused") + `0+1x100`, attempts("delivered") + `0x100`},
	}, {
		alert: "FivechatWebhooksDisabled", at: "60m", summary: "4 webhooks were disabled within an hour.",
		bad:  []string{`fivechat_webhooks_disabled{job="fivechat"} 2x30 6x40`},
		good: []string{`fivechat_webhooks_disabled{job="fivechat"} 2x30 3x40`},
	}, {
		alert: "FivechatMailUnfiled", at: "20m", summary: "A received mail has waited 10m 0s for its ticket.",
		bad:  []string{`fivechat_mail_waiting_seconds{job="fivechat",queue="file"} 600x30`},
		good: []string{`fivechat_mail_waiting_seconds{job="fivechat",queue="file"} 200x30`},
	}, {
		alert: "FivechatMailUnsent", at: "40m",
		summary: "An answer has waited 20m 0s for the relay, which accepts none.",
		bad: []string{
			`fivechat_mail_waiting_seconds{job="fivechat",queue="send"} 1200x50`, submissions("SENT") + `5x50`,
		},
		// One customer's server refuses for now, and others get their mails.
		good: []string{
			`fivechat_mail_waiting_seconds{job="fivechat",queue="send"} 1200x50`, submissions("SENT") + `0+1x50`,
		},
	}, {
		alert: "FivechatMailUncertain", at: "60m",
		summary: "It isn't known of 60 answers within an hour whether the relay has accepted them.",
		bad:     []string{submissions("UNCERTAIN") + `0+1x70`},
		good:    []string{submissions("UNCERTAIN") + `0x30 2x40`},
	}, {
		alert: "FivechatFilesUnswept", at: "30m",
		summary: "A file that was due 2h 0m 0s ago hasn't been removed or kept.",
		bad:     []string{`fivechat_files_overdue_seconds{job="fivechat"} 7200x40`},
		good:    []string{`fivechat_files_overdue_seconds{job="fivechat"} 3000x40`},
	}, {
		alert: "FivechatCertificateExpiring", at: "1h", summary: "The public listener's certificate expires in 1d 0h 0m 0s.",
		bad:  []string{`fivechat_tls_certificate_expiry_seconds{job="fivechat"} 90000x70`},
		good: []string{`fivechat_tls_certificate_expiry_seconds{job="fivechat"} 263600x70`},
	}, {
		alert: "FivechatCertificateSoon", at: "2h", summary: "The public listener's certificate expires in 10d 0h 0m 0s.",
		bad:  []string{`fivechat_tls_certificate_expiry_seconds{job="fivechat"} 871200x130`},
		good: []string{`fivechat_tls_certificate_expiry_seconds{job="fivechat"} 1735200x130`},
	},
}

func dependency(component, name string) string {
	return `fivechat_dependency_up{job="fivechat",component="` + component + `",dependency="` + name + `"} `
}

const edgeStreams = `fivechat_edge_streams{job="fivechat"}`

func streamEnds(reason string) string {
	return `fivechat_edge_stream_ends_total{job="fivechat",reason="` + reason + `"} `
}

func commands(outcome string) string {
	return `db_client_operation_duration_seconds_count{job="fivechat",component="accounts",` +
		`db_system_name="mongodb",outcome="` + outcome + `"} `
}

func pool(what string) string {
	return `db_client_connection_` + what + `{job="fivechat",component="accounts",instance="a",db_system_name="mongodb"`
}

func follower(what string) string {
	return `fivechat_follower_` + what + `{job="fivechat",component="webhooks",source="tickets"} `
}

func submissions(outcome string) string {
	return `fivechat_mail_submissions_total{job="fivechat",outcome="` + outcome + `"} `
}

func attempts(outcome string) string {
	return `fivechat_webhook_attempts_total{job="fivechat",outcome="` + outcome + `"} `
}
