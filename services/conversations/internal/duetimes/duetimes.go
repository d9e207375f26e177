// Package duetimes keeps until when something is due in conversations by the targets of websites. Begin with Task: it
// follows the service's own log, so that a message is stored without waiting for the targets. Applying a record twice
// changes nothing.
package duetimes

import (
	"context"
	"errors"
	"slices"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
)

// Service computes due times.
type Service interface {
	UpdateDue(ctx context.Context, t tenant.ID, ids []id.Conversation) (updated int, err error)
}

// Task computes the due times of what records have changed.
type Task struct{ Service Service }

// Concerns reports whether something else may be due after a record.
func Concerns(r outbox.Record) bool {
	return r.Type == contract.MessageCreated || r.Type == contract.ConversationUpdated || r.Type == contract.InboxUpdated
}

// Apply computes the due times of the conversations of records.
func (t Task) Apply(ctx context.Context, records []outbox.Record) error {
	changed := map[tenant.ID][]id.Conversation{}
	for _, r := range records {
		if c := id.Conversation(r.Key); Concerns(r) && !r.Website.IsZero() && !slices.Contains(changed[r.Website], c) {
			changed[r.Website] = append(changed[r.Website], c)
		}
	}
	var failures []error
	for website, ids := range changed {
		_, err := t.Service.UpdateDue(ctx, website, ids)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
