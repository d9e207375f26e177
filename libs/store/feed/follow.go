package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	followGather = 50 * time.Millisecond // what comes behind applied records waits for so long for what comes beside it
	followRetry  = time.Second           // after a failure
)

// Follower applies one source's records, each exactly once and in order. It stands still before a record that it cannot
// apply or read, and before a gap, and shows that in its metrics: stepping over one would count wrong for ever, without
// anybody seeing it. What it cannot read yet was written by a newer version, whose own replica reads it. One that has
// applied nothing yet, as in an installation that gets its service later, begins where the log does. After a failure it
// halves its batch, down to one record, so that a batch which is too large for something on the way doesn't stop it.
type Follower struct {
	Feed      Feed // of the source's log; its name is the source's
	Telemetry *telemetry.Telemetry
	// Position gives the position of the last record applied, 0 at the beginning.
	Position func(ctx context.Context, source string) (int64, error)
	// Apply stores the effect of records and the position of the last of them in one transaction.
	Apply        func(ctx context.Context, source string, records []outbox.Record) error
	lag, stalled prometheus.Gauge
}

// Run follows until ctx ends; a source that is away is asked again.
func (f Follower) Run(ctx context.Context) error {
	source := prometheus.Labels{"source": f.Feed.Name}
	f.lag = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_follower_lag_seconds", Help: "Age of the oldest event known that has not been applied, 0 where all have.", ConstLabels: source})
	f.stalled = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_follower_stalled", Help: "1 while events cannot be read or applied, else 0.", ConstLabels: source})
	f.Telemetry.Registry.MustRegister(f.lag, f.stalled)
	for most := outbox.BatchRecords; ; {
		tried, waited, err := f.step(ctx, most)
		pause := followGather
		if err == nil {
			f.stalled.Set(0)
			most = min(2*most, outbox.BatchRecords)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			f.stalled.Set(1)
			most = max(min(most, tried)/2, 1)
			f.Telemetry.Log.WarnContext(ctx, "follower: applying events failed; retrying with fewer", "source", f.Feed.Name,
				"records", most, "in", followRetry, "error", err)
			pause = followRetry
		case waited:
			pause = 0
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// step applies up to most records and says how many it tried. waited reports that the next step need not wait: this one
// has, or more records follow.
func (f Follower) step(ctx context.Context, most int) (tried int, waited bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	pos, err := f.Position(ctx, f.Feed.Name)
	if err != nil {
		return most, false, err
	}
	records, err := f.Feed.Next(ctx, pos)
	if err != nil {
		return most, false, err
	}
	if len(records) == 0 {
		f.lag.Set(0)
		return 0, true, nil
	}
	more := outbox.MayHaveMore(records) || len(records) > most
	records = records[:min(most, len(records))]
	f.lag.Set(time.Since(records[0].At).Seconds())
	if first := records[0].Pos; pos == 0 && first > 1 {
		f.Telemetry.Log.WarnContext(ctx, "what happened earlier is no longer kept and will not be followed", "source", f.Feed.Name, "begins", first)
	} else if first != pos+1 {
		// Going on would count wrong for ever; standing still is seen in the metrics.
		return len(records), false, fmt.Errorf("events: the log of %s goes on at %d and not at %d: what is between is no longer kept", f.Feed.Name, records[0].Pos, pos+1)
	}
	doing, end := outbox.StartBatchSpan(ctx, f.Telemetry, "follow", f.Feed.Name, records)
	err = f.Apply(doing, f.Feed.Name, records)
	end(err)
	if err != nil {
		return len(records), false, err
	}
	if !more {
		f.lag.Set(0)
	}
	return len(records), more, nil
}
