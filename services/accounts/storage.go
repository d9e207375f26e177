package accounts

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
)

// Stored is a service that stores data of websites.
type Stored interface {
	// Stored returns how many bytes the service stores of a website.
	Stored(ctx context.Context, t tenant.ID) (int64, error)
}

// The limits of reading how much websites store.
const (
	meterFor      = 2 * time.Second // timeout of the services' responses
	meterWebsites = 8               // websites that one request reads at the same time
)

// Meter reads how many bytes websites store, and has their limits.
type Meter struct {
	services []Stored
	limits   atomic.Pointer[storagequota.Limits]
}

// NewMeter returns a Meter over the services that store data, with the default limits.
func NewMeter(services []Stored) *Meter {
	m := &Meter{services: services}
	m.SetLimits(storagequota.DefaultLimits())
	return m
}

// SetLimits replaces the limits of plans.
func (m *Meter) SetLimits(l storagequota.Limits) { m.limits.Store(&l) }

// Limit returns how many bytes a website may store: its own limit, or its plan's.
func (m *Meter) Limit(w Website) int64 {
	if w.StorageLimit > 0 {
		return w.StorageLimit
	}
	return (*m.limits.Load())[w.Plan]
}

// Usage returns how many bytes a website stores. If a service doesn't respond, it returns an error; the limit is set
// even then.
func (m *Meter) Usage(ctx context.Context, w Website) (storagequota.Usage, error) {
	ctx, cancel := context.WithTimeout(ctx, meterFor)
	defer cancel()
	bytes, errs := make([]int64, len(m.services)), make([]error, len(m.services))
	var all sync.WaitGroup
	for i, s := range m.services {
		all.Go(func() { bytes[i], errs[i] = s.Stored(ctx, w.ID) })
	}
	all.Wait()
	u := storagequota.Usage{Limit: m.Limit(w)}
	for i := range m.services {
		if errs[i] != nil {
			return u, errs[i]
		}
		u.Used += bytes[i]
	}
	return u, nil
}

// Reading is the stored bytes and the limit of a website.
type Reading struct {
	Used  *int64 // nil if a service didn't respond
	Limit int64
}

// Read returns the readings of websites, in their order.
func (m *Meter) Read(ctx context.Context, of ...Website) []Reading {
	readings := make([]Reading, len(of))
	slots := make(chan struct{}, meterWebsites)
	var all sync.WaitGroup
	for i, w := range of {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			u, err := m.Usage(ctx, w)
			readings[i].Limit = u.Limit
			if err == nil {
				readings[i].Used = &u.Used
			}
		})
	}
	all.Wait()
	return readings
}
