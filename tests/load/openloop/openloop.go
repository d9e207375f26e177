// Package openloop makes arrivals come at their times, whether those before them were answered or not. A generator whose
// clients wait for an answer before they ask again asks less just while the system is slow, and so leaves out of its
// percentiles what it came for ("coordinated omission"). Here the schedule is fixed beforehand, and whoever takes a time
// takes it from when the arrival was due.
//
// The load generators that can be had as libraries keep a schedule too, but count from when a request was sent, so a
// late one looks quick; hence these few lines.
package openloop

import (
	"context"
	"sync"
	"time"
)

// Plan says when arrivals are due: the first at once, the others evenly after it.
type Plan struct {
	Rate   float64       // arrivals a second
	Length time.Duration // of the whole
	Bound  int           // of arrivals that are under way at once
}

// Total is how many arrivals are due.
func (p Plan) Total() int { return int(p.Rate * p.Length.Seconds()) }

// Due is when the n-th arrival is due after the first.
func (p Plan) Due(n int) time.Duration {
	return time.Duration(float64(n) / p.Rate * float64(time.Second))
}

// Result is what came of a plan. What was not sent is the end of the plan.
type Result struct {
	Start time.Time
	Took  time.Duration // until the last arrival that was sent was done with
	Sent  int
	Full  int // arrivals that found the bound reached: they came late, or, beyond Sent, never
}

// Run calls do for each arrival in a goroutine of its own, when it is due; do ends by itself, in bounded time. An arrival
// that finds Bound others under way waits for one of them to end. At the end of the plan's length, or of ctx, who still
// waits is not sent.
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

// until waits for a time, and says whether it came.
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

// place waits for a place, and says whether there was one before the end.
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
