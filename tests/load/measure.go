package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"fivechat.dev/tests/load/mix"
	"fivechat.dev/tests/load/openloop"
	"fivechat.dev/tests/process"
)

// The resolution of times: microseconds up to two minutes, within a thousandth. Longer times are recorded as two
// minutes.
const (
	longest = 2 * time.Minute
	digits  = 3
)

// generator measures mixes on one site.
type generator struct {
	options options
	site    *mix.Site
}

// outcome is the result of an operation.
type outcome struct {
	mu     sync.Mutex
	name   string
	due    int
	done   int            // answered with the expected status
	errors map[string]int // by status, "no answer", or "not sent"
	times  *hdr.Histogram // microseconds from when requests were due, also of failed ones
}

func newOutcome(name string) *outcome {
	return &outcome{name: name, errors: map[string]int{}, times: newTimes()}
}

func newTimes() *hdr.Histogram { return hdr.New(1, longest.Microseconds(), digits) }

// took records one request's result; failed is "" if it had the expected status.
func (o *outcome) took(t time.Duration, failed string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	record(o.times, t)
	if o.due++; failed == "" {
		o.done++
	} else {
		o.errors[failed]++
	}
}

func record(to *hdr.Histogram, t time.Duration) {
	_ = to.RecordValue(min(max(t.Microseconds(), 1), longest.Microseconds())) // every value is in range
}

func (o *outcome) merge(other *outcome) {
	o.due, o.done = o.due+other.due, o.done+other.done
	for what, n := range other.errors {
		o.errors[what] += n
	}
	o.times.Merge(other.times)
}

// measured is the result of a mix.
type measured struct {
	mix        mix.Mix
	rate       float64
	operations []*outcome // in the mix's order
	received   *outcome   // messages on streams; nil if the mix has none
	late       *hdr.Histogram
	full       int
	took       time.Duration
	used       time.Duration // processor time of the system's process; 0 if unknown
	resident   int64         // bytes
}

func (m *measured) merge(other *measured) {
	for i, o := range other.operations {
		m.operations[i].merge(o)
	}
	if m.received != nil {
		m.received.merge(other.received)
	}
	m.late.Merge(other.late)
	m.full, m.took, m.used, m.resident = m.full+other.full, m.took+other.took, m.used+other.used,
		max(m.resident, other.resident)
}

// all is every request of the mix.
func (m *measured) all() *outcome {
	all := newOutcome("all")
	for _, o := range m.operations {
		all.merge(o)
	}
	return all
}

func (m *measured) p99() time.Duration {
	return time.Duration(m.all().times.ValueAtPercentile(99)) * time.Microsecond
}

// holds reports whether all requests had the expected status, and 99 of 100 within a time.
func (m *measured) holds(p99 time.Duration) bool {
	all := m.all()
	return all.done == all.due && m.p99() <= p99
}

// measure sends a mix's requests at a rate for a round.
func (g *generator) measure(ctx context.Context, m mix.Mix, rate float64) (*measured, error) {
	one := &measured{mix: m, rate: rate, late: newTimes()}
	turns, of := m.Turns(), map[*mix.Operation]*outcome{}
	for i := range m.Operations {
		o := newOutcome(m.Operations[i].Name)
		one.operations, of[&m.Operations[i]] = append(one.operations, o), o
	}
	listening, leave := context.WithCancel(ctx)
	defer leave()
	wait := func() error { return nil }
	if m.Streams > 0 {
		one.received = newOutcome("received on streams")
		var err error
		if wait, err = g.site.Listen(listening, m.Streams, func(t time.Duration) { one.received.took(t, "") }); err != nil {
			return nil, err
		}
	}
	before, err := g.usage()
	if err != nil {
		return nil, err
	}
	plan := openloop.Plan{Rate: rate, Length: g.options.length, Bound: g.options.bound}
	var late sync.Mutex
	result := openloop.Run(ctx, plan, func(n int, due time.Time) {
		delay := time.Since(due)
		o := turns[n%len(turns)]
		status, err := g.site.Ask(o, due)
		of[o].took(time.Since(due), failure(status, o.Status, err))
		late.Lock()
		defer late.Unlock()
		record(one.late, delay)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for n := result.Sent; n < plan.Total(); n++ { // they have waited at least this long
		of[turns[n%len(turns)]].took(plan.Length-plan.Due(n), "not sent")
	}
	after, err := g.usage()
	if err != nil {
		return nil, err
	}
	one.full, one.took, one.used = result.Full, max(result.Took, plan.Length), after-before
	if g.options.pid != 0 {
		if one.resident, err = process.Memory(g.options.pid); err != nil {
			return nil, err
		}
	}
	leave()
	return one, wait()
}

// usage returns the processor time of the system's process, or 0 if it is unknown.
func (g *generator) usage() (time.Duration, error) {
	if g.options.pid == 0 {
		return 0, nil
	}
	return process.Processors(g.options.pid)
}

func failure(status, want int, err error) string {
	switch {
	case err != nil:
		return "no answer"
	case status != want:
		return strconv.Itoa(status)
	}
	return ""
}

// lines are the samples in the format of Go's benchmarks.
func (m *measured) lines() (lines []string) {
	all := m.all()
	name := "BenchmarkLoad/" + m.mix.Name
	line := fmt.Sprintf("%s %d %s", name, max(all.due, 1), quantiles(all.times))
	if m.used > 0 {
		line += fmt.Sprintf(" %.0f cpu-ns/req %d resident-B", float64(m.used)/float64(max(all.due, 1)), m.resident)
	}
	lines = append(lines, line)
	for _, o := range append(m.operations, m.received) {
		if o != nil && o.due > 0 && len(m.operations) > 1 {
			lines = append(lines, fmt.Sprintf("%s/%s %d %s", name, benchmarkName(o.name), o.due, quantiles(o.times)))
		}
	}
	return lines
}
