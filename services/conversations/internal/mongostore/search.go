package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

// termsField has the terms by which searches find a conversation.
const termsField = "terms"

// AddVisitorTerms implements conversations.Store.
func (s *Store) AddVisitorTerms(ctx context.Context, t tenant.ID, visitor id.Visitor, terms []string) error {
	_, err := s.conversations.UpdateAll(ctx, t, bson.D{{Key: "visitorId", Value: visitor}},
		bson.D{{Key: "$addToSet", Value: bson.D{{Key: termsField, Value: bson.D{{Key: "$each", Value: terms}}}}}})
	return err
}

// Analysed implements conversations.Store.
func (s *Store) Analysed(
	ctx context.Context, after id.Conversation, limit int64,
) (rows []conversations.Conversation, more bool, err error) {
	return mongokit.ByNumber(ctx, s.everywhere, after, limit,
		"websiteId", "token", "visitorId", "messages", "termsVersion")
}

// Newest implements conversations.Store.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	return mongokit.NewestNumber(ctx, s.everywhere)
}

// SetTerms implements conversations.Store.
func (s *Store) SetTerms(ctx context.Context, c conversations.Conversation, terms []string) (bool, error) {
	return s.conversations.Update(ctx, c.WebsiteID,
		bson.D{{Key: "_id", Value: c.ID}, {Key: "messages", Value: c.Messages}},
		bson.D{{Key: "$set", Value: bson.D{
			{Key: termsField, Value: terms}, {Key: "termsVersion", Value: int64(searchterms.Version)},
		}}})
}

const newestBytes = 256 << 10 // of one read of the newest messages

// NewestMessages implements conversations.Store.
func (s *Store) NewestMessages(
	ctx context.Context, t tenant.ID, conversation id.Conversation, limit int64,
) ([]conversations.Message, error) {
	found, _, err := s.messages.Part(ctx, t, bson.D{{Key: "conversationId", Value: conversation}}, mongokit.Query{
		Sort: bson.D{{Key: "_id", Value: -1}}, Limit: limit, Bytes: newestBytes,
	})
	return found, err
}
