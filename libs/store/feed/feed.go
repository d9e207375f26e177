// Package feed reads the event log of a service. A Feed returns records as soon as they are published. A Follower applies
// the records of one log in order; it keeps its position in the transaction of their effect (Positions), so that each
// record is applied exactly once. Package outbox writes the logs.
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
	feedWait  = time.Second            // how long a feed waits for Redis before it looks into the log itself
	feedPause = 150 * time.Millisecond // between looks into the log, where Redis does not answer
)

// Source is a service's log, its own or another's. Errors are faults.
type Source interface {
	// After gives records behind a position, in order: up to limit, and fewer if they have many bytes. Only an empty batch
	// is the end.
	After(ctx context.Context, pos, limit int64) ([]outbox.Record, error)
	// Of gives those of one website.
	Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]outbox.Record, error)
	// Head gives the position of the last record, 0 where there is none.
	Head(ctx context.Context) (int64, error)
}

// Feed reads a service's log as it grows: out of Redis, which is quick, and from the log itself where Redis is away or
// has lost something. Redis may be nil.
type Feed struct {
	Name  string // of the service
	Log   Source
	Redis *rediskit.Client
}

// Next gives records behind a position, in order and without a gap, as soon as there are some; none after a second
// without any.
func (f Feed) Next(ctx context.Context, pos int64) ([]outbox.Record, error) {
	if f.Redis != nil {
		entries, err := f.Redis.Read(ctx, outbox.StreamName(f.Name), pos, outbox.BatchRecords, feedWait)
		if err == nil {
			if records := decode(entries, pos); len(records) > 0 {
				return records, nil
			}
			// Where Redis has something, but not what comes next, the log has it, or else Redis tells of another life.
			if records, err := f.look(ctx, pos); len(entries) == 0 || len(records) > 0 || err != nil {
				return records, err
			}
		}
	}
	records, err := f.look(ctx, pos)
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

// look reads the log. A batch whose answer was too large is read again in halves, down to one record.
func (f Feed) look(ctx context.Context, pos int64) ([]outbox.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	for limit := int64(outbox.BatchRecords); ; limit /= 2 {
		records, err := f.Log.After(ctx, pos, limit)
		if limit == 1 || !errors.Is(err, httpkit.ErrResponseTooLarge) {
			return records, err
		}
	}
}

// decode gives the records of the entries that follow pos without a gap.
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
