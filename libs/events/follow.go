package events

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/telemetry"
)

const (
	followGather = 50 * time.Millisecond // what comes behind applied records waits for so long for what comes beside it
	followRetry  = time.Second           // after a failure
)

// Follower applies one source's records, each exactly once.
type Follower struct {
	Feed      Feed // of the source's log; its name is the source's
	Telemetry *telemetry.Telemetry
	// Position gives the position of the last record applied, 0 at the beginning.
	Position func(ctx context.Context, source string) (int64, error)
	// Apply stores the effect of records and the position of the last of them in one transaction.
	Apply func(ctx context.Context, source string, records []Record) error
	lag   prometheus.Gauge
}

// Run follows until ctx ends; a source that is away is asked again.
func (f Follower) Run(ctx context.Context) error {
	f.lag = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_follower_lag_seconds", Help: "Age of the record applied last, when it was applied.", ConstLabels: prometheus.Labels{"source": f.Feed.Name}})
	f.Telemetry.Registry.MustRegister(f.lag)
	for {
		n, err := f.step(ctx)
		pause := followGather
		switch {
		case err != nil && ctx.Err() == nil:
			f.Telemetry.Log.WarnContext(ctx, "following will be tried again", "source", f.Feed.Name, "error", err)
			pause = followRetry
		case n == 0 || n == readBatch: // it has waited, or there is more
			pause = 0
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (f Follower) step(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	pos, err := f.Position(ctx, f.Feed.Name)
	if err != nil {
		return 0, err
	}
	records, err := f.Feed.Next(ctx, pos)
	if err != nil || len(records) == 0 {
		return 0, err
	}
	if records[0].Pos != pos+1 {
		// Going on would count wrong for ever; standing still is seen in the lag.
		return 0, fmt.Errorf("events: the log of %s goes on at %d and not at %d: what is between is no longer kept", f.Feed.Name, records[0].Pos, pos+1)
	}
	if err := f.Apply(ctx, f.Feed.Name, records); err != nil {
		return 0, err
	}
	f.lag.Set(time.Since(records[len(records)-1].At).Seconds())
	return len(records), nil
}
