package feed

import (
	"context"
	"slices"
	"time"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/outbox"
)

const leaderPause = 2 * time.Second // after a batch or a failure, and between checks while another replica leads

// LeaderTask applies a log's records at least once, in order, on the leading replica only: for effects that change
// nothing when they are repeated. It begins after a stored position, so it also applies records from a time when no
// replica was running.
type LeaderTask struct {
	Name      string // of the position and in logs
	Feed      Feed
	Positions *Positions
	Leading   func(context.Context) (bool, error)
	Telemetry *telemetry.Telemetry
	// FromHead begins with the records that follow the first start, for effects that only new ones have.
	FromHead bool
	// Concerns reports whether a record has an effect; nil: each has. Batches without such a record cost no commands.
	Concerns func(outbox.Record) bool
	// Apply has the effect of records. If it fails, all of them are applied again.
	Apply func(ctx context.Context, records []outbox.Record) error
}

// Run applies the log until ctx ends.
func (t LeaderTask) Run(ctx context.Context) error {
	pos, known := int64(0), false // without new records, the position isn't read again
	for ctx.Err() == nil {
		var err error
		if !known {
			pos, err = t.begin(ctx)
		}
		if err == nil {
			pos, err = t.step(ctx, pos)
		}
		if known = err == nil; !known && ctx.Err() == nil {
			t.Telemetry.Log.WarnContext(ctx, "applying events failed; retrying in 2s", "task", t.Name, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(leaderPause):
		}
	}
	return nil
}

// begin returns the stored position. With FromHead, the first start stores the head of the log.
func (t LeaderTask) begin(ctx context.Context) (int64, error) {
	if !t.FromHead {
		return t.Positions.Position(ctx, t.Name)
	}
	head, err := t.Feed.Log.Head(ctx)
	if err != nil {
		return 0, err
	}
	return t.Positions.BeginAt(ctx, t.Name, head)
}

// maxSkipped is the number of records after which the position is stored although none has had an effect: after a
// restart, at most as many are read again.
const maxSkipped = 1_000

// skips reports whether no record has an effect.
func (t LeaderTask) skips(records []outbox.Record) bool {
	return t.Concerns != nil && !slices.ContainsFunc(records, t.Concerns)
}

// step waits for the next batch of records after pos, and applies it if this replica leads. Meanwhile the leading
// replica may have applied a part. It returns the position up to which records are applied.
func (t LeaderTask) step(ctx context.Context, pos int64) (int64, error) {
	records, err := t.Feed.Next(ctx, pos)
	if err != nil || len(records) == 0 {
		return pos, err
	}
	if last := records[len(records)-1].Pos; t.skips(records) && last%maxSkipped >= int64(len(records)) {
		return last, nil
	}
	leading, err := t.Leading(ctx)
	if err != nil {
		return pos, err
	}
	if pos, err = t.Positions.Position(ctx, t.Name); err != nil || !leading {
		return pos, err
	}
	for len(records) > 0 && records[0].Pos <= pos {
		records = records[1:]
	}
	if len(records) == 0 {
		return pos, nil
	}
	if err := t.Apply(ctx, records); err != nil {
		return pos, err
	}
	pos = records[len(records)-1].Pos
	return pos, t.Positions.Advance(ctx, t.Name, pos)
}
