// Package checker recounts some websites every hour and exports how much their counters differ from the sources' rows.
//
// Begin with Task. Invariant: of all replicas one claims each round. The package repairs nothing: that is the
// operator's command.
package checker

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/statistics"
)

const (
	period = time.Hour       // between two rounds
	look   = time.Minute     // between checks whether a round is due: another replica may have stopped
	most   = 5 * time.Minute // the longest round
)

// Rounds schedules the rounds among replicas.
type Rounds interface {
	// ClaimRound reports whether a round is due, and after which website it begins. It schedules the next one.
	ClaimRound(ctx context.Context, now, next time.Time) (after tenant.ID, due bool, err error)
	// EndRound stores the last website of a round.
	EndRound(ctx context.Context, last tenant.ID) error
}

// Task runs on every replica; a round runs on the one that claimed it.
type Task struct {
	rounds    Rounds
	service   *statistics.Service
	telemetry *telemetry.Telemetry
	now       func() time.Time
	drift     prometheus.Gauge
	wrong     map[tenant.ID]float64 // last known difference, only of websites with one
}

// New makes a Task. now returns the current time.
func New(r Rounds, s *statistics.Service, t *telemetry.Telemetry, now func() time.Time) *Task {
	task := &Task{r, s, t, now, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_statistics_drift",
		Help: "Sum of the differences between counters and their recount, over the websites that this replica checked, " +
			"by the last check of each.",
	}), map[tenant.ID]float64{}}
	t.Registry.MustRegister(task.drift)
	return task
}

// Run runs rounds until ctx ends.
func (t *Task) Run(ctx context.Context) error {
	for {
		if err := t.Round(ctx); err != nil && ctx.Err() == nil {
			t.telemetry.Log.WarnContext(
				ctx, "statistics: checking counters failed; retrying", "retry_in", look, "error", err,
			)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
	}
}

// Round checks the next few websites if a round is due.
func (t *Task) Round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	now := t.now()
	after, due, err := t.rounds.ClaimRound(ctx, now, now.Add(period))
	if err != nil || !due {
		return err
	}
	checks, err := t.service.CheckSome(ctx, after)
	for _, c := range checks {
		t.note(ctx, c)
		after = c.Website
	}
	sum := 0.0
	for _, by := range t.wrong {
		sum += by
	}
	t.drift.Set(sum)
	if err != nil {
		return err
	}
	return t.rounds.EndRound(ctx, after)
}

func (t *Task) note(ctx context.Context, c statistics.Check) {
	website := c.Website.Int64()
	if c.Err != nil {
		t.telemetry.Log.WarnContext(
			ctx, "a website's counters could not be checked", "website", website, "error", c.Err,
		)
		return
	}
	delete(t.wrong, c.Website)
	for _, d := range c.Drift {
		t.telemetry.Log.ErrorContext(
			ctx, "a counter differs from its rows; fivechat statistics recount repairs it", "website", website,
			"counter",
			d.Counter, "kept", d.Kept, "recounted", d.True,
		)
		t.wrong[c.Website] += math.Abs(d.Difference())
	}
}
