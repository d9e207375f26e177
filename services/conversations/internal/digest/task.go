package digest

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

const timeout = 30 * time.Second // of the digest of one conversation

// Task requests a digest of each conversation when it is closed. It follows the service's own log. Processing a
// conversation twice changes nothing.
type Task struct {
	Service   *conversations.Service
	Telemetry *telemetry.Telemetry
}

// Apply digests the conversations that were closed.
func (t Task) Apply(ctx context.Context, records []outbox.Record) error {
	for _, r := range records {
		if err := t.one(ctx, r); err != nil {
			return err
		}
	}
	return nil
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
	ctx, end := outbox.StartBatchSpan(ctx, t.Telemetry, "digest", "conversations", []outbox.Record{r})
	defer func() { end(err) }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := t.Service.Digest(ctx, r.Website, d.Conversation.Token); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}
