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
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
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
	tokens   *mongokit.Global[token]
	erased   *mongokit.Collection[erasedRow]
	ids      *mongokit.Sequence
	counts   *rowcount.Counter[all]
	texts    *rowcount.Bytes
	tables   datasubject.Tables
	policies policies
}

// token is the directory entry from a visitor token to its website. The hash of the secret is here and not in the
// visitor's row, so that no export and no response can contain it.
type token struct {
	Token      string     `bson:"_id"`
	Website    tenant.ID  `bson:"websiteId"`
	Visitor    id.Visitor `bson:"visitorId"`
	SecretHash string     `bson:"secretHash,omitempty"` // absent for visitors older than secrets
}

// all is the only key of the row counts of visitors: their total. Online visitors can't be counted this way, because
// they change with time.
type all struct{}

// The indexes that queries name.
var (
	byLastSeen  = bson.D{{Key: "lastSeenAt", Value: 1}}
	newestFirst = bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}
)

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
			mongokit.Index{Keys: newestFirst, Needed: true}),
		tokens: mongokit.GlobalOf[token](db, "visitors_tokens", "visitor").SpreadByID(),
		erased: declareErased(db),
		ids:    mongokit.NewSequence(db, "visitors", "visitor"),
		tables: tables(db),

		policies: declarePolicies(db),
	}
	s.counts = rowcount.New(db, "visitors_tally", func(ctx context.Context, t tenant.ID, add func(all)) error {
		return s.visitors.Each(ctx, t, nil, mongokit.Query{Only: []string{"_id"}}, func(visitors.Visitor) { add(all{}) })
	})
	s.texts = rowcount.NewBytes(db, "visitors_bytes", func(ctx context.Context, t tenant.ID, add func(int64)) error {
		return s.visitors.Each(ctx, t, nil, mongokit.Query{Only: []string{"context"}},
			func(v visitors.Visitor) { add(textOf(v)) })
	})
	return s
}

// textOf returns the bytes of the context that a website stores about a visitor.
func textOf(v visitors.Visitor) int64 { return int64(len(v.Context)) }

func textsOf(rows []visitors.Visitor) []int64 {
	texts := make([]int64, len(rows))
	for i, v := range rows {
		texts[i] = textOf(v)
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
	return row.Website, visitors.Owner{ID: row.Visitor, SecretHash: row.SecretHash}, err
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

// List implements visitors.Store.
func (s *Store) List(
	ctx context.Context, t tenant.ID, f visitors.Filter, w paging.Following,
) (paging.Slice[visitors.Visitor], error) {
	var filter bson.D
	order := mongokit.Query{Index: newestFirst}
	total := func(ctx context.Context) (int64, error) { return s.visitors.CountBy(ctx, t, filter, byLastSeen) }
	switch {
	case !f.SeenSince.IsZero():
		// Few of the visitors are online. They are sorted in memory, so that the others aren't examined.
		filter, order.Index = seen("$gte", f.SeenSince), byLastSeen
	case !f.UnseenSince.IsZero():
		filter = seen("$lt", f.UnseenSince)
	default:
		total = func(ctx context.Context) (int64, error) {
			return s.counts.Sum(ctx, t, func(all) bool { return true })
		}
	}
	if w.Follows() {
		return mongokit.ListChanges(ctx, s.visitors, t, filter, w, "")
	}
	return mongokit.NewestWithTotal(ctx, s.visitors, t, filter, w.Window, order, total)
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
