// Package checker looks now and then whether the counters are still what the sources' rows come to.
package checker

import (
	"context"
	"log/slog"
	"math"
	"time"

	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/statistics"
)

const (
	period = time.Hour       // between two rounds
	look   = time.Minute     // between looks whether a round is due: another replica may have stopped
	most   = 5 * time.Minute // for one round
)

// Rounds says when a round is due, to one of the replicas.
type Rounds interface {
	// ClaimRound says whether a round is due, and behind which website it begins; the next one is due then.
	ClaimRound(ctx context.Context, now, next time.Time) (behind tenant.ID, due bool, err error)
	// EndRound notes the last website of a round.
	EndRound(ctx context.Context, last tenant.ID) error
}

// Task works on every replica; a round belongs to the one that claimed it.
type Task struct {
	Rounds  Rounds
	Service *statistics.Service
	Logger  *slog.Logger
	Now     func() time.Time
	// Drifted hears, after each round, by how much the counters of the websites that this replica has checked are wrong: the
	// sum of the absolute differences, each website's as it was found last.
	Drifted func(sum float64)
}

// Run works until ctx ends.
func (t Task) Run(ctx context.Context) error {
	wrong := map[tenant.ID]float64{} // has those alone that are
	for {
		if err := t.Round(ctx, wrong); err != nil && ctx.Err() == nil {
			t.Logger.WarnContext(ctx, "checking will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
	}
}

// Round checks the next few websites, where that is due, and notes in wrong by how much each is wrong that is.
func (t Task) Round(ctx context.Context, wrong map[tenant.ID]float64) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	now := t.Now()
	behind, due, err := t.Rounds.ClaimRound(ctx, now, now.Add(period))
	if err != nil || !due {
		return err
	}
	checks, err := t.Service.CheckSome(ctx, behind)
	for _, c := range checks {
		t.note(ctx, c, wrong)
		behind = c.Website
	}
	sum := 0.0
	for _, by := range wrong {
		sum += by
	}
	t.Drifted(sum)
	if err != nil {
		return err
	}
	return t.Rounds.EndRound(ctx, behind)
}

func (t Task) note(ctx context.Context, c statistics.Check, wrong map[tenant.ID]float64) {
	website := c.Website.Int64()
	if c.Err != nil {
		t.Logger.WarnContext(ctx, "a website's counters could not be checked", "website", website, "error", c.Err)
		return
	}
	delete(wrong, c.Website)
	for _, d := range c.Drift {
		t.Logger.ErrorContext(ctx, "a counter is wrong: fivechat statistics recount repairs it", "website", website, "counter", d.Counter, "kept", d.Kept, "recounted", d.True)
		wrong[c.Website] += math.Abs(d.Difference())
	}
}
