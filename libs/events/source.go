package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/operation"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/tenant"
)

const (
	readBatch  = 500                    // records read at once, and by a follower applied in one transaction
	batchBytes = 4 << 20                // of BSON that a batch has: JSON needs at most twice as many, as it escapes quotes again
	feedWait   = time.Second            // how long a feed waits for Redis before it looks into the log itself
	feedPause  = 150 * time.Millisecond // between looks into the log, where Redis does not answer
)

// Source is a service's log, its own or another's. Errors are faults.
type Source interface {
	// After gives records behind a position, in order: up to limit, and fewer if they have many bytes. Only an empty batch
	// is the end.
	After(ctx context.Context, pos, limit int64) ([]Record, error)
	// Of gives those of one website.
	Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]Record, error)
	// Head gives the position of the last record, 0 where there is none.
	Head(ctx context.Context) (int64, error)
}

// Remote is another service's log, read over HTTP. It implements Source.
type Remote struct{ Client *httpkit.Client }

// After implements Source.
func (r Remote) After(ctx context.Context, pos, limit int64) ([]Record, error) {
	return r.Of(ctx, tenant.ID{}, pos, limit)
}

// Of implements Source.
func (r Remote) Of(ctx context.Context, t tenant.ID, pos, limit int64) ([]Record, error) {
	return httpkit.Call[[]Record](ctx, r.Client, t, "GET", fmt.Sprintf("/internal/events?after=%d&limit=%d", pos, limit), nil)
}

// Head implements Source.
func (r Remote) Head(ctx context.Context) (int64, error) {
	h, err := httpkit.Call[head](ctx, r.Client, tenant.ID{}, "GET", "/internal/events/head", nil)
	return h.Pos, err
}

type listRequest struct {
	After place `query:"after" json:"-"`
	Limit int64 `query:"limit" json:"-"`
}

// place is a position, or 0 for the beginning.
type place int64

var errPlace = errors.New("must be a position, or 0")

// UnmarshalText reads the number.
func (p *place) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return errPlace
	}
	*p = place(n)
	return nil
}

type head struct {
	Pos int64 `json:"pos"`
}

// Serve mounts the log for other services: at GET /internal/events, all of it or, in the name of a website, that
// website's; and at GET /internal/events/head, how far it goes.
func (l *Log) Serve(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /internal/events", 200, operation.New(chain, l.tele.Component+".list_events", authz.Internal,
		func(ctx context.Context, req listRequest) ([]Record, error) {
			limit := min(max(req.Limit, 1), readBatch)
			if t := identity.From(ctx).Website; !t.IsZero() {
				return l.Of(ctx, t, int64(req.After), limit)
			}
			return l.After(ctx, int64(req.After), limit)
		}))
	httpkit.Handle(r, "GET /internal/events/head", 200, operation.New(chain, l.tele.Component+".get_event_head", authz.Internal,
		func(ctx context.Context, _ operation.None) (head, error) {
			pos, err := l.Head(ctx)
			return head{pos}, err
		}))
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
func (f Feed) Next(ctx context.Context, pos int64) ([]Record, error) {
	if f.Redis != nil {
		entries, err := f.Redis.Read(ctx, streamOf(f.Name), pos, readBatch, feedWait)
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
func (f Feed) look(ctx context.Context, pos int64) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, httpkit.DefaultTimeout)
	defer cancel()
	for limit := int64(readBatch); ; limit /= 2 {
		records, err := f.Log.After(ctx, pos, limit)
		if limit == 1 || !errors.Is(err, httpkit.ErrAnswerTooLarge) {
			return records, err
		}
	}
}

// MayHaveMore reports whether more records may follow a batch of up to 500: it is full by number, or near to its bytes.
func MayHaveMore(records []Record) bool {
	size := 0
	for _, r := range records {
		size += len(r.Data)
	}
	return len(records) == readBatch || size > batchBytes/2
}

// decode gives the records of the entries that follow pos without a gap.
func decode(entries []rediskit.Entry, pos int64) []Record {
	var records []Record
	for _, e := range entries {
		var r Record
		if e.Pos != pos+1 || json.Unmarshal([]byte(e.Data), &r) != nil || r.Pos != e.Pos {
			break
		}
		records, pos = append(records, r), e.Pos
	}
	return records
}
