// Package mongostore stores conversations in MongoDB. Store implements conversations.Store and the data holder for data
// subject requests; New declares its collections and indexes.
//
// Invariant: the rows of a change, the row counts and the events are written in one transaction. The package holds no
// business rules; those are in package conversations.
package mongostore

import (
	"context"
	"hash/maphash"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/conversations"
)

// Store implements conversations.Store.
type Store struct {
	db            *mongokit.DB
	conversations *mongokit.Collection[conversations.Conversation]
	everywhere    *mongokit.Global[conversations.Conversation] // the same, of all websites
	messages      *mongokit.Collection[conversations.Message]
	notes         *mongokit.Collection[conversations.Note]
	unsent        *mongokit.Collection[conversations.Unsent]
	tags          *mongokit.Collection[conversations.Tag]
	erased        *mongokit.Collection[erasedRow]
	queues        queues
	positions     *feed.Positions
	ids           *mongokit.Sequence
	noteIDs       *mongokit.Sequence
	counts        *rowcount.Counter[key]
	texts         *rowcount.Bytes
	log           *outbox.Log
	turns         turns
	tables        datasubject.Tables
}

// New declares the collections.
func New(db *mongokit.DB, log *outbox.Log) *Store {
	listed := func(fields ...string) mongokit.Index {
		return mongokit.Index{Keys: newestOf(fields...), Needed: true}
	}
	listedIf := func(field string) mongokit.Index {
		return mongokit.Index{Keys: newestOf(field), Present: field, Needed: true}
	}
	s := &Store{
		db: db,
		conversations: mongokit.Tenanted[conversations.Conversation](db, "conversations_conversations", "conversation",
			mongokit.Index{Keys: bson.D{{Key: "token", Value: 1}}, Unique: true},
			mongokit.ChangeIndex(), listed(), listed("status"), listed("assigneeId"), listed("status", "assigneeId"),
			listed(mentionsField),
			listed("visitorId"), listed(termsField), listed("rating"), listed("tags"), listedIf("folder"),
			listedIf(teamField),
			mongokit.Index{Keys: longestWaiting, Present: "waitingSince", Needed: true},
			mongokit.Index{Keys: earliestDue, Present: targetField, Needed: true},
			mongokit.Index{Keys: lastRated, Present: "ratedAt", Needed: true},
			mongokit.Index{Keys: longestQueued, Present: queuedField, Needed: true},
			mongokit.Index{Keys: bson.D{{Key: "closedAt", Value: 1}}},
			mongokit.Index{
				Keys:    bson.D{{Key: "visitorId", Value: 1}, {Key: "openKey", Value: 1}},
				Unique:  true,
				Present: "openKey",
			},
			mongokit.Index{Keys: bson.D{{Key: "importKey", Value: 1}}, Unique: true, Present: "importKey"}).
			Hiding(termsField),
		messages: mongokit.Tenanted[conversations.Message](db, "conversations_messages", "message",
			mongokit.Index{Keys: bson.D{{Key: "conversationId", Value: 1}, {Key: "_id", Value: 1}}},
			mongokit.Index{
				Keys:    bson.D{{Key: "conversationId", Value: 1}, {Key: "clientMessageId", Value: 1}},
				Unique:  true,
				Present: "clientMessageId",
			},
			mongokit.Index{Keys: bson.D{{Key: attachedField, Value: 1}}, Present: attachedField}).
			Spread("conversationId"),
		notes:  declareNotes(db),
		unsent: declareUnsent(db),
		tags: mongokit.Tenanted[conversations.Tag](db, "conversations_tags", "tag",
			mongokit.Index{Keys: bson.D{{Key: "name", Value: 1}}, Unique: true}),
		everywhere: mongokit.GlobalOf[conversations.Conversation](db, "conversations_conversations", "conversation",
			mongokit.Index{Keys: bson.D{{Key: "snoozedUntil", Value: 1}}, Present: "snoozedUntil"},
			mongokit.Index{Keys: bson.D{{Key: dueField, Value: 1}}, Present: dueField}),
		erased:    declareErased(db),
		queues:    declareQueues(db),
		positions: feed.NewPositions(db, "conversations"),
		ids:       mongokit.NewSequence(db, "conversations", "conversation"),
		noteIDs:   mongokit.NewSequence(db, "conversations", "note"),
		log:       log,
		turns:     newTurns(),
		tables:    tables(db),
	}
	s.counts = rowcount.New(db, "conversations_tally", s.count)
	s.texts = rowcount.NewBytes(db, "conversations_bytes", s.countTexts)
	return s
}

// Positions are the positions up to which tasks have processed the logs.
func (s *Store) Positions() *feed.Positions { return s.positions }

// turns serialises the writers of one conversation within this process, so that their transactions don't conflict and
// retry. It only improves speed: between processes, the transactions guarantee correctness.
type turns struct {
	seed  maphash.Seed
	slots []chan struct{}
}

func newTurns() turns {
	t := turns{maphash.MakeSeed(), make([]chan struct{}, 256)}
	for i := range t.slots {
		t.slots[i] = make(chan struct{}, 1)
	}
	return t
}

func (t turns) acquire(ctx context.Context, token string) (done func(), err error) {
	slot := t.slots[maphash.String(t.seed, token)%uint64(len(t.slots))]
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// NextID implements conversations.Store.
func (s *Store) NextID(ctx context.Context, n int64) (id.Conversation, error) {
	first, err := s.ids.Reserve(ctx, n)
	return id.Conversation(first), err
}

func byToken(token string) bson.D { return bson.D{{Key: "token", Value: token}} }

// Get implements conversations.Store.
func (s *Store) Get(ctx context.Context, t tenant.ID, token string) (conversations.Conversation, error) {
	return s.conversations.Get(ctx, t, byToken(token))
}

// ByIDs implements conversations.Store.
func (s *Store) ByIDs(ctx context.Context, t tenant.ID, ids []id.Conversation) ([]conversations.Conversation, error) {
	return s.conversations.List(ctx, t, among("_id", ids), mongokit.Query{})
}

func among[ID ~int64](key string, ids []ID) bson.D {
	return bson.D{{Key: key, Value: bson.D{{Key: "$in", Value: ids}}}}
}

// Counts implements conversations.Store. Opened and Closed are counted by walking an index over the matching rows only.
func (s *Store) Counts(ctx context.Context, t tenant.ID, since time.Time) (c conversations.Counts, err error) {
	if c.Unassigned, err = s.total(t,
		conversations.Filter{
			Statuses: []conversations.Status{conversations.Open}, Assignees: id.Assignees{None: true},
		})(ctx); err != nil {
		return c, err
	}
	after := bson.D{{Key: "$gte", Value: since}}
	for _, count := range []struct {
		into   *int64
		filter bson.D
	}{
		{&c.Opened, bson.D{{Key: "createdAt", Value: after}}},
		{&c.Closed, bson.D{{Key: "closedAt", Value: after}}},
	} {
		if *count.into, err = s.conversations.Count(ctx, t, count.filter); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Messages implements conversations.Store.
func (s *Store) Messages(
	ctx context.Context, t tenant.ID, conversation id.Conversation, after id.Message, limit int64,
) ([]conversations.Message, bool, error) {
	filter := bson.D{
		{Key: "conversationId", Value: conversation},
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}},
	}
	return s.part(ctx, t, filter, bson.D{{Key: "_id", Value: 1}}, limit)
}

// part returns up to limit messages, and whether more follow.
func (s *Store) part(
	ctx context.Context, t tenant.ID, filter, sort bson.D, limit int64,
) ([]conversations.Message, bool, error) {
	found, more, err := s.messages.Part(ctx, t, filter, mongokit.Query{
		Sort:  sort,
		Limit: limit + 1,
		Bytes: paging.MaxBytes,
	})
	if int64(len(found)) > limit {
		found, more = found[:limit], true
	}
	return found, more, err
}

// MessagesBehind implements conversations.Store. A message's number begins with the number of its conversation, so the
// order of numbers is the order of the index.
func (s *Store) MessagesBehind(
	ctx context.Context, t tenant.ID, after id.Message, limit int64,
) ([]conversations.Message, bool, error) {
	filter := bson.D{
		{Key: "conversationId", Value: bson.D{{Key: "$gte", Value: conversations.ConversationOf(after)}}},
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}},
	}
	return s.part(ctx, t, filter, bson.D{{Key: "conversationId", Value: 1}, {Key: "_id", Value: 1}}, limit)
}

// MessagesByIDs implements conversations.Store.
func (s *Store) MessagesByIDs(
	ctx context.Context, t tenant.ID, ids []id.Message,
) ([]conversations.Message, bool, error) {
	return s.messages.Part(ctx, t, among("_id", ids), mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}})
}

// SetTyping implements conversations.Store.
func (s *Store) SetTyping(
	ctx context.Context, t tenant.ID, token string, visitor *id.Visitor, until time.Time,
) (conversations.Conversation, error) {
	filter, field := byToken(token), "agentTypingTo"
	if visitor != nil {
		filter, field = append(filter, bson.E{Key: "visitorId", Value: *visitor}), "visitorTypingTo"
	}
	return s.conversations.Modify(ctx, t, filter, bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: until}}}})
}

// Tags implements conversations.Store.
func (s *Store) Tags(ctx context.Context, t tenant.ID) ([]conversations.Tag, error) {
	return s.tags.List(ctx, t, nil, mongokit.Query{
		Sort:  bson.D{{Key: "name", Value: 1}},
		Limit: conversations.MaxCatalogue,
		Bytes: conversations.MaxCatalogueBytes,
	})
}

// PutTag implements conversations.Store.
func (s *Store) PutTag(ctx context.Context, tag conversations.Tag) error {
	_, err := s.tags.Upsert(ctx, tag.WebsiteID, bson.D{{Key: "_id", Value: tag.ID}, {Key: "name", Value: tag.Name}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "names", Value: tag.Names}}}})
	return err
}

// DeleteTag implements conversations.Store.
func (s *Store) DeleteTag(ctx context.Context, t tenant.ID, name string) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.tags.Delete(ctx, t, bson.D{{Key: "name", Value: name}})
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.Missing("tag")
		default:
			return version.Check(ctx, version.Of{}) // a tag has no versions
		}
	})
}

// visitorConversations limits how many of a visitor's conversations VisitorEvents reads the events of.
const visitorConversations = 100

// VisitorEvents implements live.VisitorEvents.
func (s *Store) VisitorEvents(
	ctx context.Context, t tenant.ID, visitor id.Visitor, behind int64, take func([]outbox.Record) error,
) (bool, error) {
	found, err := s.conversations.List(ctx, t, bson.D{{Key: "visitorId", Value: visitor}},
		mongokit.Query{Limit: visitorConversations + 1, Only: []string{"_id"}})
	if err != nil || len(found) == 0 || len(found) > visitorConversations {
		return len(found) <= visitorConversations, err
	}
	ids := make([]int64, len(found))
	for i, c := range found {
		ids[i] = int64(c.ID)
	}
	return true, s.log.Later(ctx, t, ids, behind, take)
}
