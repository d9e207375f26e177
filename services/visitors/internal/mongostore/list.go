package mongostore

import (
	"context"
	"regexp"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/visitors"
)

// searchField is needed only for its index, so reads leave it out. termsField has the terms by which searches find a
// visitor.
const (
	searchField = "search"
	termsField  = searchField + ".terms"
)

// List implements visitors.Store.
func (s *Store) List(
	ctx context.Context, t tenant.ID, f visitors.Filter, w paging.Following,
) (paging.Slice[visitors.Visitor], error) {
	filter := conditions(f, w.Order)
	if w.Follows() {
		return mongokit.ListChanges(ctx, s.visitors, t, filter, w, "")
	}
	order := mongokit.Query{Index: indexFor(f, w.Order)}
	if w.Order == paging.Seen {
		order.Key = "lastSeenAt"
	}
	if isCounted(f) {
		order.CountUpTo = visitors.MaxCounted
	}
	return mongokit.NewestWithTotal(ctx, s.visitors, t, filter, w.Window, order, s.totalOf(t, f, w.Order))
}

// isCounted reports whether only a count of the list can tell how many visitors a filter selects.
func isCounted(f visitors.Filter) bool {
	return f.Verified != nil || f.Blocked != nil || f.Page != "" || f.Query.Restricts()
}

// totalOf returns a function that counts the visitors of a list by the cheapest means, or nil if only a count of the
// list can tell.
func (s *Store) totalOf(
	t tenant.ID, f visitors.Filter, order paging.Order,
) func(context.Context) (int64, error) {
	switch {
	case isCounted(f):
		return nil
	case f.SeenSince.IsZero() && f.UnseenSince.IsZero() && order != paging.Seen:
		return func(ctx context.Context) (int64, error) { return s.Total(ctx, t) }
	default:
		return func(ctx context.Context) (int64, error) {
			return s.visitors.CountBy(ctx, t, conditions(f, order), byLastSeen)
		}
	}
}

// conditions returns the query of a filter. The conditions are apart from one another, because a cursor puts conditions
// on the times too.
func conditions(f visitors.Filter, order paging.Order) (filter bson.D) {
	all := mongokit.Matching(termsField, f.Query)
	switch {
	case !f.SeenSince.IsZero():
		all = append(all, seen("$gte", f.SeenSince))
	case !f.UnseenSince.IsZero():
		all = append(all, seen("$lt", f.UnseenSince))
	}
	if order == paging.Seen { // those who were never seen have the zero time
		all = append(all, seen("$gt", time.Time{}))
	}
	all = append(all, having("verifiedUser", f.Verified)...)
	all = append(all, having("blockedAt", f.Blocked)...)
	if f.Page != "" {
		begins := bson.D{{Key: "$regex", Value: "^" + regexp.QuoteMeta(f.Page)}}
		all = append(all, bson.D{{Key: "pagePath", Value: begins}})
	}
	if len(all) > 0 {
		filter = bson.D{{Key: "$and", Value: all}}
	}
	return filter
}

// having returns the condition that a field is there, or isn't; nil selects all.
func having(field string, there *bool) bson.A {
	switch {
	case there == nil:
		return nil
	case *there:
		return bson.A{bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}}}
	default:
		return bson.A{bson.D{{Key: field, Value: nil}}}
	}
}

// indexFor returns the keys of the index by which List finds visitors. Few of the visitors are online: they are sorted
// in memory if the order is another one, so that the others aren't examined.
func indexFor(f visitors.Filter, order paging.Order) bson.D {
	isVerified, isBlocked := f.Verified != nil && *f.Verified, f.Blocked != nil && *f.Blocked
	switch {
	case !f.SeenSince.IsZero():
		return byLastSeen
	case order == paging.Seen && isBlocked:
		return lastSeenBlocked
	case order == paging.Seen && isVerified:
		return lastSeenVerified
	case order == paging.Seen:
		return byLastSeen
	case isBlocked:
		return newestBlocked
	case len(f.Query.Clauses) > 0:
		return newestFound
	case isVerified:
		return newestVerified
	default:
		return newestFirst
	}
}

// Total implements visitors.Store. It reads the row counts.
func (s *Store) Total(ctx context.Context, t tenant.ID) (int64, error) {
	return s.counts.Sum(ctx, t, func(all) bool { return true })
}

// Positions are the positions up to which tasks have processed visitors.
func (s *Store) Positions() *feed.Positions { return s.positions }

// Analysed implements visitors.Store.
func (s *Store) Analysed(
	ctx context.Context, after id.Visitor, limit int64,
) (rows []visitors.Visitor, more bool, err error) {
	return mongokit.ByNumber(ctx, s.everywhere, after, limit, "websiteId", searchField+".version")
}

// Newest implements visitors.Store.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	return mongokit.NewestNumber(ctx, s.everywhere)
}

// SetTerms implements visitors.Store.
func (s *Store) SetTerms(ctx context.Context, v visitors.Visitor) (bool, error) {
	return s.visitors.Update(ctx, v.WebsiteID, bson.D{{Key: "_id", Value: v.ID}, {Key: "version", Value: v.Version}},
		bson.D{{Key: "$set", Value: bson.D{
			{Key: searchField, Value: v.Indexed().Search},
			{Key: "pagePath", Value: v.Page().Path()},
		}}})
}
