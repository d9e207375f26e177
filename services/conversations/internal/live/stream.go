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
	// heartbeat is the interval of comments on an idle stream. It is below the idle timeouts between client and server:
	// mobile NAT from 30 s, nginx and AWS load balancers 60 s, the widget's and the console's own 45 s.
	heartbeat = 15 * time.Second
	// patience limits the time of writing frames. It is longer than the gateway's limit (proxy.streamPatience), so that
	// the gateway, which knows the client, ends the stream of a client that doesn't read.
	patience = 15 * time.Second
	lifetime = 15 * time.Minute // then the client has to reconnect and send its credential again
)

// lastEventID is the header with which a stream resumes.
const lastEventID = "Last-Event-ID"

var errStopping = errors.New("live: stopping")

// Mount adds the streams to the route table.
func (h *Hub) Mount(r *httpkit.Router) {
	r.Stream("GET /events", h.handler(authz.Read))
	r.Stream("GET /visitor/events", h.handler(authz.Visitor))
}

// handler responds with a stream of the events that concern its caller.
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

// stream writes until the client disconnects or is too slow, or the stream's lifetime has passed. If it returns an
// error, nothing has been written.
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

// follow sends events until the client disconnects, the reader is dropped, or its lifetime has passed.
func (h *Hub) follow(ctx context.Context, out writer, reader *reader) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	// The random part spreads the ends of streams that began at the same time, after a restart.
	lifetimeEnd := time.NewTimer(lifetime + rand.N(lifetime/5))
	defer lifetimeEnd.Stop()
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
		case <-lifetimeEnd.C:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return // the client has disconnected
		}
	}
}

// writer writes frames, each within patience.
type writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newWriter(w http.ResponseWriter) writer { return writer{w, http.NewResponseController(w)} }

// begin sends the response header.
func (w writer) begin() {
	// Without this, the read deadline of the request would pass and look like a client that has disconnected.
	_ = w.control.SetReadDeadline(time.Time{}) // a writer without support has no deadline
	h := w.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	// A compressing proxy would delay events until it has a full block: no-transform forbids compression.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx must not buffer the stream
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
