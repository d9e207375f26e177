package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

// tables are the collections that data exports contain, in order.
func tables(db *mongokit.DB) datasubject.Tables {
	messages := datasubject.Table{Kind: "message", By: "conversationId"}.In(db, "conversations_messages")
	return datasubject.Tables{
		datasubject.Table{Kind: "tag", Small: true}.In(db, "conversations_tags"),
		datasubject.Table{
			Kind:    "conversation",
			Visitor: "visitorId",
			Omit:    []string{termsField, "termsVersion", "eventAt", "eventSeq", readToField, queuedField, "scheduled"},
			Under:   &messages,
		}.In(db, "conversations_conversations"),
		// The export of a visitor's data has no notes: they are the team's, not the visitor's.
		datasubject.Table{Kind: "note"}.In(db, "conversations_notes"),
	}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// Erase implements datasubject.DataHolder.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	if visitor, ok := of.Visitor(); ok {
		more, err = s.eraseVisitor(ctx, t, visitor)
	} else if more, err = s.tables.Erase(ctx, t); err == nil && !more {
		if _, err = s.erased.Delete(ctx, t, nil); err == nil {
			_, err = s.unsent.Delete(ctx, t, nil)
		}
		if err == nil {
			_, err = s.queues.of.Delete(ctx, t, nil)
		}
		if err == nil {
			more, err = s.Stored().Erase(ctx, t)
		}
		if err == nil && !more {
			more, err = s.log.EraseWebsite(ctx, t)
		}
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}

// eraseConversations is how many of a visitor's conversations are erased in one batch.
const eraseConversations = 10

func (s *Store) eraseVisitor(ctx context.Context, t tenant.ID, visitor id.Visitor) (more bool, err error) {
	found, err := s.conversations.List(ctx, t, bson.D{{Key: "visitorId", Value: visitor}},
		mongokit.Query{Limit: eraseConversations})
	for _, c := range found {
		if err := s.eraseConversation(ctx, t, c.Token); err != nil && !fault.Is(err, fault.NotFound) {
			return true, err
		}
	}
	if err == nil && len(found) == 0 { // what is written from now on finds no conversation
		_, err = s.unsent.Delete(ctx, t, bson.D{{Key: "visitorId", Value: visitor}})
	}
	return len(found) > 0, err
}

// eraseConversation erases a conversation with its messages and the content of its events. A concurrent write is either
// committed before, and erased too, or fails because the conversation no longer exists.
func (s *Store) eraseConversation(ctx context.Context, t tenant.ID, token string) error {
	done, err := s.turns.acquire(ctx, token)
	if err != nil {
		return err
	}
	defer done()
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.Get(ctx, t, token)
		if err != nil {
			return err
		}
		if _, err := s.conversations.Delete(ctx, t, byToken(token)); err != nil {
			return err
		}
		if _, err := s.messages.Delete(ctx, t, bson.D{{Key: "conversationId", Value: c.ID}}); err != nil {
			return err
		}
		if _, err := s.notes.Delete(ctx, t, notesOf(c.ID)); err != nil {
			return err
		}
		if err := s.counts.Add(ctx, t, keyOf(c), -1); err != nil {
			return err
		}
		if err := s.texts.Remove(ctx, t, c.Texts()); err != nil {
			return err
		}
		if err := s.log.Redact(ctx, t, int64(c.ID)); err != nil {
			return err
		}
		if err := s.remember(ctx, c); err != nil {
			return err
		}
		return s.appendEvents(ctx, t, outbox.Order{}, []conversations.Event{c.Erased()})
	})
}
