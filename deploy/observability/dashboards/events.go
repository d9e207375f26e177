package dashboards

func events() board {
	return board{
		uid: eventsUID, title: "Fivechat / Events", about: "The path of events: from the services' logs to live streams, statistics and webhooks.",
		rows: []row{
			{"Do events leave the services?", []panel{
				{title: "Oldest waiting", about: "Age of the oldest event without a position, by service.", unit: "s", limits: []limit{{60, red}}, links: []link{toService("component")},
					queries: []query{{`max by (component) (fivechat_outbox_oldest_age_seconds{job="fivechat"})`, "{{component}}"}}},
				{title: "Waiting", about: "Events without a position.", unit: "none", links: []link{toService("component")},
					queries: []query{{`max by (component) (fivechat_outbox_waiting{job="fivechat"})`, "{{component}}"}}},
				{title: "Not in Redis", about: "Events that aren't published to Redis. Their number grows while Redis is unavailable; they are published when it is back.", unit: "none", links: []link{toService("component")},
					queries: []query{{`max by (component) (fivechat_outbox_unpublished{job="fivechat"})`, "{{component}}"}}},
			}},
			{"Do statistics and webhooks keep up?", []panel{
				{title: "Behind", about: "Age of the oldest event that wasn't applied, by consumer and source.", unit: "s", limits: []limit{{60, orange}}, links: []link{toService("component")},
					queries: []query{{`max by (component, source) (fivechat_follower_lag_seconds{job="fivechat"})`, "{{component}} after {{source}}"}}},
				{title: "Stalled", about: "1 while events can't be read or applied.", unit: "none", limits: []limit{{1, red}}, links: []link{toService("component")},
					queries: []query{{`max by (component, source) (fivechat_follower_stalled{job="fivechat"})`, "{{component}} after {{source}}"}}},
				{title: "Statistics drift", about: "Difference between counters and a recount. Any value but 0 is an error.", unit: "none", limits: []limit{{1, red}},
					queries: []query{{`sum(fivechat_statistics_drift{job="fivechat"})`, "drift"}}},
			}},
			{"Do agents and visitors see events live?", []panel{
				{title: "Readers", about: "Open event streams of agents and visitors.", unit: "none",
					queries: []query{{`sum by (reader) (fivechat_stream_readers{job="fivechat"})`, "{{reader}}"}}},
				{title: "Age at the reader", about: "Age of an event when it is handed to the streams.", unit: "s", limits: []limit{{5, red}},
					queries: []query{
						{`histogram_quantile(0.5, sum by (le) (rate(fivechat_stream_lag_seconds_bucket{job="fivechat"}[$__rate_interval])))`, "half"},
						{`histogram_quantile(0.99, sum by (le) (rate(fivechat_stream_lag_seconds_bucket{job="fivechat"}[$__rate_interval])))`, "99 %"}}},
				{title: "Stream ends", about: "Event streams that ended per minute, by reason. A stream lasts 15 to 18 minutes unless its client leaves.", unit: "cpm",
					queries: []query{{`60 * sum by (reason) (rate(fivechat_edge_stream_ends_total{job="fivechat"}[$__rate_interval]))`, "{{reason}}"}}},
				{title: "Dropped", about: "Streams per minute that were ended because their clients read too slowly. They resume.", unit: "cpm",
					queries: []query{{`60 * sum(rate(fivechat_stream_readers_dropped_total{job="fivechat"}[$__rate_interval]))`, "dropped"}}},
			}},
			{"Do webhooks arrive?", []panel{
				{title: "Attempts", about: "Delivery attempts per second, by outcome.", unit: "ops",
					queries: []query{{`sum by (outcome) (rate(fivechat_webhook_attempts_total{job="fivechat"}[$__rate_interval]))`, "{{outcome}}"}}},
				{title: "Time of an attempt", about: "Duration of delivery attempts. The timeout is 15 seconds.", unit: "s", limits: []limit{{15, red}},
					queries: []query{{`histogram_quantile(0.99, sum by (le) (rate(fivechat_webhook_attempt_duration_seconds_bucket{job="fivechat"}[$__rate_interval])))`, "99 %"}}},
				{title: "Overdue", about: "How long the most overdue delivery is overdue. The objective is five minutes.", unit: "s", limits: []limit{{300, red}},
					queries: []query{{`max(fivechat_webhook_overdue_seconds{job="fivechat"})`, "overdue"}}},
				{title: "Waiting and disabled", about: "Deliveries that are waiting, and webhooks that were disabled.", unit: "none",
					queries: []query{{`max(fivechat_webhook_deliveries_waiting{job="fivechat"})`, "waiting"}, {`max(fivechat_webhooks_disabled{job="fivechat"})`, "disabled"}}},
			}},
		},
	}
}
