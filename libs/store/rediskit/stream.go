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

// streamLength is about how many entries a stream keeps: two of the pieces that Redis keeps them in. A reader that is
// further behind reads what the stream carries where it comes from. (The Redis within `fivechat run` goes through all of
// them whenever anything is written.)
const streamLength = 200

// The fields of an entry: its data, and the MAC of stream, position and data.
const (
	entryField = "e"
	macField   = "s"
)

// Entry is one record of a stream. Its position, 1 or more, is its id in the stream, so that a stream holds each once.
type Entry struct {
	Pos  int64
	Data string // "" if it does not verify: the reader asks the log
}

// Append puts entries, in order of their positions, at the end of a stream; those that stand there already are left out.
// A stream that is ahead of the entries carries another life of what they come from, and begins anew.
func (c *Client) Append(ctx context.Context, stream string, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	top, err := c.top(ctx, stream)
	if err != nil {
		return err
	}
	_, err = c.r.Pipelined(ctx, func(p redis.Pipeliner) error {
		if top > entries[len(entries)-1].Pos {
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

// Drop removes all that a stream carries. Its readers find what they miss where it comes from.
func (c *Client) Drop(ctx context.Context, stream string) error {
	if err := c.r.Del(ctx, stream).Err(); err != nil {
		return fmt.Errorf("rediskit: drop %s: %w", stream, err)
	}
	return nil
}

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

// Read gives up to limit entries behind a position; where there are none it waits for the first. None came where it gives
// none.
func (c *Client) Read(ctx context.Context, stream string, after, limit int64, wait time.Duration) ([]Entry, error) {
	found, err := c.r.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, entryID(after)}, Count: limit, Block: wait}).Result()
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
		return 0, fmt.Errorf("rediskit: %q is no position: %w", id, err)
	}
	return pos, nil
}
