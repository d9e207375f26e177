package mongostore

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

func declareUnsent(db *mongokit.DB) *mongokit.Collection[conversations.Unsent] {
	mongokit.GlobalOf[conversations.Unsent](db, "conversations_drafts", "draft", mongokit.Index{
		Keys: bson.D{{Key: "updatedAt", Value: 1}},
		TTL:  conversations.UnsentKeptFor,
	})
	return mongokit.Tenanted[conversations.Unsent](db, "conversations_drafts", "draft",
		mongokit.Index{Keys: bson.D{{Key: "userId", Value: 1}, {Key: "updatedAt", Value: -1}}},
		mongokit.Index{Keys: bson.D{{Key: "visitorId", Value: 1}}})
}

// unsentIn matches a user's text in a conversation by its id.
func unsentIn(t tenant.ID, conversation id.Conversation, user id.User) bson.D {
	return bson.D{{Key: "_id", Value: fmt.Sprintf("%s/%d/%d", t, conversation, user)}}
}

// UnsentOf implements conversations.Store.
func (s *Store) UnsentOf(ctx context.Context, t tenant.ID, user id.User) ([]conversations.Unsent, error) {
	return s.unsent.List(ctx, t, bson.D{{Key: "userId", Value: user}}, mongokit.Query{
		Sort: bson.D{{Key: "updatedAt", Value: -1}}, Limit: conversations.MaxUnsentOf,
	})
}

// Unsent implements conversations.Store.
func (s *Store) Unsent(
	ctx context.Context, t tenant.ID, conversation id.Conversation, user id.User,
) (conversations.Unsent, error) {
	return s.unsent.Get(ctx, t, unsentIn(t, conversation, user))
}

// PutUnsent implements conversations.Store. Concurrent calls for different conversations can exceed the bound by as
// many rows.
func (s *Store) PutUnsent(ctx context.Context, u conversations.Unsent) error {
	filter := unsentIn(u.WebsiteID, u.ConversationID, u.UserID)
	text := bson.E{Key: "$set", Value: bson.D{
		{Key: "kind", Value: u.Kind}, {Key: "content", Value: u.Content}, {Key: "updatedAt", Value: u.UpdatedAt},
	}}
	found, err := s.unsent.Update(ctx, u.WebsiteID, filter, bson.D{text})
	if err != nil || found {
		return err
	}
	n, err := s.unsent.Count(ctx, u.WebsiteID, bson.D{{Key: "userId", Value: u.UserID}})
	if err != nil {
		return err
	}
	if n >= conversations.MaxUnsentOf {
		return fault.Coded(fault.Conflict, "drafts_full", "you have reached 50 drafts: remove one first")
	}
	_, err = s.unsent.Upsert(ctx, u.WebsiteID, filter, bson.D{text, {Key: "$setOnInsert", Value: bson.D{
		{Key: "conversationId", Value: u.ConversationID},
		{Key: "token", Value: u.Token},
		{Key: "visitorId", Value: u.VisitorID},
		{Key: "userId", Value: u.UserID},
	}}})
	return err
}

// DeleteUnsent implements conversations.Store.
func (s *Store) DeleteUnsent(
	ctx context.Context, t tenant.ID, conversation id.Conversation, user id.User,
) error {
	_, err := s.unsent.Delete(ctx, t, unsentIn(t, conversation, user))
	return err
}

// DeleteUnsentOf implements conversations.Store.
func (s *Store) DeleteUnsentOf(ctx context.Context, t tenant.ID, user id.User) error {
	_, err := s.unsent.Delete(ctx, t, bson.D{{Key: "userId", Value: user}})
	return err
}
