package live

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
)

// The times of a stream.
const (
	heartbeat = 15 * time.Second // between signs of life, where nothing happens
	patience  = 10 * time.Second // for a reader to take what it is sent
	lifetime  = 15 * time.Minute // then it has to come again, and to show its credential again
	catchUp   = 500              // events that a stream is told on resuming; where there are more, it reads anew
	resuming  = 5 * time.Second  // for the logs to answer a resuming stream
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
	reader, now, err := h.enter(p.Website, p.VisitorID, p.Plan == identity.Pro)
	if err != nil {
		return err
	}
	defer h.leave(reader)
	missed, from, err := h.missed(ctx, reader, r.Header.Get(lastEventID), now)
	if err != nil {
		return err
	}
	out := newWriter(w)
	ready, err := frameOf("ready", struct {
		Resumed bool `json:"resumed"`
	}{from != nil})
	if err != nil {
		return err
	}
	if from == nil {
		from = now
	}
	out.begin()
	if out.send(append([]delivery{{from, ready}}, missed...)...) != nil {
		return nil
	}
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
				return nil
			}
			err = out.send(d)
		case <-beat.C:
			err = out.send(delivery{nil, ":\n\n"})
		case <-over.C:
			return nil
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return nil // the reader is gone
		}
	}
}

// missed gives what a resuming stream has not been told, up to now, and from where it resumes: nil where it cannot,
// because the id is none of ours or too much has happened since. Then its reader reads anew.
func (h *Hub) missed(ctx context.Context, r *reader, id string, now cursor) ([]delivery, cursor, error) {
	from, err := parseCursor(id, len(h.feeds))
	if err != nil || !from.within(now) {
		return nil, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resuming)
	defer cancel()
	var told []delivery
	at := append(cursor{}, from...)
	for i, f := range h.feeds {
		if at[i] == now[i] {
			continue
		}
		records, err := f.Log.Of(ctx, r.website, at[i], catchUp)
		if err != nil {
			return nil, nil, err
		}
		if len(records) == catchUp {
			return nil, nil, nil
		}
		for _, record := range records {
			if record.Pos > now[i] {
				break // the queue has it
			}
			at[i] = record.Pos
			if e, err := ofRecord(record); err == nil && e.concerns(r) {
				told = append(told, delivery{append(cursor{}, at...), e.frame})
			}
		}
		at[i] = now[i]
	}
	return told, from, nil
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
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in front passes on at once
	w.w.WriteHeader(http.StatusOK)
}

// send writes frames and flushes them.
func (w writer) send(ds ...delivery) error {
	_ = w.control.SetWriteDeadline(time.Now().Add(patience)) // a writer that cannot has no deadline
	for _, d := range ds {
		frame := d.frame
		if d.id != nil {
			frame = "id: " + d.id.String() + "\n" + frame
		}
		if _, err := io.WriteString(w.w, frame); err != nil {
			return err
		}
	}
	return w.control.Flush()
}
