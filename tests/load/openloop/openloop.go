// Package openloop starts arrivals on schedule, whether earlier ones have been answered or not. A generator whose
// clients wait for a response before they send the next request sends less exactly while the system is slow, and so
// leaves the slow requests out of its percentiles ("coordinated omission"). Here the schedule is fixed in advance, and
// times are measured from when an arrival was due.
//
// The load generators available as libraries keep a schedule too, but measure from when a request was sent, so that a
// late one looks fast. So this package exists.
package openloop

import (
	"context"
	"sync"
	"time"
)

// Plan says when arrivals are due: the first at once, the others evenly after it.
type Plan struct {
	Rate   float64       // arrivals per second
	Length time.Duration // of the whole
	Bound  int           // of concurrent arrivals
}

// Total is how many arrivals are due.
func (p Plan) Total() int { return int(p.Rate * p.Length.Seconds()) }

// Due is when the n-th arrival is due after the first.
func (p Plan) Due(n int) time.Duration {
	return time.Duration(float64(n) / p.Rate * float64(time.Second))
}

// Result is the result of a plan. Arrivals from Sent on were not started.
type Result struct {
	Start time.Time
	Took  time.Duration // until the last started arrival ended
	Sent  int
	Full  int // arrivals that found the bound reached: they were late, or, from Sent on, never started
}

// Run calls do for each arrival in its own goroutine, when it is due. do must end by itself, in bounded time. An
// arrival that finds Bound others in progress waits until one of them ends. At the end of the plan's length, or of ctx,
// waiting arrivals aren't started any more.
func Run(ctx context.Context, p Plan, do func(n int, due time.Time)) Result {
	r := Result{Start: time.Now()}
	end := time.NewTimer(p.Length)
	defer end.Stop()
	places := make(chan struct{}, p.Bound)
	var all sync.WaitGroup
	total := p.Total()
	for ; r.Sent < total && ctx.Err() == nil; r.Sent++ {
		due := r.Start.Add(p.Due(r.Sent))
		if !until(ctx, due) {
			break
		}
		if !place(places, end.C, &r) {
			r.Full += total - r.Sent - 1
			break
		}
		n := r.Sent
		all.Go(func() {
			do(n, due)
			<-places
		})
	}
	all.Wait()
	r.Took = time.Since(r.Start)
	return r
}

// until waits for a time, and reports whether it was reached.
func until(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return true
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// place waits for a free place, and reports whether there was one before the end.
func place(places chan<- struct{}, end <-chan time.Time, r *Result) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	r.Full++
	select {
	case places <- struct{}{}:
		return true
	case <-end:
		return false
	}
}
