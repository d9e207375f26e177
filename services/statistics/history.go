package statistics

import (
	"context"
	"slices"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Interval has the sums of one interval of a history.
type Interval struct {
	Period
	Bucket
}

// History returns the sums of each interval that a period touches, oldest first.
func (s *Service) History(ctx context.Context, t tenant.ID, r Request, interval string) ([]Interval, error) {
	p, err := r.Period(s.now())
	if err != nil {
		return nil, err
	}
	periods, err := p.Split(interval)
	if err != nil {
		return nil, err
	}
	all, ends := make([]Interval, len(periods)), make([]Quarter, len(periods))
	for i, p := range periods {
		all[i].Period, ends[i] = p, QuarterOf(p.To)
	}
	err = s.store.Buckets(ctx, t, QuarterOf(periods[0].From), ends[len(ends)-1], func(q Quarter, bucket Bucket) {
		i, _ := slices.BinarySearch(ends, q+1) // the first interval that ends after the quarter
		all[i].Add(bucket)
	})
	return all, err
}

// Agent has the sums of one agent of a website.
type Agent struct {
	ID id.User
	Bucket
}

// Agents returns the sums of the agents that were active in a period, ordered by id. It also returns the period
// extended to whole quarters.
func (s *Service) Agents(ctx context.Context, t tenant.ID, r Request) ([]Agent, Period, error) {
	p, err := r.Period(s.now())
	if err != nil {
		return nil, Period{}, err
	}
	first, end := p.quarters()
	sums := map[id.User]*Agent{}
	err = s.store.AgentBuckets(ctx, t, first, end, func(agent id.User, bucket Bucket) {
		if sums[agent] == nil {
			sums[agent] = &Agent{ID: agent}
		}
		sums[agent].Add(bucket)
	})
	var all []Agent
	for _, a := range sums {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b Agent) int { return int(a.ID - b.ID) })
	return all, p.whole(), err
}

// Ratings returns a website's ratings in a period, and the period extended to whole quarters.
func (s *Service) Ratings(ctx context.Context, t tenant.ID, r Request) (Bucket, Period, error) {
	p, err := r.Period(s.now())
	if err != nil {
		return Bucket{}, Period{}, err
	}
	first, end := p.quarters()
	var sum Bucket
	err = s.store.Buckets(ctx, t, first, end, func(_ Quarter, bucket Bucket) {
		sum.Add(Bucket{Stars: bucket.Stars})
	})
	return sum, p.whole(), err
}

// whole returns the quarters that the period touches.
func (p Period) whole() Period {
	first, end := p.quarters()
	return Period{first.Begin().In(p.From.Location()), end.Begin().In(p.To.Location())}
}
