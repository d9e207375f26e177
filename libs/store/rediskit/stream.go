package rediskit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// streamLength is about how many entries a stream keeps: two of Redis' internal nodes. A reader that is further behind
// reads from the log instead. (The Redis inside `fivechat run` scans all of them on every write.)
const streamLength = 200

// The fields of an entry: its data, and the MAC of stream, position and data.
const (
	entryField = "e"
	macField   = "s"
)

// Entry is one record of a stream. Its position, 1 or more, is its id in the stream, so that a stream holds each
// record once.
type Entry struct {
	Pos  int64
	Data string // "" if its MAC is invalid: the reader reads the log
}

// Append adds entries, in order of their positions, to the end of a stream. Entries that it already holds are skipped.
// head is the last position of the log, or 0 if that is the last entry. If the stream is ahead of it, the log was
// replaced, and the stream starts again.
func (c *Client) Append(ctx context.Context, stream string, entries []Entry, head int64) error {
	if len(entries) == 0 {
		return nil
	}
	stream = c.name(stream)
	top, err := c.top(ctx, stream)
	if err != nil {
		return err
	}
	_, err = c.r.Pipelined(ctx, func(p redis.Pipeliner) error {
		if top > max(head, entries[len(entries)-1].Pos) {
			p.Del(ctx, stream)
			top = 0
		}
		for _, e := range entries {
			if e.Pos > top {
				id := entryID(e.Pos)
				values := []string{entryField, e.Data, macField, c.sign(purposeStream, stream, id, e.Data)}
				p.XAdd(ctx, &redis.XAddArgs{Stream: stream, MaxLen: streamLength, Approx: true, ID: id, Values: values})
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rediskit: append to %s: %w", stream, err)
	}
	return nil
}

// Drop removes all entries of a stream. Its readers continue from the log.
func (c *Client) Drop(ctx context.Context, stream string) error {
	if err := c.r.Del(ctx, c.name(stream)).Err(); err != nil {
		return fmt.Errorf("rediskit: drop %s: %w", stream, err)
	}
	return nil
}

// top returns the last position of a stream by its name in Redis.
func (c *Client) top(ctx context.Context, stream string) (int64, error) {
	last, err := c.r.XRevRangeN(ctx, stream, "+", "-", 1).Result()
	if err != nil {
		return 0, fmt.Errorf("rediskit: end of %s: %w", stream, err)
	}
	if len(last) == 0 {
		return 0, nil
	}
	return position(last[0].ID)
}

// Read returns up to limit entries after a position. If there are none, it waits for the first. It returns none if
// none arrived in time.
func (c *Client) Read(ctx context.Context, stream string, after, limit int64, wait time.Duration) ([]Entry, error) {
	// go-redis waits 10 s longer than the server. Meanwhile readers would get no event.
	ctx, cancel := context.WithTimeout(ctx, wait+c.timeout)
	defer cancel()
	stream = c.name(stream)
	found, err := c.r.XRead(ctx, &redis.XReadArgs{
		Streams: []string{stream, entryID(after)}, Count: limit, Block: wait,
	}).
		Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rediskit: read %s: %w", stream, err)
	}
	var entries []Entry
	for _, s := range found {
		for _, m := range s.Messages {
			pos, err := position(m.ID)
			if err != nil {
				return nil, err
			}
			data, _ := m.Values[entryField].(string)
			code, _ := m.Values[macField].(string)
			if !c.verified(code, purposeStream, stream, m.ID, data) {
				data = ""
			}
			entries = append(entries, Entry{pos, data})
		}
	}
	return entries, nil
}

func entryID(pos int64) string { return strconv.FormatInt(pos, 10) + "-0" }

func position(id string) (int64, error) {
	n, _, _ := strings.Cut(id, "-")
	pos, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("rediskit: %q isn't a position: %w", id, err)
	}
	return pos, nil
}
