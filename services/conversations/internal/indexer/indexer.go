// Package indexer keeps the search terms of conversations up to date with what isn't in a message: what is known about
// the visitor (Visitors), and a new version of the analysis (Reindex). Terms of messages are written with the messages.
//
// Invariant: a term is added twice without effect, so events can be applied again.
package indexer

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

// maxVisitors is how many visitors are read at a time.
const maxVisitors = 100

// Visitors adds the names and verified facts of visitors to their conversations: when a conversation is opened (the
// service's own log), and when a visitor changes (the log of visitors).
type Visitors struct{ Service *conversations.Service }

// Apply applies records of either log.
func (v Visitors) Apply(ctx context.Context, records []outbox.Record) error {
	changed := map[tenant.ID]map[id.Visitor]bool{}
	for _, r := range records {
		visitor, concerned := visitorOf(r)
		if !concerned {
			continue
		}
		if changed[r.Website] == nil {
			changed[r.Website] = map[id.Visitor]bool{}
		}
		changed[r.Website][visitor] = true
	}
	for t, visitors := range changed {
		batch := make([]id.Visitor, 0, maxVisitors)
		for visitor := range visitors {
			if batch = append(batch, visitor); len(batch) < maxVisitors {
				continue
			}
			if err := v.Service.IndexVisitors(ctx, t, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if err := v.Service.IndexVisitors(ctx, t, batch); err != nil {
			return err
		}
	}
	return nil
}

// Concerns reports whether a record changes the terms of a visitor.
func Concerns(r outbox.Record) bool {
	return r.Type == contract.ConversationOpened || r.Type == contract.VisitorUpdated
}

// visitorOf returns the visitor whose terms a record changes.
func visitorOf(r outbox.Record) (id.Visitor, bool) {
	switch r.Type {
	case contract.ConversationOpened:
		var d contract.ConversationOpenedData
		err := r.Decode(&d)
		return d.Conversation.VisitorID, err == nil && d.Conversation.VisitorID != 0
	case contract.VisitorUpdated:
		var d contract.VisitorUpdatedData
		err := r.Decode(&d)
		return d.VisitorID, err == nil && d.VisitorID != 0
	}
	return 0, false
}
