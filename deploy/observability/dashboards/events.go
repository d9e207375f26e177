package dashboards

func events() board {
	return board{
		uid: eventsUID, title: "Fivechat / Events",
		about: "The path of events: from the services' logs to live streams, statistics and webhooks.",
		rows:  []row{published(), applied(), streamed(), delivered(), mailed(), filed()},
	}
}

// published is the row of the events' way out of the services.
func published() row {
	return row{"Do events leave the services?", []panel{
		{
			title: "Oldest waiting", unit: "s", limits: []limit{{60, red}}, links: []link{toService("component")},
			about:   "Age of the oldest event without a position, by service.",
			queries: []query{{`max by (component) (fivechat_outbox_oldest_age_seconds{job="fivechat"})`, "{{component}}"}},
		},
		{
			title: "Waiting", about: "Events without a position.", unit: "none", links: []link{toService("component")},
			queries: []query{{`max by (component) (fivechat_outbox_waiting{job="fivechat"})`, "{{component}}"}},
		},
		{
			title: "Not in Redis", unit: "none", links: []link{toService("component")},
			about: "Events that aren't published to Redis. Their number grows while Redis is unavailable; they are " +
				"published when it is back.",
			queries: []query{{`max by (component) (fivechat_outbox_unpublished{job="fivechat"})`, "{{component}}"}},
		},
	}}
}

// applied is the row of the consumers of events.
func applied() row {
	return row{"Do statistics and webhooks keep up?", []panel{
		{
			title: "Behind", unit: "s", limits: []limit{{60, orange}}, links: []link{toService("component")},
			about: "Age of the oldest event that wasn't applied, by consumer and source.",
			queries: []query{{
				`max by (component, source) (fivechat_follower_lag_seconds{job="fivechat"})`,
				"{{component}} after {{source}}",
			}},
		},
		{
			title: "Stalled", unit: "none", limits: []limit{{1, red}}, links: []link{toService("component")},
			about: "1 while events can't be read or applied.",
			queries: []query{{
				`max by (component, source) (fivechat_follower_stalled{job="fivechat"})`,
				"{{component}} after {{source}}",
			}},
		},
		{
			title: "Statistics drift", unit: "none", limits: []limit{{1, red}},
			about:   "Difference between counters and a recount. Any value but 0 is an error.",
			queries: []query{{`sum(fivechat_statistics_drift{job="fivechat"})`, "drift"}},
		},
	}}
}

// streamed is the row of live streams.
func streamed() row {
	return row{"Do agents and visitors see events live?", []panel{
		{
			title: "Readers", about: "Open event streams of agents and visitors.", unit: "none",
			queries: []query{{`sum by (reader) (fivechat_stream_readers{job="fivechat"})`, "{{reader}}"}},
		},
		{
			title: "Age at the reader", unit: "s", limits: []limit{{5, red}},
			about: "Age of an event when it is handed to the streams.",
			queries: []query{
				{quantile(0.5, "", `fivechat_stream_lag_seconds_bucket{job="fivechat"}`), "half"},
				{quantile(0.99, "", `fivechat_stream_lag_seconds_bucket{job="fivechat"}`), "99 %"},
			},
		},
		{
			title: "Stream ends", unit: "cpm",
			about: "Event streams that ended per minute, by reason. " +
				"A stream lasts 15 to 18 minutes unless its client leaves.",
			queries: []query{{`60 * ` + rate("reason", `fivechat_edge_stream_ends_total{job="fivechat"}`), "{{reason}}"}},
		},
		{
			title: "Dropped", unit: "cpm",
			about: "Streams per minute that were ended because their clients read too slowly. They resume.",
			queries: []query{{
				`60 * sum(rate(fivechat_stream_readers_dropped_total{job="fivechat"}[$__rate_interval]))`,
				"dropped",
			}},
		},
	}}
}

// delivered is the row of webhooks.
func delivered() row {
	return row{"Do webhooks arrive?", []panel{
		{
			title: "Attempts", about: "Delivery attempts per second, by outcome.", unit: "ops",
			queries: []query{{rate("outcome", `fivechat_webhook_attempts_total{job="fivechat"}`), "{{outcome}}"}},
		},
		{
			title: "Time of an attempt", unit: "s", limits: []limit{{15, red}},
			about: "Duration of delivery attempts. The timeout is 15 seconds.",
			queries: []query{{
				quantile(0.99, "", `fivechat_webhook_attempt_duration_seconds_bucket{job="fivechat"}`),
				"99 %",
			}},
		},
		{
			title: "Overdue", unit: "s", limits: []limit{{300, red}},
			about:   "How long the most overdue delivery is overdue. The objective is five minutes.",
			queries: []query{{`max(fivechat_webhook_overdue_seconds{job="fivechat"})`, "overdue"}},
		},
		{
			title: "Waiting and disabled", unit: "none",
			about: "Deliveries that are waiting, and webhooks that were disabled.",
			queries: []query{
				{`max(fivechat_webhook_deliveries_waiting{job="fivechat"})`, "waiting"},
				{`max(fivechat_webhooks_disabled{job="fivechat"})`, "disabled"},
			},
		},
	}}
}

// mailed is the row of e-mails.
func mailed() row {
	return row{"Do e-mails arrive?", []panel{
		{
			title: "Received", about: "Recipients of received mails per second, by outcome.", unit: "ops",
			queries: []query{{rate("outcome", `fivechat_mail_received_total{job="fivechat"}`), "{{outcome}}"}},
		},
		{
			title: "Filed", about: "Mails that were filed per second, by the rule that found their ticket.", unit: "ops",
			queries: []query{{rate("rule", `fivechat_mail_filed_total{job="fivechat"}`), "{{rule}}"}},
		},
		{
			title: "Sent", about: "Attempts to send an answer per second, by outcome.", unit: "ops",
			queries: []query{{rate("outcome", `fivechat_mail_submissions_total{job="fivechat"}`), "{{outcome}}"}},
		},
		{
			title: "Waiting", unit: "s", limits: []limit{{300, red}},
			about: "How long the oldest mail has been waiting to be filed or to be sent.",
			queries: []query{{
				`max by (queue) (fivechat_mail_waiting_seconds{job="fivechat"})`, "{{queue}}",
			}},
		},
	}}
}

// filed is the row of files that messages carry.
func filed() row {
	return row{"Are files stored and removed?", []panel{
		{
			title: "Uploads", about: "Uploads per second, by the status of the response.", unit: "ops",
			queries: []query{{rate("http_response_status_code",
				`http_server_request_duration_seconds_count{job="fivechat",class="upload"}`), "{{http_response_status_code}}"}},
		},
		{
			title: "Bytes", about: "Bytes that files take.", unit: "bytes",
			queries: []query{{`max(fivechat_stored_bytes{job="fivechat",component="files"})`, "files"}},
		},
		{
			title: "Swept", about: "Unused files per second that were due, and were removed or kept.", unit: "ops",
			queries: []query{{`sum(rate(fivechat_files_swept_total{job="fivechat"}[$__rate_interval]))`, "files"}},
		},
		{
			title: "Overdue", unit: "s", limits: []limit{{3600, red}},
			about:   "How long the oldest file that is due has been waiting to be removed or kept.",
			queries: []query{{`max(fivechat_files_overdue_seconds{job="fivechat"})`, "oldest"}},
		},
	}}
}
