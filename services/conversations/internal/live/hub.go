// Package live tells visitors and agents what happens while it happens, as server-sent events. Every replica has a Hub
// that hears all: the logs of this service, visitors and tickets as they grow, over Redis, and transient events. A stream
// that broke goes on from the id of its last event, out of the logs, so that it misses nothing on any replica. It is
// written by hand because what an event's id means, and who may see it, is ours; the format is the HTML standard's.
package live

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/libs/transport/httpkit"
)

// The bounds of a Hub, which are those of one replica. Visitors' and agents' streams have places apart, so that neither can
// use up the others'.
const (
	maxVisitorStreams = 16_000    // shared out among websites
	maxAgentStreams   = 4_000     // shared out among websites
	maxPerVisitor     = 8         // a visitor's open pages
	maxPerAddress     = 256       // visitors' streams of one address, whose clients may be many behind one NAT
	maxPerWebsite     = 512       // a website's agents
	queueLength       = 64        // events that a reader may lag behind before it is dropped
	queueBytes        = 512 << 10 // the same in bytes of frames; a single frame is always queued
	heldBytes         = 32 << 20  // of all frames that are queued or being sent, shared out among websites
	retryPause        = time.Second
)

// unlimited is the total of shares that have a bound for each key alone.
const unlimited = math.MaxInt64 / 2

// Hub hears events and hands each to the readers whom it concerns.
type Hub struct {
	feeds []feed.Feed
	own   VisitorEvents
	redis *rediskit.Client
	tele  *telemetry.Telemetry

	visitors  *shares[tenant.ID] // places of visitors' streams
	agents    *shares[tenant.ID] // places of agents' streams
	addresses *shares[string]    // visitors' streams by address key
	held      *shares[tenant.ID] // bytes of frames
	resumes   resumes

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
	visitor int64  // 0 for an agent
	pro     bool   // is told of tickets
	address string // the key under which its address counts, "" if it does not
	queue   chan delivery
	queued  atomic.Int64 // bytes of frames in the queue
}

// delivery is an event and, unless it is transient, the id with which to go on behind it.
type delivery struct {
	id    cursor
	frame *frame
}

// New makes a Hub over feeds, whose order is part of the events' ids: the first is that of conversations, of which own
// reads a visitor's part. redis may be nil; then no transient event arrives.
func New(feeds []feed.Feed, own VisitorEvents, redis *rediskit.Client, t *telemetry.Telemetry) *Hub {
	h := &Hub{
		feeds:     feeds,
		own:       own,
		redis:     redis,
		tele:      t,
		visitors:  newShares[tenant.ID](maxVisitorStreams, maxVisitorStreams),
		agents:    newShares[tenant.ID](maxAgentStreams, maxPerWebsite),
		addresses: newShares[string](unlimited, maxPerAddress),
		held:      newShares[tenant.ID](heldBytes, heldBytes),
		resumes:   newResumes(),
		at:        make(cursor, len(feeds)),
		rooms:     map[tenant.ID]*room{},
		open:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "fivechat_stream_readers", Help: "Open event streams, by who reads."}, []string{"reader"}),
		dropped:   prometheus.NewCounter(prometheus.CounterOpts{Name: "fivechat_stream_readers_dropped_total", Help: "Readers that were too slow."}),
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
		all.Go(func() { _ = transient.Subscribe(ctx, h.redis, h.pass) }) // it ends with ctx alone
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
		var records []outbox.Record
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
			h.handOn(ctx, feed, records)
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

func (h *Hub) handOn(ctx context.Context, feed int, records []outbox.Record) {
	ctx, end := outbox.StartBatchSpan(ctx, h.tele, "show", h.feeds[feed].Name, records)
	defer end(nil)
	for _, r := range records {
		e, err := ofRecord(r)
		if err == nil {
			err = h.encode(&e)
		}
		if err != nil {
			h.tele.Log.ErrorContext(ctx, "an event cannot be shown", "source", h.feeds[feed].Name, "pos", r.Pos, "error", err)
		}
		h.mu.Lock()
		h.at[feed] = r.Pos
		h.deliver(&e, slices.Clone(h.at))
		h.mu.Unlock()
		h.lag.Observe(time.Since(r.At).Seconds())
	}
}

// encode makes an event's frames for the readers that are there now, outside the lock. deliver makes what is missing, and
// leaves out the readers for whom no frame can be made.
func (h *Hub) encode(e *event) error {
	h.mu.Lock()
	concerned := slices.DeleteFunc(h.candidates(e), func(r *reader) bool { return !e.concerns(r) })
	h.mu.Unlock()
	var errs []error
	for _, r := range concerned {
		if _, err := e.frameFor(r); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// pass hands on transient events.
func (h *Hub) pass(f transient.Event) {
	e := ofTransient(f)
	_ = h.encode(&e) // what cannot be encoded is delivered to nobody
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliver(&e, nil)
}

// candidates gives the readers whom an event may concern. It is called with the lock held.
func (h *Hub) candidates(e *event) []*reader {
	rm := h.rooms[e.website]
	if rm == nil {
		return nil
	}
	if e.visitor == 0 {
		return slices.Clone((*rm)[0])
	}
	return slices.Concat((*rm)[0], (*rm)[e.visitor])
}

// deliver queues an event with the readers whom it concerns, and drops those that lag too far behind: an id tells them
// where to go on. It is called with the lock held.
func (h *Hub) deliver(e *event, id cursor) {
	for _, r := range h.candidates(e) {
		if !e.concerns(r) {
			continue
		}
		f, err := e.frameFor(r)
		if err == nil && !h.enqueue(r, delivery{id, f}) {
			h.dropped.Inc()
			h.drop(r)
		}
	}
}

// enqueue puts an event into a reader's queue. It reports whether the reader's bounds and the website's share had room.
func (h *Hub) enqueue(r *reader, d delivery) bool {
	n := int64(len(d.frame.text))
	if queued := r.queued.Load(); queued > 0 && queued+n > queueBytes || !d.frame.hold(h.held) {
		return false
	}
	select {
	case r.queue <- d:
		r.queued.Add(n)
		return true
	default:
		d.frame.release(h.held)
		return false
	}
}

// sent notes that an event that was in a reader's queue has been sent, or will not be.
func (h *Hub) sent(r *reader, d delivery) {
	r.queued.Add(-int64(len(d.frame.text)))
	d.frame.release(h.held)
}

// enter opens a stream and gives where it begins. The error is Limited if there are too many, Unavailable if this replica
// stops. leave must follow.
func (h *Hub) enter(p identity.Principal, address string) (*reader, cursor, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, nil, fault.Away("this replica", errStopping)
	}
	r := &reader{
		website: p.Website,
		visitor: p.VisitorID,
		pro:     p.Plan == identity.Pro,
		address: countedAddress(p, address),
		queue:   make(chan delivery, queueLength),
	}
	rm := h.rooms[r.website]
	if r.visitor != 0 && rm != nil && len((*rm)[r.visitor]) >= maxPerVisitor {
		return nil, nil, tooMany("of this visitor")
	}
	if r.address != "" && !h.addresses.take(r.address, 1) {
		return nil, nil, tooMany("of this address")
	}
	if !h.places(r).take(r.website, 1) {
		h.giveAddress(r)
		return nil, nil, tooMany("of this website")
	}
	if rm == nil {
		rm = &room{}
		h.rooms[r.website] = rm
	}
	(*rm)[r.visitor] = append((*rm)[r.visitor], r)
	h.readers++
	h.open.WithLabelValues(r.kind()).Inc()
	return r, slices.Clone(h.at), nil
}

// countedAddress gives the key under which the streams of a client's address are counted: "" for agents, whose website's
// bound holds, for an unknown address, and for loopback, where this machine's own programs are, or a proxy that the gateway
// is not set to trust and behind which all clients have one address.
func countedAddress(p identity.Principal, address string) string {
	a, err := netip.ParseAddr(address)
	if p.VisitorID == 0 || err != nil || a.IsLoopback() {
		return ""
	}
	return httpkit.AddressKey(address)
}

// tooMany is the refusal of a stream.
func tooMany(whose string) error {
	full := fault.Coded(fault.Limited, "too_many_streams", "too many event streams "+whose+" are open")
	full.RetryAfter = 5 * time.Second
	return full
}

// places are what a reader takes one of.
func (h *Hub) places(r *reader) *shares[tenant.ID] {
	if r.visitor != 0 {
		return h.visitors
	}
	return h.agents
}

func (h *Hub) giveAddress(r *reader) {
	if r.address != "" {
		h.addresses.give(r.address, 1)
	}
}

// leave closes a stream, once, when its handler ends: only then its memory and its place are free.
func (h *Hub) leave(r *reader) {
	h.mu.Lock()
	h.drop(r)
	h.mu.Unlock()
	for d := range r.queue {
		h.sent(r, d)
	}
	h.places(r).give(r.website, 1)
	h.giveAddress(r)
}

// drop takes a reader out, if it has not been, and closes its queue. It is called with the lock held.
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
