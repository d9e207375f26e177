package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/custody"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/conversations"
)

// shelves are what an export shows, in its order.
func shelves(db *mongokit.DB) custody.Shelves {
	messages := custody.Shelf{Kind: "message", By: "conversationId"}.Over(db, "conversations_messages")
	return custody.Shelves{
		custody.Shelf{Kind: "tag", Small: true}.Over(db, "conversations_tags"),
		custody.Shelf{Kind: "conversation", Visitor: "visitorId", Omit: []string{"terms"}, Under: &messages}.Over(db, "conversations_conversations"),
	}
}

// Export implements custody.Keeper.
func (s *Store) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (custody.Page, error) {
	return s.shelves.Export(ctx, t, visitor, after)
}

// Erase implements custody.Keeper.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor != 0 {
		more, err = s.eraseVisitor(ctx, t, visitor)
	} else if more, err = s.shelves.Erase(ctx, t); err == nil && !more {
		more, err = s.log.EraseWebsite(ctx, t)
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}

// The bounds of what one transaction erases.
const (
	eraseConversations = 50
	eraseMessages      = 5_000 // a single conversation may have more
)

// counts are the members of events that statistics are made of; they name nobody.
var counts = []string{"sender", "firstResponseSeconds", "from", "status"}

// eraseVisitor erases some of a visitor's conversations, with all that was said in them and told of them. Whoever writes
// into one at the same moment comes before, and goes too, or finds it gone.
func (s *Store) eraseVisitor(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	found, err := s.conversations.List(ctx, t, bson.D{{Key: "visitorId", Value: visitor}}, mongokit.Query{Limit: eraseConversations, Omit: "terms"})
	if err != nil || len(found) == 0 {
		return false, err
	}
	var ids []int64
	messages := int64(0)
	for _, c := range found {
		if messages += c.Messages; len(ids) > 0 && messages > eraseMessages {
			break
		}
		ids = append(ids, c.ID)
	}
	these := func(field string) bson.D { return bson.D{{Key: field, Value: bson.D{{Key: "$in", Value: ids}}}} }
	return true, s.db.Tx(ctx, func(ctx context.Context) error {
		gone, err := s.conversations.List(ctx, t, these("_id"), mongokit.Query{Omit: "terms"})
		if err != nil {
			return err
		}
		if _, err := s.conversations.Delete(ctx, t, these("_id")); err != nil {
			return err
		}
		if _, err := s.messages.Delete(ctx, t, these("conversationId")); err != nil {
			return err
		}
		if err := s.log.Redact(ctx, t, ids, counts...); err != nil {
			return err
		}
		evs := make([]conversations.Event, len(gone))
		for i, c := range gone {
			evs[i] = conversations.Event{Type: conversations.ConversationErased, Key: c.ID, Data: conversations.ErasedData{ConversationID: c.ID, From: c.Status}}
		}
		return s.tell(ctx, t, evs)
	})
}
