package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// erasedRow is the sums over a website's conversations that were erased with their visitors. They contain no personal
// data, and still count in the totals.
type erasedRow struct {
	Website            tenant.ID `bson:"websiteId"`
	conversations.Sums `bson:",inline"`
}

func declareErased(db *mongokit.DB) *mongokit.Collection[erasedRow] {
	return mongokit.Tenanted[erasedRow](db, "conversations_erased", "sum", mongokit.Index{Unique: true})
}

// remember adds a conversation to the sums of erased ones. It runs in the transaction of the erasure.
func (s *Store) remember(ctx context.Context, c conversations.Conversation) error {
	var sums conversations.Sums
	sums.Add(c)
	_, err := s.erased.Upsert(ctx, c.WebsiteID, nil, bson.D{{Key: "$inc", Value: sums}})
	return err
}

// Totals recounts a website's conversations, by the names of the statistics' counters. It reads every conversation.
func (s *Store) Totals(ctx context.Context, t tenant.ID) (map[string]float64, error) {
	gone, err := s.erased.Get(ctx, t, nil)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	sums := gone.Sums
	err = s.conversations.Each(ctx, t, nil,
		mongokit.Query{Only: []string{"status", "messages", "firstVisitorAt", "firstAgentAt"}}, sums.Add)
	return map[string]float64{
		"totalConversations": float64(sums.Conversations), "openConversations": float64(sums.Open),
		"totalMessages":         float64(sums.Messages),
		"answeredConversations": float64(sums.Answered), "responseSeconds": sums.ResponseSeconds,
	}, err
}
