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
	followGather = 50 * time.Millisecond // how long records after applied ones wait for more
	followRetry  = time.Second           // after a failure
)

// Follower applies one source's records, each exactly once and in order. It stops at a record that it can't read or
// apply, and at a gap, and its metrics show that. Skipping a record would make counts wrong permanently, and nothing
// would show it. An unreadable record was written by a newer version, whose own replica reads it. A follower that has
// applied nothing yet, as in an installation that adds the service later, begins at the start of the log. After a
// failure it halves its batch, down to one record, so that a batch that is too large for a component in between
// doesn't stop it.
type Follower struct {
	Feed      Feed // the source's log; its Name is the source's name
	Telemetry *telemetry.Telemetry
	// Position returns the position of the last record applied, or 0.
	Position func(ctx context.Context, source string) (int64, error)
	// Apply stores the effect of records and the position of the last of them in one transaction.
	Apply        func(ctx context.Context, source string, records []outbox.Record) error
	lag, stalled prometheus.Gauge
	known        bool  // whether pos is the position
	pos          int64 // of the last record applied, or 0
}

// Run follows the log until ctx ends. It retries if the source doesn't respond.
func (f Follower) Run(ctx context.Context) error {
	source := prometheus.Labels{"source": f.Feed.Name}
	f.lag = prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "fivechat_follower_lag_seconds",
		Help:        "Age of the oldest known event that has not been applied; 0 if all have.",
		ConstLabels: source,
	})
	f.stalled = prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "fivechat_follower_stalled",
		Help:        "1 while events cannot be read or applied, else 0.",
		ConstLabels: source,
	})
	f.Telemetry.Registry.MustRegister(f.lag, f.stalled)
	for limit := outbox.BatchRecords; ; {
		tried, waited, err := f.step(ctx, limit)
		pause := followGather
		if f.known = err == nil; f.known {
			f.stalled.Set(0)
			limit = min(2*limit, outbox.BatchRecords)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			f.stalled.Set(1)
			limit = max(min(limit, tried)/2, 1)
			f.Telemetry.Log.WarnContext(
				ctx,
				"follower: applying events failed; retrying with fewer",
				"source",
				f.Feed.Name,
				"records",
				limit,
				"in",
				followRetry,
				"error",
				err,
			)
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

// step applies up to limit records, and returns how many it tried. waited reports that the next step needs no pause,
// because this one has waited, or because more records follow.
func (f *Follower) step(ctx context.Context, limit int) (tried int, waited bool, err error) {
	if !f.known {
		reading, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
		f.pos, err = f.Position(reading, f.Feed.Name)
		cancel()
		if err != nil {
			return limit, false, err
		}
	}
	records, err := f.Feed.Next(ctx, f.pos)
	if err != nil {
		return limit, false, err
	}
	if len(records) == 0 {
		f.lag.Set(0)
		return 0, true, nil
	}
	more := outbox.MayHaveMore(records) || len(records) > limit
	records = records[:min(limit, len(records))]
	f.lag.Set(time.Since(records[0].At).Seconds())
	if first := records[0].Pos; f.pos == 0 && first > 1 {
		f.Telemetry.Log.WarnContext(ctx, "follower: earlier events are no longer stored, so they are skipped",
			"source", f.Feed.Name, "begins", first)
	} else if first != f.pos+1 {
		// Continuing would make counts wrong permanently. A stop shows in the metrics.
		return len(records), false, fmt.Errorf("events: the log of %s continues at %d instead of %d: the events "+
			"between are no longer stored", f.Feed.Name, records[0].Pos, f.pos+1)
	}
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	doing, end := outbox.StartBatchSpan(ctx, f.Telemetry, "follow", f.Feed.Name, records)
	err = f.Apply(doing, f.Feed.Name, records)
	end(err)
	if err != nil {
		return len(records), false, err
	}
	if f.pos = records[len(records)-1].Pos; !more {
		f.lag.Set(0)
	}
	return len(records), more, nil
}
