package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

// queuedField says since when a conversation waits to be assigned. Its index has the conversations that wait.
const queuedField = "queuedAt"

var longestQueued = bson.D{{Key: queuedField, Value: 1}, {Key: "_id", Value: 1}}

// queues are the states of automatic assignment.
type queues struct {
	of  *mongokit.Collection[conversations.Queue]
	all *mongokit.Global[conversations.Queue] // the same, of all websites
}

func declareQueues(db *mongokit.DB) queues {
	return queues{
		of: mongokit.Tenanted[conversations.Queue](db, "conversations_queues", "queue", mongokit.Index{Unique: true}),
		all: mongokit.GlobalOf[conversations.Queue](db, "conversations_queues", "queue", mongokit.Index{
			Keys:    bson.D{{Key: "waiting", Value: 1}, {Key: mongokit.TenantKey, Value: 1}},
			Present: "waiting",
		}),
	}
}

// write changes a website's queue, which is created if there is none.
func (q queues) write(ctx context.Context, t tenant.ID, field string, value any) error {
	_, err := q.of.Upsert(ctx, t, nil, bson.D{
		{Key: "$set", Value: bson.D{{Key: field, Value: value}}},
		{Key: "$inc", Value: bson.D{{Key: "version", Value: int64(1)}}},
	})
	return err
}

// Enqueue implements conversations.Store.
func (s *Store) Enqueue(ctx context.Context, t tenant.ID, tokens []string, since, now time.Time) error {
	waiting := bson.D{
		mongokit.OneOf("token", tokens),
		{Key: "status", Value: conversations.Open},
		{Key: "assigneeId", Value: nil},
		{Key: queuedField, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: since}}}}},
	}
	_, err := s.conversations.UpdateAll(ctx, t, waiting,
		bson.D{{Key: "$set", Value: bson.D{{Key: queuedField, Value: now}}}})
	if err != nil {
		return err
	}
	return s.queues.write(ctx, t, "waiting", true)
}

// Queue implements conversations.Store.
func (s *Store) Queue(ctx context.Context, t tenant.ID) (conversations.Queue, error) {
	q, err := s.queues.of.Get(ctx, t, nil)
	if fault.Is(err, fault.NotFound) {
		return conversations.Queue{WebsiteID: t}, nil
	}
	return q, err
}

// EndQueue implements conversations.Store.
func (s *Store) EndQueue(ctx context.Context, t tenant.ID, version int64) error {
	_, err := s.queues.of.Update(ctx, t, bson.D{{Key: "version", Value: version}},
		bson.D{{Key: "$unset", Value: bson.D{{Key: "waiting", Value: ""}}}})
	return err
}

// Queued implements conversations.Store.
func (s *Store) Queued(
	ctx context.Context, t tenant.ID, since time.Time, without []id.Team, limit int64,
) ([]conversations.Conversation, error) {
	waiting := bson.D{{Key: queuedField, Value: bson.D{{Key: "$gte", Value: since}}}}
	if len(without) > 0 {
		waiting = append(waiting, bson.E{Key: teamField, Value: bson.D{{Key: "$nin", Value: without}}})
	}
	return s.conversations.List(ctx, t, waiting, mongokit.Query{
		Sort: longestQueued, Limit: limit, Only: []string{"token", teamField}, Index: longestQueued,
	})
}

// Waiting implements conversations.Store.
func (s *Store) Waiting(ctx context.Context, after tenant.ID, limit int64) ([]tenant.ID, error) {
	waiting := bson.D{{Key: "waiting", Value: true}}
	if !after.IsZero() {
		waiting = append(waiting, bson.E{Key: mongokit.TenantKey, Value: bson.D{{Key: "$gt", Value: after}}})
	}
	found, err := s.queues.all.List(ctx, waiting, mongokit.Query{
		Sort: bson.D{{Key: mongokit.TenantKey, Value: 1}}, Limit: limit, Only: []string{mongokit.TenantKey},
	})
	websites := make([]tenant.ID, len(found))
	for i, q := range found {
		websites[i] = q.WebsiteID
	}
	return websites, err
}

// OpenByAgent implements conversations.Store.
func (s *Store) OpenByAgent(ctx context.Context, t tenant.ID) (map[id.User]int64, error) {
	open := map[id.User]int64{}
	err := s.counts.Each(ctx, t, func(k key, n int64) {
		if k.State == state(conversations.Open) {
			open[k.Assignee] += n
		}
	})
	return open, err
}

// SaveQueued implements conversations.Store. Its first statement writes the website's queue, so that of two
// transactions the second counts what the first has assigned. It counts rows: the row counts may be some seconds old.
func (s *Store) SaveQueued(
	ctx context.Context, t tenant.ID, token string, agent id.User, capacity int64,
	change func(conversations.Conversation) (conversations.Conversation, []conversations.Event, error),
) error {
	done, err := s.turns.acquire(ctx, token)
	if err != nil {
		return err
	}
	defer done()
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.queues.write(ctx, t, "last", agent); err != nil {
			return err
		}
		open, err := s.conversations.List(ctx, t, bson.D{
			{Key: "status", Value: conversations.Open},
			{Key: "assigneeId", Value: agent},
			{Key: "folder", Value: bson.D{{Key: "$ne", Value: conversations.Snoozed}}},
		}, mongokit.Query{Limit: capacity, Only: []string{"_id"}, Index: newestOf("status", "assigneeId")})
		if err != nil {
			return err
		}
		if int64(len(open)) == capacity {
			return conversations.ErrNoRoom
		}
		_, err = s.saveIn(ctx, t, token, nil,
			func(
				_ context.Context, c conversations.Conversation,
			) (conversations.Conversation, []conversations.Event, error) {
				return change(c)
			})
		return err
	})
}
