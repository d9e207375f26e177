package digest

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

const (
	timeout = 30 * time.Second // of the digest of one conversation
	pause   = 2 * time.Second  // after a batch or a failure, and between checks while another replica leads
)

// Positions stores the position in the log up to which records have been processed.
type Positions interface {
	// Digested returns the position of the last processed record, 0 at the beginning.
	Digested(ctx context.Context) (int64, error)
	// SetDigested stores it.
	SetDigested(ctx context.Context, pos int64) error
}

// Task requests a digest of each conversation when it is closed. It follows the service's own log from a stored
// position, so it also processes conversations that were closed while no replica was running. Processing a conversation
// twice changes nothing.
type Task struct {
	Log       *outbox.Log
	Feed      feed.Feed // of the same log
	Positions Positions
	Service   *conversations.Service
	Telemetry *telemetry.Telemetry
}

// Run processes the log until ctx ends. Only the leading replica does work.
func (t Task) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := t.follow(ctx); err != nil && ctx.Err() == nil {
			t.Telemetry.Log.WarnContext(ctx, "digest: processing the log failed; retrying in 2s", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// follow waits for the next batch of records, and processes it if this replica leads. Meanwhile the leading replica may
// have processed a part.
func (t Task) follow(ctx context.Context) error {
	pos, err := t.Positions.Digested(ctx)
	if err != nil {
		return err
	}
	records, err := t.Feed.Next(ctx, pos)
	if err != nil || len(records) == 0 {
		return err
	}
	leading, err := t.Log.Leading(ctx)
	if err != nil || !leading {
		return err
	}
	if pos, err = t.Positions.Digested(ctx); err != nil {
		return err
	}
	for _, r := range records {
		if r.Pos <= pos {
			continue
		}
		if err := t.one(ctx, r); err != nil {
			return err
		}
	}
	return t.Positions.SetDigested(ctx, records[len(records)-1].Pos)
}

func (t Task) one(ctx context.Context, r outbox.Record) (err error) {
	if r.Type != contract.ConversationUpdated {
		return nil
	}
	var d contract.ConversationUpdatedData
	if err := r.Decode(&d); err != nil || d.From != conversations.Open || d.Status != conversations.Closed ||
		d.Conversation.Token == "" {
		return nil //nolint:nilerr // an unreadable record names no conversation
	}
	ctx, end := outbox.StartBatchSpan(ctx, t.Telemetry, "digest", t.Feed.Name, []outbox.Record{r})
	defer func() { end(err) }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := t.Service.Digest(ctx, r.Website, d.Conversation.Token); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}
