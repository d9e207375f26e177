// Package live streams events to visitors and agents as server-sent events. Each replica has one Hub. It follows, over
// Redis, the logs of this service, visitors, tickets and webhooks, and receives transient events. Begin with Hub and
// reader; catchUp resumes streams.
//
// Invariant: a client that reconnects with the id of its last event gets the events since then out of the logs, on any
// replica, and misses none. If that is too much, its stream begins with resumed false.
//
// The package doesn't store events, and delivers transient ones only to streams that are connected. It is our own code
// because the meaning of an event's id, and who may see the event, are specific to Fivechat. The format is that of the
// HTML standard.
package live

import (
	"context"
	"errors"
	"math"
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
)

// The limits of a Hub, per replica. Visitor streams and agent streams have separate limits, so that neither can use up
// those of the other.
const (
	maxVisitorStreams = 16_000    // divided among websites
	maxAgentStreams   = 4_000     // divided among websites
	maxPerVisitor     = 8         // a visitor's open pages
	maxPerAddress     = 256       // visitor streams of one address; a NAT may have many clients behind it
	maxPerWebsite     = 512       // a website's agents
	queueLength       = 64        // events queued for a reader before it is disconnected
	queueBytes        = 512 << 10 // the same in bytes of frames; a single frame is always queued
	heldBytes         = 32 << 20  // bytes of all frames that are queued or being sent, divided among websites
	retryPause        = time.Second
)

// unlimited is the total of shares that are only limited by key.
const unlimited = math.MaxInt64 / 2

// Hub receives events and queues each for the readers that it concerns.
type Hub struct {
	feeds []feed.Feed
	own   VisitorEvents
	redis *rediskit.Client
	tele  *telemetry.Telemetry

	visitors  *shares[tenant.ID] // visitor streams
	agents    *shares[tenant.ID] // agent streams
	addresses *shares[string]    // visitor streams by address key
	held      *shares[tenant.ID] // bytes of frames
	resumes   resumes

	mu       sync.Mutex
	at       cursor    // position of the last delivered record of each feed
	known    int       // feeds whose end was found
	began    time.Time // when Run began to look for them; zero before
	rooms    map[tenant.ID]*room
	readers  int
	draining bool

	open    *prometheus.GaugeVec
	dropped prometheus.Counter
	lag     prometheus.Histogram
}

// room is the readers of a website by audience.
type room map[audience][]*reader

// reader is an open stream. Its queue is closed when it is dropped.
type reader struct {
	audience
	website tenant.ID
	pro     bool   // receives ticket events
	address string // the key under which its address is counted, "" if it is not counted
	queue   chan delivery
	queued  atomic.Int64 // bytes of frames in the queue
}

// delivery is an event with its id, from which a stream can resume. A transient event has no id.
type delivery struct {
	id    cursor
	frame *frame
}

// New returns a Hub over feeds. Their order is part of the event ids: the first is that of conversations, and own reads
// one visitor's part of it. redis may be nil; then no transient events arrive.
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
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fivechat_stream_readers",
			Help: "Open event streams, by kind of reader.",
		}, []string{"reader"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fivechat_stream_readers_dropped_total",
			Help: "Readers that were disconnected because they were too slow.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "fivechat_stream_lag_seconds",
			Help:    "Age of an event when it is queued for its readers.",
			Buckets: telemetry.Durations(),
		}),
	}
	for _, r := range []*reader{{audience: agents}, {audience: visitorOf(1)}} {
		h.open.WithLabelValues(r.kind()) // so that the metric is 0 before the first reader
	}
	t.Registry.MustRegister(h.open, h.dropped, h.lag)
	return h
}

// Run follows the feeds and receives transient events until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	h.mu.Lock()
	h.began = time.Now()
	h.mu.Unlock()
	var all sync.WaitGroup
	for i := range h.feeds {
		all.Go(func() { h.followFeed(ctx, i) })
	}
	if h.redis != nil {
		all.Go(func() { _ = transient.Subscribe(ctx, h.redis, h.deliverTransient) }) // it only ends with ctx
	}
	all.Wait()
	return nil
}

// Drain ends every stream. The clients reconnect to another replica and resume there.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	h.dropAll(func(*reader) bool { return true })
}

// dropAll removes the readers for which isConcerned is true. The caller holds the lock.
func (h *Hub) dropAll(isConcerned func(*reader) bool) {
	for _, rm := range h.rooms {
		for _, readers := range *rm {
			for _, r := range slices.Clone(readers) {
				if isConcerned(r) {
					h.drop(r)
				}
			}
		}
	}
}

func (h *Hub) deliverBatch(ctx context.Context, feed int, records []outbox.Record) {
	ctx, end := outbox.StartBatchSpan(ctx, h.tele, "show", h.feeds[feed].Name, records)
	defer end(nil)
	for _, r := range records {
		e, err := ofRecord(r)
		if err == nil {
			err = h.encode(&e)
		}
		if err != nil {
			h.tele.Log.ErrorContext(ctx, "live: encoding an event failed; it is skipped", "source", h.feeds[feed].Name, "pos",
				r.Pos, "error", err)
		}
		h.mu.Lock()
		h.at[feed] = r.Pos
		h.deliver(&e, slices.Clone(h.at))
		h.mu.Unlock()
		h.lag.Observe(time.Since(r.At).Seconds())
	}
}

// encode makes an event's frames for the present readers without holding the lock. deliver makes frames that are
// missing, and skips readers for which no frame can be made.
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

// deliverTransient delivers transient events.
func (h *Hub) deliverTransient(f transient.Event) {
	e := ofTransient(f)
	_ = h.encode(&e) // deliver skips readers whose frame can't be encoded
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliver(&e, nil)
}

// candidates returns the readers that an event may concern. The caller holds the lock.
func (h *Hub) candidates(e *event) []*reader {
	rm := h.rooms[e.website]
	if rm == nil {
		return nil
	}
	if !e.about.isVisitor {
		return slices.Clone((*rm)[agents])
	}
	return slices.Concat((*rm)[agents], (*rm)[e.about])
}

// deliver queues an event for the readers that it concerns, and disconnects those whose queue is full: they resume from
// the id of their last event. The caller holds the lock.
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

// enqueue puts an event into a reader's queue. It reports whether the reader's limits and the website's share had room.
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

// sent releases an event that was in a reader's queue and has been sent, or won't be.
func (h *Hub) sent(r *reader, d delivery) {
	r.queued.Add(-int64(len(d.frame.text)))
	d.frame.release(h.held)
}

// enter opens a stream and returns the cursor at which it begins. The error is Limited if there are too many streams,
// Unavailable if this replica is stopping. The caller must call leave afterwards.
func (h *Hub) enter(p identity.Principal, address string) (*reader, cursor, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, nil, fault.Away("this replica", errStopping)
	}
	r := &reader{
		audience: audienceOf(p),
		website:  p.Website,
		pro:      p.Plan == identity.Pro,
		address:  countedAddress(p, address),
		queue:    make(chan delivery, queueLength),
	}
	rm := h.rooms[r.website]
	if r.isVisitor && rm != nil && len((*rm)[r.audience]) >= maxPerVisitor {
		return nil, nil, tooMany("of this visitor")
	}
	if r.address != "" && !h.addresses.acquire(r.address, 1) {
		return nil, nil, tooMany("of this address")
	}
	if !h.streamsOf(r).acquire(r.website, 1) {
		h.releaseAddress(r)
		return nil, nil, tooMany("of this website")
	}
	if rm == nil {
		rm = &room{}
		h.rooms[r.website] = rm
	}
	(*rm)[r.audience] = append((*rm)[r.audience], r)
	h.readers++
	h.open.WithLabelValues(r.kind()).Inc()
	return r, slices.Clone(h.at), nil
}

// streamsOf returns the shares that limit a reader's kind of stream.
func (h *Hub) streamsOf(r *reader) *shares[tenant.ID] {
	if r.isVisitor {
		return h.visitors
	}
	return h.agents
}

func (h *Hub) releaseAddress(r *reader) {
	if r.address != "" {
		h.addresses.release(r.address, 1)
	}
}

// leave closes a stream. Its handler calls it once, when it ends: only then the stream's memory and its share are free.
func (h *Hub) leave(r *reader) {
	h.mu.Lock()
	h.drop(r)
	h.mu.Unlock()
	for d := range r.queue {
		h.sent(r, d)
	}
	h.streamsOf(r).release(r.website, 1)
	h.releaseAddress(r)
}

// drop removes a reader, unless it has been removed, and closes its queue. The caller holds the lock.
func (h *Hub) drop(r *reader) {
	rm := h.rooms[r.website]
	if rm == nil {
		return
	}
	i := slices.Index((*rm)[r.audience], r)
	if i < 0 {
		return
	}
	if (*rm)[r.audience] = slices.Delete((*rm)[r.audience], i, i+1); len((*rm)[r.audience]) == 0 {
		delete(*rm, r.audience)
	}
	if len(*rm) == 0 {
		delete(h.rooms, r.website)
	}
	h.readers--
	h.open.WithLabelValues(r.kind()).Dec()
	close(r.queue)
}

func (r *reader) kind() string {
	if r.isVisitor {
		return "visitor"
	}
	return "agent"
}
