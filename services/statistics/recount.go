package statistics

import (
	"context"
	"math"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Totals are the sums over a source's rows of a website at one moment, with the state of its log at that moment.
type Totals struct {
	Counters Counters // the counters that the source's events contribute to
	Pos      int64    // of the last event that had a position
	Waiting  []Event  // the website's events without a position: they are in Counters
}

// Source is a service whose events are counted. Errors are faults.
type Source interface {
	// Name is the service's name.
	Name() string
	// Totals counts a website's rows again.
	Totals(ctx context.Context, t tenant.ID) (Totals, error)
	// Between returns the website's events after a position, up to another.
	Between(ctx context.Context, t tenant.ID, after, to int64) ([]Event, error)
}

// Kept are a website's counters with the positions up to which they were counted, at one moment.
type Kept struct {
	Counters
	Positions map[string]int64 // by source
	Repairs   int64            // number of repairs
}

// Drift is a counter that differs from the rows of its source.
type Drift struct {
	Counter    string
	Kept, True float64
}

// Difference is the stored value minus the recounted one.
func (d Drift) Difference() float64 { return d.Kept - d.True }

// Recount compares a website's counters with the sums over the sources' rows and, if repair is set, corrects them. It
// is exact during writes, because each side is a snapshot at a known position of a log:
//
//   - A source returns, for one moment, the sums over its rows, the position P of its log, and the events that have no
//     position yet. Without those, the sums are those of the events up to P.
//   - Kept returns, for one moment, the counters and the position Q up to which they count that log.
//   - The sums of the website's events between P and Q are added to the source's sums if P is before Q, otherwise
//     subtracted. Then both sides are the sums of the events up to Q, and any difference is an error.
//
// Later events don't change such a difference. It is subtracted from the counters as they are at the time of the
// repair.
func (s *Service) Recount(ctx context.Context, t tenant.ID, repair bool) ([]Drift, error) {
	var truth Counters
	at := map[string]int64{}
	for _, source := range s.sources {
		found, err := source.Totals(ctx, t)
		if err != nil {
			return nil, err
		}
		truth, at[source.Name()] = truth.Add(found.Counters).Add(sum(found.Waiting).negative()), found.Pos
	}
	kept, err := s.store.Kept(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, source := range s.sources {
		p, q := at[source.Name()], kept.Positions[source.Name()]
		between, err := source.Between(ctx, t, min(p, q), max(p, q))
		if err != nil {
			return nil, err
		}
		if missing := sum(between); q > p {
			truth = truth.Add(missing)
		} else {
			truth = truth.Add(missing.negative())
		}
	}
	drift := drifts(kept.Counters, truth)
	if len(drift) > 0 && repair {
		err = s.store.Repair(ctx, t, truth.Add(kept.negative()), kept.Repairs)
	}
	return drift, err
}

// sum returns the sums over events.
func sum(events []Event) (c Counters) {
	for _, e := range events {
		c = c.Add(e.Delta())
	}
	return c
}

// exact is the smallest difference that counts for sums of seconds. They are added in different orders, which gives
// different rounding.
const exact = 0.0005

// drifts returns the counters that differ.
func drifts(kept, truth Counters) (all []Drift) {
	for _, c := range []struct {
		name       string
		kept, true float64
	}{
		{"totalConversations", float64(kept.TotalConversations), float64(truth.TotalConversations)},
		{"openConversations", float64(kept.OpenConversations), float64(truth.OpenConversations)},
		{"totalMessages", float64(kept.TotalMessages), float64(truth.TotalMessages)},
		{"totalVisitors", float64(kept.TotalVisitors), float64(truth.TotalVisitors)},
		{"answeredConversations", float64(kept.AnsweredConversations), float64(truth.AnsweredConversations)},
		{"responseSeconds", kept.ResponseSeconds, truth.ResponseSeconds},
	} {
		if math.Abs(c.kept-c.true) >= max(exact, 1e-9*math.Abs(c.true)) {
			all = append(all, Drift{c.name, c.kept, c.true})
		}
	}
	return all
}

// checkWebsites is the number of websites in a round of checks.
const checkWebsites = 20

// Check is the result for one website in a round of checks.
type Check struct {
	Website tenant.ID
	Drift   []Drift
	Err     error // the error of the check
}

// CheckSome recounts the next few websites after a given one, and returns the results. After the last website it
// continues with the first.
func (s *Service) CheckSome(ctx context.Context, after tenant.ID) ([]Check, error) {
	websites, err := s.store.Websites(ctx, after, checkWebsites)
	if err == nil && len(websites) == 0 {
		websites, err = s.store.Websites(ctx, tenant.ID{}, checkWebsites)
	}
	var checks []Check
	for _, t := range websites {
		drift, err := s.Recount(ctx, t, false)
		if fault.Is(err, fault.Canceled) {
			return checks, err
		}
		checks = append(checks, Check{t, drift, err})
	}
	return checks, err
}
