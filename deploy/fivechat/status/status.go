// Package status shows people, on one page that needs no dashboard and no script, how the components of a system in one
// process stand. Its figures are taken from the components' own metrics; rates, errors and times are those of the last
// minute.
package status

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	window  = time.Minute     // over which figures are taken
	every   = 5 * time.Second // between samples while there are no requests for the page
	freshly = time.Second     // a younger sample is reused
)

// Component is what is shown. A *runner.Running is one.
type Component interface {
	Name() string
	Ready(ctx context.Context) error // why it cannot take requests; nil where it can
	Gatherer() prometheus.Gatherer
}

// Status is how all components stand.
type Status struct {
	At            time.Time `json:"at"`
	WindowSeconds float64   `json:"windowSeconds"` // what the figures are taken over: at most a minute
	Ready         bool      `json:"ready"`         // all of them are
	Components    []Figures `json:"components"`
}

// Figures are the state of one component. A figure without data is null: a latency without a request, a lag without a
// follower.
type Figures struct {
	Name              string          `json:"name"`
	Ready             bool            `json:"ready"`
	Reason            string          `json:"reason,omitempty"` // why it is not
	Version           string          `json:"version"`
	Dependencies      map[string]bool `json:"dependencies"`      // which of them answered when they were last asked
	RequestsPerSecond float64         `json:"requestsPerSecond"` // of the edge requests, of services operations
	ErrorsPerSecond   float64         `json:"errorsPerSecond"`   // those that failed by our doing
	P99Seconds        *float64        `json:"p99Seconds"`        // within a bucket of the histogram
	// how far the slowest of its followers, relays and deliveries is behind
	LagSeconds *float64 `json:"lagSeconds"`
}

// Board watches components.
type Board struct {
	components []Component
	mu         sync.Mutex
	samples    []sample // of the last window, the oldest first
}

// sample is what all components' metrics said at a time.
type sample struct {
	at       time.Time
	readings []reading // as the components stand
}

// New makes a Board. Its caller must Run it.
func New(components []Component) *Board { return &Board{components: components} }

// Run takes samples until ctx ends.
func (b *Board) Run(ctx context.Context) error {
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		if _, _, err := b.sampled(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// sampled gives the oldest sample of the window and a fresh one.
func (b *Board) sampled() (first, last sample, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if n := len(b.samples); n == 0 || now.Sub(b.samples[n-1].at) >= freshly {
		s := sample{at: now}
		for _, c := range b.components {
			r, err := read(c.Gatherer())
			if err != nil {
				return sample{}, sample{}, err
			}
			s.readings = append(s.readings, r)
		}
		b.samples = append(b.samples, s)
	}
	for now.Sub(b.samples[0].at) > window {
		b.samples = b.samples[1:]
	}
	return b.samples[0], b.samples[len(b.samples)-1], nil
}

// Status returns the state of the components.
func (b *Board) Status(ctx context.Context) (Status, error) {
	first, last, err := b.sampled()
	if err != nil {
		return Status{}, err
	}
	s := Status{
		At: last.at.UTC(), WindowSeconds: last.at.Sub(first.at).Seconds(), Ready: true,
		Components: make([]Figures, len(b.components)),
	}
	var all sync.WaitGroup
	for i, c := range b.components {
		all.Go(func() {
			f := last.readings[i].since(first.readings[i], s.WindowSeconds)
			f.Name, f.Ready = c.Name(), true
			if err := c.Ready(ctx); err != nil {
				f.Ready, f.Reason = false, err.Error()
			}
			s.Components[i] = f
		})
	}
	all.Wait()
	for _, f := range s.Components {
		s.Ready = s.Ready && f.Ready
	}
	return s, nil
}
