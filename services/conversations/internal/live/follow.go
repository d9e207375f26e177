package live

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/store/outbox"
)

// followFeed delivers one feed's events, beginning at its end at the time of the call.
func (h *Hub) followFeed(ctx context.Context, feed int) {
	f := h.feeds[feed]
	pos, known := int64(0), false
	for ctx.Err() == nil {
		var records []outbox.Record
		var err error
		if !known {
			if pos, err = f.Log.Head(ctx); err == nil {
				known = true
				h.begin(feed, pos)
			}
		} else if records, err = f.Next(ctx, pos); err == nil && len(records) > 0 {
			pos = records[len(records)-1].Pos
			h.deliverBatch(ctx, feed, records)
		}
		if err != nil && ctx.Err() == nil {
			h.tele.Log.WarnContext(ctx, "live: reading events failed; retrying in 1s", "source", f.Name, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryPause):
			}
		}
	}
}

// begin sets the position at which the delivery of a feed begins. Streams that were opened before don't get the records
// up to there, although their clients may have read the state before those records: such streams end, and resume from
// the id of their ready event.
func (h *Hub) begin(feed int, pos int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at[feed] = pos
	h.known++
	if pos > 0 {
		h.dropAll(func(r *reader) bool { return feed == 0 || !r.isVisitor }) // visitors get events of the first feed
	}
}

// settling is how long a hub looks for the ends of all logs before it is ready without some: a service that is down
// doesn't keep the events of the others from the streams.
const settling = 10 * time.Second

var errUnsettled = errors.New("the ends of the logs of events aren't known yet")

// Ready returns nil if streams may be opened: those of a hub that isn't ready may end once. See begin.
func (h *Hub) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known < len(h.feeds) && (h.began.IsZero() || time.Since(h.began) < settling) {
		return errUnsettled
	}
	return nil
}
