// Package live tells visitors and agents what happens while it happens, as server-sent events. Every replica has a Hub
// that hears all: the logs of this service, visitors and tickets as they grow, over Redis, and what is fleeting. A stream
// that broke goes on from the id of its last event, out of the logs, so that it misses nothing on any replica. It is
// written by hand because what an event's id means, and who may see it, is ours; the format is the HTML standard's.
package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/events"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/telemetry"
	"fivechat.dev/libs/tenant"
)

// The bounds of a Hub.
const (
	maxReaders    = 20_000 // on one replica
	maxPerVisitor = 8      // a visitor's open pages
	maxPerWebsite = 512    // a website's agents
	queueLength   = 64     // events that a reader may lag behind before it is dropped
	retryPause    = time.Second
)

// Hub hears events and hands each to the readers whom it concerns.
type Hub struct {
	feeds []events.Feed
	redis *rediskit.Client
	tele  *telemetry.Telemetry

	mu       sync.Mutex
	at       cursor // what has been handed on, by feed
	rooms    map[tenant.ID]*room
	readers  int
	draining bool

	open    *prometheus.GaugeVec
	dropped prometheus.Counter
	lag     prometheus.Histogram
}

// room is a website's readers. Visitor 0 is the agents.
type room map[int64][]*reader

// reader is one open stream. Its queue is closed when it is dropped.
type reader struct {
	website tenant.ID
	visitor int64 // 0 for an agent
	pro     bool  // is told of tickets
	queue   chan delivery
}

// delivery is an event and, unless it is fleeting, the id with which to go on behind it.
type delivery struct {
	id    cursor
	frame string
}

// New makes a Hub over feeds, whose order is part of the events' ids. redis may be nil; then nothing fleeting is heard.
func New(feeds []events.Feed, redis *rediskit.Client, t *telemetry.Telemetry) *Hub {
	h := &Hub{
		feeds: feeds, redis: redis, tele: t, at: make(cursor, len(feeds)), rooms: map[tenant.ID]*room{},
		open:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "fivechat_stream_readers", Help: "Open event streams, by who reads."}, []string{"reader"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "fivechat_stream_readers_dropped_total", Help: "Readers that were too slow."}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fivechat_stream_lag_seconds", Help: "Age of an event when it is handed to its readers.", Buckets: telemetry.Durations()}),
	}
	for _, r := range []*reader{{}, {visitor: 1}} {
		h.open.WithLabelValues(r.kind()) // so that nobody shows as 0
	}
	t.Registry.MustRegister(h.open, h.dropped, h.lag)
	return h
}

// Run hears until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for i := range h.feeds {
		all.Go(func() { h.hear(ctx, i) })
	}
	if h.redis != nil {
		all.Go(func() { _ = events.Hear(ctx, h.redis, h.pass) }) // it ends with ctx alone
	}
	all.Wait()
	return nil
}

// Drain ends every stream; their readers go on at another replica.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for _, rm := range h.rooms {
		for _, readers := range *rm {
			for _, r := range slices.Clone(readers) {
				h.drop(r)
			}
		}
	}
}

// hear hands on one feed's events from its present end on.
func (h *Hub) hear(ctx context.Context, feed int) {
	f := h.feeds[feed]
	pos, known := int64(0), false
	for ctx.Err() == nil {
		var records []events.Record
		var err error
		if !known {
			if pos, err = f.Log.Head(ctx); err == nil {
				known = true
				h.mu.Lock()
				h.at[feed] = pos
				h.mu.Unlock()
			}
		} else if records, err = f.Next(ctx, pos); err == nil && len(records) > 0 {
			pos = records[len(records)-1].Pos
			h.handOn(feed, records)
		}
		if err != nil && ctx.Err() == nil {
			h.tele.Log.WarnContext(ctx, "hearing will be tried again", "source", f.Name, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryPause):
			}
		}
	}
}

func (h *Hub) handOn(feed int, records []events.Record) {
	for _, r := range records {
		e, err := ofRecord(r)
		if err != nil {
			h.tele.Log.Error("an event cannot be shown", "source", h.feeds[feed].Name, "pos", r.Pos, "error", err)
		}
		h.mu.Lock()
		h.at[feed] = r.Pos
		if err == nil {
			h.deliver(e, slices.Clone(h.at))
		}
		h.mu.Unlock()
		h.lag.Observe(time.Since(r.At).Seconds())
	}
}

// pass hands on what is fleeting.
func (h *Hub) pass(f events.Fleeting) {
	e, err := ofFleeting(f)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliver(e, nil)
}

// deliver queues an event with the readers whom it concerns, and drops those whose queue is full: an id tells them where
// to go on. It is called with the lock held.
func (h *Hub) deliver(e event, id cursor) {
	rm := h.rooms[e.website]
	if rm == nil {
		return
	}
	d := delivery{id, e.frame}
	candidates := (*rm)[0]
	if e.visitor != 0 {
		candidates = slices.Concat(candidates, (*rm)[e.visitor])
	}
	for _, r := range slices.Clone(candidates) { // dropping changes what is walked over
		if !e.concerns(r) {
			continue
		}
		select {
		case r.queue <- d:
		default:
			h.dropped.Inc()
			h.drop(r)
		}
	}
}

// enter opens a stream and gives where it begins. The error is Limited where there are too many, Unavailable where this
// replica stops.
func (h *Hub) enter(t tenant.ID, visitor int64, pro bool) (*reader, cursor, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, nil, fault.Away("this replica", errStopping)
	}
	rm := h.rooms[t]
	if rm == nil {
		rm = &room{}
		h.rooms[t] = rm
	}
	limit := maxPerWebsite
	if visitor != 0 {
		limit = maxPerVisitor
	}
	if h.readers >= maxReaders || len((*rm)[visitor]) >= limit {
		full := fault.Coded(fault.Limited, "too_many_streams", "too many event streams are open")
		full.RetryAfter = 5 * time.Second
		return nil, nil, full
	}
	r := &reader{t, visitor, pro, make(chan delivery, queueLength)}
	(*rm)[visitor] = append((*rm)[visitor], r)
	h.readers++
	h.open.WithLabelValues(r.kind()).Inc()
	return r, slices.Clone(h.at), nil
}

// leave closes a stream.
func (h *Hub) leave(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(r)
}

// drop takes a reader out, once. It is called with the lock held.
func (h *Hub) drop(r *reader) {
	rm := h.rooms[r.website]
	if rm == nil {
		return
	}
	i := slices.Index((*rm)[r.visitor], r)
	if i < 0 {
		return
	}
	if (*rm)[r.visitor] = slices.Delete((*rm)[r.visitor], i, i+1); len((*rm)[r.visitor]) == 0 {
		delete(*rm, r.visitor)
	}
	if len(*rm) == 0 {
		delete(h.rooms, r.website)
	}
	h.readers--
	h.open.WithLabelValues(r.kind()).Dec()
	close(r.queue)
}

func (r *reader) kind() string {
	if r.visitor != 0 {
		return "visitor"
	}
	return "agent"
}
