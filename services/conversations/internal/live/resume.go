package live

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
)

// The limits of resuming. The stream of a client that missed more begins with resumed false, and the client reads the
// state again.
const (
	catchUpEvents    = 500             // events that a resuming stream is sent
	catchUpBytes     = 1 << 20         // bytes of their frames
	catchUpPage      = 32              // records per read
	resuming         = 5 * time.Second // timeout of waiting for a turn and reading the logs
	maxResuming      = 8               // streams that read the logs at the same time, divided among websites
	maxVisitorResume = 1               // streams of one visitor that do so
	resumePace       = 256 << 10       // bytes a second that one visitor's streams read: after more, the next one waits
)

var (
	errTooMuch = errors.New("live: too many events since the last one of this stream")
	errNoTurn  = errors.New("live: too many streams resume at the same time")
)

// VisitorEvents reads one visitor's part of this service's log.
type VisitorEvents interface {
	// VisitorEvents passes records about a visitor's conversations to take, in batches ordered by conversation: those
	// after the position behind, and those that have no position yet. It reports false if the visitor has too many
	// conversations to read.
	VisitorEvents(ctx context.Context, t tenant.ID, visitor id.Visitor, behind int64,
		take func([]outbox.Record) error) (bool, error)
}

// resumes limits how many streams read the logs at the same time.
type resumes struct {
	all      *shares[tenant.ID]
	visitors *shares[owner]
}

func newResumes() resumes {
	return resumes{newShares[tenant.ID](maxResuming, maxResuming), newShares[owner](unlimited, maxVisitorResume)}
}

// turn waits for a reader's turn, which done ends, given the bytes that were read. It reports false if ctx ended first.
// A visitor's next turn begins once the bytes of the last one are paid for at resumePace: a client that reconnects
// missed little, and one that reads a long log again and again shall not keep a processor busy.
func (s resumes) turn(ctx context.Context, r *reader) (done func(bytes int), ok bool) {
	if !r.isVisitor {
		return func(int) { s.all.release(r.website, 1) }, s.all.wait(ctx, r.website, 1)
	}
	visitor := owner{r.website, r.visitor}
	if !s.visitors.wait(ctx, visitor, 1) {
		return nil, false
	}
	if !s.all.wait(ctx, r.website, 1) {
		s.visitors.release(visitor, 1)
		return nil, false
	}
	return func(bytes int) {
		s.all.release(r.website, 1)
		time.AfterFunc(time.Duration(bytes)*time.Second/resumePace, func() { s.visitors.release(visitor, 1) })
	}, true
}

// missed returns the events that a resuming stream has missed up to now, and the cursor from which it resumes. The
// cursor is nil if the stream can't resume: the id is invalid, or there are too many events. The caller sends the
// events and then releases each.
func (h *Hub) missed(ctx context.Context, r *reader, id string, now cursor) ([]delivery, cursor, error) {
	from, err := parseCursor(id, len(h.feeds))
	if err != nil || !from.within(now) {
		return nil, nil, nil
	}
	if r.isVisitor {
		from = append(cursor{from[0]}, now[1:]...) // visitors receive no events of the other logs
	}
	if slices.Equal(from, now) {
		return nil, from, nil
	}
	limited, cancel := context.WithTimeout(ctx, resuming)
	defer cancel()
	done, ok := h.resumes.turn(limited, r)
	if !ok {
		return nil, nil, cmp.Or[error](ctx.Err(), fault.Away("this replica", errNoTurn))
	}
	c := &catchUp{hub: h, reader: r, now: now}
	defer func() { done(c.bytes) }()
	if err = c.read(limited, from); err == nil {
		return c.found, from, nil
	}
	for _, d := range c.found {
		d.frame.release(h.held)
	}
	switch {
	case errors.Is(err, errTooMuch):
		return nil, nil, nil
	case limited.Err() != nil, fault.Is(err, fault.Timeout): // this timeout, or that of the service that has the log
		return nil, nil, cmp.Or[error](ctx.Err(), fault.Away("this replica", err))
	default:
		return nil, nil, err
	}
}

// catchUp collects the events that a stream has missed.
type catchUp struct {
	hub    *Hub
	reader *reader
	now    cursor
	found  []delivery
	events int
	bytes  int
}

func (c *catchUp) read(ctx context.Context, from cursor) error {
	if c.reader.isVisitor {
		return c.readOwn(ctx, from)
	}
	at := slices.Clone(from)
	for i, f := range c.hub.feeds {
		for at[i] < c.now[i] {
			records, err := f.Log.Of(ctx, c.reader.website, at[i], catchUpPage)
			if err != nil {
				return err
			}
			if len(records) == 0 {
				break
			}
			if err := c.collect(records, i, at); err != nil {
				return err
			}
			at[i] = records[len(records)-1].Pos
		}
		at[i] = c.now[i]
	}
	return nil
}

// readOwn reads a visitor's events. They arrive by conversation and are sent in the order of the log.
func (c *catchUp) readOwn(ctx context.Context, from cursor) error {
	whole, err := c.hub.own.VisitorEvents(ctx, c.reader.website, c.reader.visitor, from[0],
		func(records []outbox.Record) error {
			return c.collect(records, 0, from)
		})
	if err == nil && !whole {
		err = errTooMuch
	}
	slices.SortFunc(c.found, func(a, b delivery) int { return cmp.Compare(a.id[0], b.id[0]) })
	return err
}

// collect adds the records of a feed that concern the reader. Records after the position now are in the reader's queue
// already.
func (c *catchUp) collect(records []outbox.Record, feed int, at cursor) error {
	for _, r := range records {
		if r.Pos == 0 || r.Pos > c.now[feed] {
			continue
		}
		if c.events++; c.events > catchUpEvents {
			return errTooMuch
		}
		e, err := ofRecord(r)
		if err != nil || !e.concerns(c.reader) {
			continue
		}
		f, err := e.frameFor(c.reader)
		if err != nil {
			continue
		}
		if c.bytes += len(f.text); c.bytes > catchUpBytes {
			return errTooMuch
		}
		if !f.hold(c.hub.held) {
			return fault.Away("this replica", errNoTurn)
		}
		id := slices.Clone(at)
		id[feed] = r.Pos
		c.found = append(c.found, delivery{id, f})
	}
	return nil
}
