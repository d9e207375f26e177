// Package mongostore stores visitors in MongoDB. Store implements visitors.Store and the data holder for data subject
// requests; New declares its collections and indexes.
//
// Invariant: the rows of a change, the row counts and the events are written in one transaction. The package holds no
// business rules; those are in package visitors.
package mongostore

import (
	"context"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/visitors"
)

// Store implements visitors.Store.
type Store struct {
	db       *mongokit.DB
	log      *outbox.Log
	visitors *mongokit.Collection[visitors.Visitor]
	// the same, of all websites
	everywhere *mongokit.Global[visitors.Visitor]
	positions  *feed.Positions
	tokens     *mongokit.Global[token]
	erased     *mongokit.Collection[erasedRow]
	ids        *mongokit.Sequence
	counts     *rowcount.Counter[all]
	texts      *rowcount.Bytes
	tables     datasubject.Tables
	policies   policies
	notes      *mongokit.Collection[visitors.Note]
	noteIDs    *mongokit.Sequence
}

// token is the directory entry from a visitor token to its website. The hash of the secret is here and not in the
// visitor's row, so that no export and no response can contain it.
type token struct {
	Token      string     `bson:"_id"`
	Website    tenant.ID  `bson:"websiteId"`
	Visitor    id.Visitor `bson:"visitorId"`
	SecretHash string     `bson:"secretHash,omitempty"` // absent for visitors older than secrets
	// Blocked is as in the visitor's row, which the gateways' lookups don't read.
	Blocked bool `bson:"blocked,omitempty"`
}

// all is the only key of the row counts of visitors: their total. Online visitors can't be counted this way, because
// they change with time.
type all struct{}

// The indexes that queries name.
var (
	byLastSeen  = latest("lastSeenAt")
	newestFirst = latest("createdAt")
	newestFound = append(bson.D{{Key: termsField, Value: 1}}, newestFirst...)
	// Verified visitors alone. The last key makes the indexes different from those of all visitors.
	newestVerified   = append(latest("createdAt"), bson.E{Key: "verifiedUser", Value: 1})
	lastSeenVerified = append(latest("lastSeenAt"), bson.E{Key: "verifiedUser", Value: 1})
	// Blocked visitors alone, likewise.
	newestBlocked   = append(latest("createdAt"), bson.E{Key: "blockedAt", Value: 1})
	lastSeenBlocked = append(latest("lastSeenAt"), bson.E{Key: "blockedAt", Value: 1})
)

// latest returns the keys of the index by which visitors are listed by a time, the latest first.
func latest(key string) bson.D { return bson.D{{Key: key, Value: -1}, {Key: "_id", Value: -1}} }

// New declares the collections. log must belong to db.
func New(db *mongokit.DB, log *outbox.Log) *Store {
	s := &Store{
		db: db, log: log,
		visitors: mongokit.Tenanted[visitors.Visitor](db, "visitors_visitors", "visitor",
			mongokit.Index{Keys: bson.D{{Key: "token", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "importKey", Value: 1}}, Unique: true, Present: "importKey"},
			mongokit.Index{Keys: bson.D{{Key: "verifiedUser", Value: 1}}, Unique: true, Present: "verifiedUser"},
			mongokit.Index{Keys: byLastSeen, Needed: true},
			mongokit.ChangeIndex(),
			mongokit.Index{Keys: newestFirst, Needed: true},
			mongokit.Index{Keys: newestFound, Needed: true},
			mongokit.Index{Keys: newestVerified, Present: "verifiedUser", Needed: true},
			mongokit.Index{Keys: lastSeenVerified, Present: "verifiedUser", Needed: true},
			mongokit.Index{Keys: newestBlocked, Present: "blockedAt", Needed: true},
			mongokit.Index{Keys: lastSeenBlocked, Present: "blockedAt", Needed: true}).
			Hiding(searchField),
		everywhere: mongokit.GlobalOf[visitors.Visitor](db, "visitors_visitors", "visitor"),
		positions:  feed.NewPositions(db, "visitors"),
		tokens:     mongokit.GlobalOf[token](db, "visitors_tokens", "visitor").SpreadByID(),
		erased:     declareErased(db),
		ids:        mongokit.NewSequence(db, "visitors", "visitor"),
		tables:     tables(db),

		policies: declarePolicies(db),
		notes:    declareNotes(db),
		noteIDs:  mongokit.NewSequence(db, "visitors", "note"),
	}
	s.counts = rowcount.New(db, "visitors_tally", func(ctx context.Context, t tenant.ID, add func(all)) error {
		return s.visitors.Each(ctx, t, nil, mongokit.Query{Only: []string{"_id"}}, func(visitors.Visitor) { add(all{}) })
	})
	s.texts = rowcount.NewBytes(db, "visitors_bytes", func(ctx context.Context, t tenant.ID, add func(int64)) error {
		return s.visitors.Each(ctx, t, nil, mongokit.Query{Only: []string{"context", "noteBytes", "pages"}},
			func(v visitors.Visitor) { add(v.Texts()) })
	})
	return s
}

func textsOf(rows []visitors.Visitor) []int64 {
	texts := make([]int64, len(rows))
	for i, v := range rows {
		texts[i] = v.Texts()
	}
	return texts
}

// Stored measures the bytes that visitors use.
func (s *Store) Stored() rowcount.Stored[all] {
	return rowcount.Stored[all]{Rows: s.counts, Texts: s.texts}
}

// Tend compacts the row counts until ctx ends. Every replica runs it.
func (s *Store) Tend(ctx context.Context, log *slog.Logger) error { return s.Stored().Run(ctx, log) }

// Reserve implements visitors.Store.
func (s *Store) Reserve(ctx context.Context, n int) (id.Visitor, error) {
	first, err := s.ids.Reserve(ctx, int64(n))
	return id.Visitor(first), err
}

// Owner implements visitors.Store.
func (s *Store) Owner(ctx context.Context, visitorToken string) (tenant.ID, visitors.Owner, error) {
	row, err := s.tokens.Get(ctx, bson.D{{Key: "_id", Value: visitorToken}})
	return row.Website, visitors.Owner{ID: row.Visitor, SecretHash: row.SecretHash, IsBlocked: row.Blocked}, err
}

// SetSecret implements visitors.Store.
func (s *Store) SetSecret(ctx context.Context, visitorToken, hash string) (bool, error) {
	return s.tokens.Update(ctx, bson.D{{Key: "_id", Value: visitorToken}, {Key: "secretHash", Value: nil}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "secretHash", Value: hash}}}})
}

// ByToken implements visitors.Store.
func (s *Store) ByToken(ctx context.Context, t tenant.ID, visitorToken string) (visitors.Visitor, error) {
	v, err := s.visitors.Get(ctx, t, bson.D{{Key: "token", Value: visitorToken}})
	if !fault.Is(err, fault.NotFound) {
		return v, err
	}
	device, err := s.tokens.Get(ctx, bson.D{{Key: "_id", Value: visitorToken}})
	if err != nil {
		return visitors.Visitor{}, err
	}
	return s.visitors.Get(ctx, t, bson.D{{Key: "_id", Value: device.Visitor}})
}

// ByUser implements visitors.Store.
func (s *Store) ByUser(ctx context.Context, t tenant.ID, userID string) (visitors.Visitor, error) {
	return s.visitors.Get(ctx, t, bson.D{{Key: "verifiedUser", Value: userID}})
}

// ByIDs implements visitors.Store.
func (s *Store) ByIDs(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]visitors.Visitor, error) {
	return s.visitors.List(ctx, t, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, mongokit.Query{})
}

// CountSeen implements visitors.Store.
func (s *Store) CountSeen(ctx context.Context, t tenant.ID, since time.Time) (int64, error) {
	return s.visitors.CountBy(ctx, t, seen("$gte", since), byLastSeen)
}

func seen(operator string, at time.Time) bson.D {
	return bson.D{{Key: "lastSeenAt", Value: bson.D{{Key: operator, Value: at}}}}
}

// Seen implements visitors.Store.
func (s *Store) Seen(
	ctx context.Context, t tenant.ID, visitor id.Visitor, now, noted time.Time,
) (bool, error) {
	return s.visitors.Update(ctx, t, append(bson.D{{Key: "_id", Value: visitor}}, seen("$lte", noted)...),
		bson.D{{Key: "$set", Value: bson.D{{Key: "lastSeenAt", Value: now}}}})
}

// Presence implements visitors.Store.
func (s *Store) Presence(ctx context.Context, t tenant.ID, visitor id.Visitor) (visitors.Visitor, error) {
	found, err := s.visitors.List(ctx, t, bson.D{{Key: "_id", Value: visitor}},
		mongokit.Query{Limit: 1, Only: []string{"lastSeenAt", "agentConversation"}})
	if err == nil && len(found) == 0 {
		err = fault.Missing("visitor")
	}
	if err != nil {
		return visitors.Visitor{}, err
	}
	return found[0], nil
}

// SetAgentConversation implements visitors.Store.
func (s *Store) SetAgentConversation(
	ctx context.Context, t tenant.ID, visitor id.Visitor, conversation string,
) error {
	_, err := s.visitors.Update(ctx, t, bson.D{{Key: "_id", Value: visitor}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "agentConversation", Value: conversation}}}})
	return err
}

// Arrive implements visitors.Store.
func (s *Store) Arrive(ctx context.Context, t tenant.ID, visitor id.Visitor, now time.Time) error {
	_, err := s.visitors.Update(ctx, t, bson.D{{Key: "_id", Value: visitor}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "lastSeenAt", Value: now}, {Key: "arrivedAt", Value: now}}}})
	return err
}
