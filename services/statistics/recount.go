package statistics

import (
	"context"
	"math"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Totals is what a source's rows of a website come to at one moment, counted anew, and where its log stood then.
type Totals struct {
	Counters Counters // those that are made of the source's events
	Pos      int64    // of the last event that had a position
	Waiting  []Event  // of the website: they are in the counters, and have no position yet
}

// Source is a service whose events are counted. Errors are faults.
type Source interface {
	// Name is the service's.
	Name() string
	// Totals counts a website's rows anew.
	Totals(ctx context.Context, t tenant.ID) (Totals, error)
	// Between gives the website's events behind a position and up to another.
	Between(ctx context.Context, t tenant.ID, behind, to int64) ([]Event, error)
}

// Kept is a website's counters, and how far the logs were counted at the same moment.
type Kept struct {
	Counters
	Positions map[string]int64 // by source
	Repairs   int64            // how often the counters have been repaired
}

// Drift is a counter that is not what its source's rows come to.
type Drift struct {
	Counter    string
	Kept, True float64
}

// Difference is how much too much is kept.
func (d Drift) Difference() float64 { return d.Kept - d.True }

// Recount compares a website's counters with what the sources' rows come to and, where they are to be repaired, corrects
// them. It is exact while writes go on, because each side is a snapshot at a known position of a log:
//
//   - A source gives, of one moment, what its rows come to, the position P of its log, and the events that have none yet.
//     Without those, the sum is what the events up to P come to.
//   - Kept gives, of one moment, the counters and the position Q up to which they count that log.
//   - What the website's events between P and Q come to, is added where Q is behind P, else taken away. Now both sides are
//     what the events up to Q come to, and whatever is different is no matter of time.
//
// A difference found so stays the same whatever happens meanwhile, and is taken from the counters as they are by then.
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

// sum gives what events come to.
func sum(events []Event) (c Counters) {
	for _, e := range events {
		c = c.Add(e.Delta())
	}
	return c
}

// exact is the difference from which on sums of seconds differ: they are added up in other orders, which rounds otherwise.
const exact = 0.0005

// drifts gives the counters that differ.
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

// checkWebsites bounds a round of checks.
const checkWebsites = 20

// Check is what a round of checks found.
type Check struct {
	Website tenant.ID
	Drift   []Drift
	Err     error // why it could not be checked
}

// CheckSome recounts the next few websites behind one, and gives what it found; the websites are in a ring.
func (s *Service) CheckSome(ctx context.Context, behind tenant.ID) ([]Check, error) {
	websites, err := s.store.Websites(ctx, behind, checkWebsites)
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
