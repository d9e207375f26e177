package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/tickets"
)

// urgencyField has the place of a ticket in the order of priorities.
const urgencyField = "urgency"

// listIndexes are the indexes that lists need. Those of the orders by last change and by priority have the fields that
// leave few of many tickets; the other conditions are checked on the rows.
func listIndexes() []mongokit.Index {
	indexes := []mongokit.Index{mongokit.ChangeIndex()}
	add := func(key string, fields ...string) {
		indexes = append(indexes, mongokit.Index{Keys: orderedBy(key, fields...), Needed: true})
	}
	add("createdAt")
	for _, field := range []string{"status", "priority", "assigneeId", "visitorId", termsField, "tags", "channel"} {
		add("createdAt", field)
	}
	add(urgencyField)
	for _, field := range []string{"status", "assigneeId", "tags"} {
		add("updatedAt", field)
		add(urgencyField, field)
	}
	return indexes
}

// orderedBy returns the keys of the index by which tickets with the same fields are listed by a key, the latest first.
func orderedBy(key string, fields ...string) (keys bson.D) {
	for _, f := range fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return append(keys, bson.E{Key: key, Value: -1}, bson.E{Key: "_id", Value: -1})
}

// List implements tickets.Store.
func (s *Store) List(
	ctx context.Context, t tenant.ID, f tickets.Filter, w paging.Following,
) (paging.Slice[tickets.Ticket], error) {
	filter := conditions(f)
	if w.Follows() {
		return mongokit.ListChanges(ctx, s.tickets, t, filter, w, searchField)
	}
	order := mongokit.Query{Omit: searchField, Key: "createdAt"}
	switch w.Order {
	case paging.Active:
		order.Key = "updatedAt"
	case paging.Urgent:
		order.Key = urgencyField
	default:
	}
	order.Index = indexFor(f, order.Key)
	if f.Query.Restricts() || len(f.Tags) > 0 || len(f.Channels) > 0 {
		order.CountUpTo = maxCounted
	}
	return mongokit.NewestWithTotal(ctx, s.tickets, t, filter, w.Window, order, s.total(t, f))
}

// conditions returns the query of a filter.
func conditions(f tickets.Filter) (filter bson.D) {
	if len(f.Statuses) > 0 {
		filter = append(filter, mongokit.OneOf("status", f.Statuses))
	}
	if len(f.Priorities) > 0 {
		filter = append(filter, mongokit.OneOf("priority", f.Priorities))
	}
	if !f.Assignees.All() {
		filter = append(filter, mongokit.OneOf("assigneeId", f.Assignees.Values()))
	}
	if f.VisitorID != 0 {
		filter = append(filter, bson.E{Key: "visitorId", Value: f.VisitorID})
	}
	if len(f.Tags) > 0 {
		filter = append(filter, mongokit.OneOf("tags", f.Tags))
	}
	if len(f.Channels) > 0 {
		filter = append(filter, mongokit.OneOf("channel", f.Channels))
	}
	if all := mongokit.Matching(termsField, f.Query); len(all) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: all})
	}
	return filter
}

// indexFor returns the keys of the index by which List finds tickets in the order of a key. It is that of the condition
// that the fewest tickets are likely to meet. The other conditions are checked on those. A visitor has few tickets,
// which are sorted without an index if their order isn't that of creation.
func indexFor(f tickets.Filter, key string) bson.D {
	byCreation := key == "createdAt"
	switch {
	case f.VisitorID != 0:
		return orderedBy("createdAt", "visitorId")
	case byCreation && len(f.Query.Clauses) > 0:
		return orderedBy(key, termsField)
	case len(f.Query.Tags)+len(f.Tags) > 0:
		return orderedBy(key, "tags")
	case !f.Assignees.All():
		return orderedBy(key, "assigneeId")
	case byCreation && len(f.Priorities) > 0:
		return orderedBy(key, "priority")
	case len(f.Statuses) > 0:
		return orderedBy(key, "status")
	case byCreation && len(f.Channels) > 0:
		return orderedBy(key, "channel")
	case key == "updatedAt":
		return mongokit.ChangeIndex().Keys
	default:
		return orderedBy(key)
	}
}

// EachCount implements tickets.Store. It reads the row counts.
func (s *Store) EachCount(
	ctx context.Context, t tenant.ID,
	add func(status tickets.Status, priority tickets.Priority, assignee *id.User, n int64),
) error {
	return s.counts.Each(ctx, t, func(k key, n int64) { add(k.Status, k.Priority, k.assignee(), n) })
}
