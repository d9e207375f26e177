package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
)

// The times of a stream.
const (
	// heartbeat is the interval of comments on an idle stream. It is below the idle time-outs on the way: mobile NAT from
	// 30 s, nginx and AWS load balancers 60 s, the widget's and the console's own 45 s.
	heartbeat = 15 * time.Second
	// patience bounds the writing of frames. It is longer than the gateway's bound (proxy.streamPatience), so that the
	// gateway, which knows the client, ends the stream of a client that reads nothing.
	patience = 15 * time.Second
	lifetime = 15 * time.Minute // then it has to come again, and to show its credential again
)

// lastEventID is the header with which a stream resumes.
const lastEventID = "Last-Event-ID"

var errStopping = errors.New("live: stopping")

// Mount puts the streams into the route table.
func (h *Hub) Mount(r *httpkit.Router) {
	r.Stream("GET /events", h.handler(authz.Read))
	r.Stream("GET /visitor/events", h.handler(authz.Visitor))
}

// handler answers with a stream of what concerns its caller.
func (h *Hub) handler(rule authz.Rule) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := identity.From(r.Context())
		err := rule.Check(p)
		switch {
		case err == nil && r.Method == http.MethodHead:
			newWriter(w).begin()
		case err == nil:
			err = h.stream(w, r, p)
		}
		if err != nil {
			httpkit.WriteProblem(w, r.URL.Path, httpkit.RequestID(r.Context()), err)
		}
	})
}

// stream writes until its reader leaves, is too slow, or has been there for its lifetime. An error says that nothing was
// written.
func (h *Hub) stream(w http.ResponseWriter, r *http.Request, p identity.Principal) error {
	ctx := r.Context()
	reader, now, err := h.enter(p, httpkit.ClientAddress(ctx))
	if err != nil {
		return err
	}
	defer h.leave(reader)
	missed, from, err := h.missed(ctx, reader, r.Header.Get(lastEventID), now)
	if err != nil {
		return err
	}
	ready := delivery{from, &frame{text: fmt.Sprintf("event: ready\ndata: {\"resumed\":%t}\n\n", from != nil)}}
	if from == nil {
		ready.id = now
	}
	out := newWriter(w)
	out.begin()
	err = out.send(append([]delivery{ready}, missed...)...)
	for _, d := range missed {
		d.frame.release(h.held)
	}
	if err == nil {
		h.follow(ctx, out, reader)
	}
	return nil
}

// follow sends what happens until the reader leaves, is dropped, or has been there for its lifetime.
func (h *Hub) follow(ctx context.Context, out writer, reader *reader) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	// Streams that began together, after a restart, do not end together.
	over := time.NewTimer(lifetime + rand.N(lifetime/5))
	defer over.Stop()
	for {
		var err error
		select {
		case d, ok := <-reader.queue:
			if !ok {
				return
			}
			err = out.send(d)
			h.sent(reader, d)
		case <-beat.C:
			err = out.send(delivery{frame: &frame{text: ":\n\n"}})
		case <-over.C:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return // the reader is gone
		}
	}
}

// writer writes frames, each within the patience.
type writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newWriter(w http.ResponseWriter) writer { return writer{w, http.NewResponseController(w)} }

// begin sends the head of the answer.
func (w writer) begin() {
	// The deadline of reading the request, left in place, would look like a reader that left.
	_ = w.control.SetReadDeadline(time.Time{}) // a writer that cannot has no deadline
	h := w.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	// A proxy that compresses holds events back until it has a block of them: no-transform forbids it.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // a proxy in front passes on at once
	w.w.WriteHeader(http.StatusOK)
}

// send writes frames and flushes them.
func (w writer) send(ds ...delivery) error {
	return httpkit.WriteWithin(w.control, patience, func() error {
		for _, d := range ds {
			frame := d.frame.text
			if d.id != nil {
				frame = "id: " + d.id.String() + "\n" + frame
			}
			if _, err := io.WriteString(w.w, frame); err != nil {
				return err
			}
		}
		return w.control.Flush()
	})
}
