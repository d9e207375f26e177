package digest

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

const (
	patience = 30 * time.Second // for one conversation
	pause    = 2 * time.Second  // after a failure, and between looks where another replica works
)

// Positions keeps how far the log has been followed.
type Positions interface {
	// Digested gives the position of the last record dealt with, 0 at the beginning.
	Digested(ctx context.Context) (int64, error)
	// SetDigested notes it.
	SetDigested(ctx context.Context, pos int64) error
}

// Task has each conversation digested when it is closed. It follows the service's own log, so that one that was closed
// while nobody worked has its turn too; one whose turn comes twice stays as it is.
type Task struct {
	Log       *outbox.Log
	Feed      feed.Feed // of the same log
	Positions Positions
	Service   *conversations.Service
	Telemetry *telemetry.Telemetry
}

// Run works until ctx ends, on the replica that leads.
func (t Task) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := t.follow(ctx); err != nil && ctx.Err() == nil {
			t.Telemetry.Log.WarnContext(ctx, "digesting will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// follow goes on behind the last record dealt with, for as long as this replica leads.
func (t Task) follow(ctx context.Context) error {
	leading, err := t.Log.Leading(ctx)
	if err != nil || !leading {
		return err
	}
	pos, err := t.Positions.Digested(ctx)
	if err != nil {
		return err
	}
	records, err := t.Feed.Next(ctx, pos)
	for _, r := range records {
		if err := t.one(ctx, r); err != nil {
			return err
		}
	}
	if len(records) > 0 {
		return t.Positions.SetDigested(ctx, records[len(records)-1].Pos)
	}
	return err
}

func (t Task) one(ctx context.Context, r outbox.Record) (err error) {
	if r.Type != conversations.ConversationUpdated {
		return nil
	}
	var d conversations.UpdatedData
	if err := r.Decode(&d); err != nil || d.From != conversations.Open || d.Status != conversations.Closed || d.Conversation.Token == "" {
		return nil //nolint:nilerr // a record that cannot be read has no conversation to digest
	}
	ctx, end := outbox.StartBatchSpan(ctx, t.Telemetry, "digest", t.Feed.Name, []outbox.Record{r})
	defer func() { end(err) }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.Service.Digest(ctx, r.Website, d.Conversation.Token); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}
