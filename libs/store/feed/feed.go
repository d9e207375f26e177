// Package feed reads the event log of a service. A Feed returns records as soon as they are published. A Follower
// applies the records of one log in order. It stores its position in the transaction of their effect (Positions), so
// that each record is applied exactly once. Package outbox writes the logs.
package feed

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	feedWait  = time.Second            // how long one read from Redis waits
	feedReads = 10                     // how many reads without records a feed makes before it reads the log
	feedPause = 150 * time.Millisecond // between polls of the log while Redis doesn't respond
)

// Source is a service's log, its own or another service's. Errors are faults.
type Source interface {
	// After returns records after a position, in order: up to limit, and fewer if they are long. Only an empty batch
	// is the end.
	After(ctx context.Context, pos, limit int64) ([]outbox.Record, error)
	// Of returns the records of one website.
	Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]outbox.Record, error)
	// Head returns the position of the last record, or 0.
	Head(ctx context.Context) (int64, error)
}

// Feed reads a service's log as it grows: from Redis, which is fast, and from the log if Redis doesn't respond or has
// lost records. Redis may be nil.
type Feed struct {
	Name  string // the service
	Log   Source
	Redis *rediskit.Client
}

// Next returns the records after a position, in order and without a gap, as soon as there are some. It returns none
// after ten seconds without records.
//
// It reads the log only once in that time: if Redis loses records, its connections break, or the relay finds that the
// stream's end is missing and adds an entry, so that Next reads the log at once.
func (f Feed) Next(ctx context.Context, pos int64) ([]outbox.Record, error) {
	if f.Redis != nil {
		entries, err := f.readRedis(ctx, pos)
		if err == nil {
			if records := decode(entries, pos); len(records) > 0 {
				return records, nil
			}
			// Redis has entries, but not the next one. Then the log has it. Otherwise the log was replaced, and Redis
			// holds records of the old one.
			if records, err := f.readLog(ctx, pos); len(entries) == 0 || len(records) > 0 || err != nil {
				return records, err
			}
		}
	}
	records, err := f.readLog(ctx, pos)
	if err != nil || len(records) > 0 {
		return records, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(feedPause):
		return nil, nil
	}
}

// readRedis returns the entries of the stream after a position as soon as there are some. Short reads notice a Redis
// that doesn't respond.
func (f Feed) readRedis(ctx context.Context, pos int64) (entries []rediskit.Entry, err error) {
	for n := 0; n < feedReads && err == nil && len(entries) == 0; n++ {
		entries, err = f.Redis.Read(ctx, outbox.StreamName(f.Name), pos, outbox.BatchRecords, feedWait)
	}
	return entries, err
}

// readLog reads the log. If the response to a batch is too large, it halves the batch, down to one record.
func (f Feed) readLog(ctx context.Context, pos int64) ([]outbox.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	for limit := int64(outbox.BatchRecords); ; limit /= 2 {
		records, err := f.Log.After(ctx, pos, limit)
		if limit == 1 || !errors.Is(err, httpkit.ErrResponseTooLarge) {
			return records, err
		}
	}
}

// decode returns the records of the entries that follow pos without a gap.
func decode(entries []rediskit.Entry, pos int64) []outbox.Record {
	var records []outbox.Record
	for _, e := range entries {
		var r outbox.Record
		if e.Pos != pos+1 || json.Unmarshal([]byte(e.Data), &r) != nil || r.Pos != e.Pos {
			break
		}
		records, pos = append(records, r), e.Pos
	}
	return records
}
