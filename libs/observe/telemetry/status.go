package telemetry

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// ByStatus is a histogram with one open label, an HTTP status. It finds the series of a status without formatting the
// status as text, which on a hot path is most of the cost of measuring.
type ByStatus struct {
	vec   prometheus.ObserverVec
	known [600]atomic.Pointer[prometheus.Observer]
}

// NewByStatus returns a ByStatus of a histogram whose other labels are set.
func NewByStatus(vec prometheus.ObserverVec) *ByStatus { return &ByStatus{vec: vec} }

// Observe records seconds for a status, as the function Observe does. Status 0 means no response and gets the label
// "error".
func (b *ByStatus) Observe(ctx context.Context, status int, seconds float64) {
	if status < 0 || status >= len(b.known) {
		Observe(ctx, b.series(status), seconds)
		return
	}
	slot := &b.known[status]
	o := slot.Load()
	if o == nil {
		series := b.series(status)
		o = &series
		slot.Store(o)
	}
	Observe(ctx, *o, seconds)
}

func (b *ByStatus) series(status int) prometheus.Observer {
	if status == 0 {
		return b.vec.WithLabelValues("error")
	}
	return b.vec.WithLabelValues(strconv.Itoa(status))
}
