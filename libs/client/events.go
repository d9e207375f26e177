package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/tmaxmax/go-sse"
)

// Event is an event of the stream. Decode returns its data as a type of package api.
type Event struct {
	ID   string // the position after which a stream can resume: the event's own id, or the previous one
	Name string
	Data json.RawMessage
}

// The bounds of a stream. The server sends a comment at least every 15 seconds, and an event holds at most one
// message.
const (
	silence  = 45 * time.Second
	maxEvent = 1 << 20
)

// StreamEvents yields the events of an agent's website that follow the event with the id after, or new events only if
// after is "". If the stream breaks, it reconnects and resumes after the last event, until ctx ends or the server
// refuses the request. That error is the last value. Each connection begins with an event "ready", which says whether
// all events in between will follow.
func (c *Client) StreamEvents(ctx context.Context, after string) iter.Seq2[Event, error] {
	return c.stream(ctx, "/events", after)
}

// StreamOwnEvents yields the events of a visitor's own conversations, as StreamEvents does for an agent.
func (c *Client) StreamOwnEvents(ctx context.Context, after string) iter.Seq2[Event, error] {
	return c.stream(ctx, "/visitor/events", after)
}

// errStopped says that the caller stopped reading.
var errStopped = errors.New("the caller stopped reading")

func (c *Client) stream(ctx context.Context, path, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for failures := 1; ; failures++ {
			err := c.readStream(ctx, path, after, func(e Event) bool {
				failures = 0
				if e.ID == "" {
					e.ID = after
				}
				after = e.ID
				return yield(e, nil)
			})
			var refusal *Refusal
			switch {
			case errors.Is(err, errStopped):
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case errors.As(err, &refusal) && refusal.Status < 500 && refusal.Status != http.StatusTooManyRequests:
				yield(Event{}, err)
				return
			}
			if err := sleep(ctx, backOff(max(failures, 1), err)); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// readStream reads one connection. It returns nil if the server ends it, and an error if nothing arrives for 45
// seconds.
func (c *Client) readStream(ctx context.Context, path, after string, handle func(Event) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address+path, nil)
	if err != nil {
		return err
	}
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	resp, err := c.sender.sendOnce(&http.Client{Transport: c.sender.transport}, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := activityReader{resp.Body, func() { alive.Reset(silence) }}
	for e, err := range sse.Read(in, &sse.ReadConfig{MaxEventSize: maxEvent}) {
		if err != nil {
			return fmt.Errorf("the stream broke: %w", err)
		}
		if !handle(Event{e.LastEventID, e.Type, json.RawMessage(e.Data)}) {
			return errStopped
		}
	}
	return nil
}

// activityReader calls onRead after every read that returns data.
type activityReader struct {
	io.Reader
	onRead func()
}

func (r activityReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.onRead()
	}
	return n, err
}
