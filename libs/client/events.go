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

// Event is what happened. Its name says which of package api's types its data is: "message.created" is a MessageCreated.
type Event struct {
	ID   string // behind which a stream goes on: the event's own, or the last that one had
	Name string
	Data json.RawMessage
}

// The bounds of a stream: the server gives signs of life every 15 seconds, and an event holds at most a message.
const (
	silence  = 45 * time.Second
	maxEvent = 1 << 20
)

// StreamEvents tells an agent what happens on the website behind the event of an id, or from now on where it is "". A
// stream that breaks goes on by itself behind its last event, until ctx ends or the server refuses for good: that error
// is the last that is told. An event "ready" begins each stream and says whether everything in between follows.
func (c *Client) StreamEvents(ctx context.Context, after string) iter.Seq2[Event, error] {
	return c.stream(ctx, "/events", after)
}

// StreamOwnEvents tells a visitor what happens in their conversations, as StreamEvents does an agent.
func (c *Client) StreamOwnEvents(ctx context.Context, after string) iter.Seq2[Event, error] {
	return c.stream(ctx, "/visitor/events", after)
}

// errLeft says that whoever reads has had enough.
var errLeft = errors.New("the reader left")

func (c *Client) stream(ctx context.Context, path, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for failures := 1; ; failures++ {
			err := c.listen(ctx, path, after, func(e Event) bool {
				failures = 0
				if e.ID == "" {
					e.ID = after
				}
				after = e.ID
				return yield(e, nil)
			})
			var no *Refusal
			switch {
			case errors.Is(err, errLeft):
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests:
				yield(Event{}, err)
				return
			}
			if err := rest(ctx, pause(max(failures, 1), err)); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// listen reads one stream until it ends, which is no error, or falls silent.
func (c *Client) listen(ctx context.Context, path, after string, heard func(Event) bool) error {
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
	resp, err := c.door.once(&http.Client{Transport: c.door.transport}, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := watched{resp.Body, func() { alive.Reset(silence) }}
	for e, err := range sse.Read(in, &sse.ReadConfig{MaxEventSize: maxEvent}) {
		if err != nil {
			return fmt.Errorf("the stream broke: %w", err)
		}
		if !heard(Event{e.LastEventID, e.Type, json.RawMessage(e.Data)}) {
			return errLeft
		}
	}
	return nil
}

// watched tells of every read that brings something.
type watched struct {
	io.Reader
	alive func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}
