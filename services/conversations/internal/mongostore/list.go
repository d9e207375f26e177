package mongostore

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/conversations"
)

// longestWaiting are the keys of the index of conversations whose visitor waits.
var longestWaiting = bson.D{{Key: "waitingSince", Value: 1}, {Key: "_id", Value: 1}}

// earliestDue are the keys of the index of conversations in which something is due.
var earliestDue = bson.D{{Key: targetField, Value: 1}, {Key: "_id", Value: 1}}

// targetField is when the first thing in a conversation is due by the targets of its website.
const targetField = "due.at"

// teamField is the team of a conversation. Its index has the conversations with one.
const teamField = "teamId"

// lastRated are the keys of the index of rated conversations.
var lastRated = bson.D{{Key: "ratedAt", Value: -1}, {Key: "_id", Value: -1}}

// List implements conversations.Store.
func (s *Store) List(
	ctx context.Context, t tenant.ID, f conversations.Filter, w paging.Following,
) (paging.Slice[conversations.Conversation], error) {
	if f.Commented != nil && *f.Commented && len(f.Ratings) == 0 { // only rated conversations have a comment
		for stars := range int64(conversations.MaxStars) {
			f.Ratings = append(f.Ratings, stars+1)
		}
	}
	if w.Order == paging.Waiting {
		if f.Waiting != nil && !*f.Waiting { // the list has only those who wait
			return paging.Slice[conversations.Conversation]{}, nil
		}
		waiting := true
		f.Waiting = &waiting
	}
	asks := func(asked *bool) bool { return asked != nil && *asked }
	if len(f.Statuses) == 0 && (asks(f.Waiting) || asks(f.Overdue)) { // only open conversations wait or are overdue
		f.Statuses = []conversations.Status{conversations.Open}
	}
	f.Rated = w.Order == paging.Rated
	filter := conditions(f)
	if w.Follows() {
		return mongokit.ListChanges(ctx, s.conversations, t, filter, w, "")
	}
	order := mongokit.Query{Index: indexFor(f)}
	switch w.Order {
	case paging.Waiting:
		order.Index, order.Key = longestWaiting, "waitingSince"
	case paging.Rated:
		order.Index, order.Key = lastRated, "ratedAt"
	default:
	}
	if f.Query.Restricts() || len(f.Tags)+len(f.Teams) > 0 || f.Waiting != nil || f.Overdue != nil ||
		f.Commented != nil || f.Rated {
		order.CountUpTo = conversations.MaxCounted
	}
	return mongokit.NewestWithTotal(ctx, s.conversations, t, filter, w.Window, order, s.total(t, f))
}

// conditions returns the query of a filter.
func conditions(f conversations.Filter) (filter bson.D) {
	if len(f.Statuses) > 0 {
		filter = append(filter, mongokit.OneOf("status", f.Statuses))
	}
	if !f.Assignees.All() {
		filter = append(filter, mongokit.OneOf("assigneeId", f.Assignees.Values()))
	}
	if len(f.Teams) > 0 {
		filter = append(filter, mongokit.OneOf(teamField, f.Teams))
	}
	if len(f.Ratings) > 0 {
		filter = append(filter, mongokit.OneOf("rating", f.Ratings))
	}
	if len(f.Tags) > 0 {
		filter = append(filter, mongokit.OneOf("tags", f.Tags))
	}
	if f.VisitorID != 0 {
		filter = append(filter, bson.E{Key: "visitorId", Value: f.VisitorID})
	}
	if f.Mentioned != nil {
		filter = append(filter, bson.E{Key: mentionsField, Value: *f.Mentioned})
	}
	if f.Commented != nil {
		operator := "$nin"
		if !*f.Commented {
			operator = "$in"
		}
		filter = append(filter, bson.E{Key: "feedback", Value: bson.D{{Key: operator, Value: bson.A{nil, ""}}}})
	}
	if f.Overdue != nil {
		filter = append(filter, overdue(*f.Overdue, f.Now))
	}
	filter = append(filter, inFolder(f)...)
	all := mongokit.Matching(termsField, f.Query)
	if f.Waiting != nil { // apart from the others, because a cursor puts a condition on waitingSince too
		all = append(all, bson.D{waits(*f.Waiting)})
	}
	if f.Rated { // likewise
		all = append(all, bson.D{{Key: "ratedAt", Value: bson.D{{Key: "$gt", Value: time.Time{}}}}})
	}
	if len(all) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: all})
	}
	return filter
}

func waits(waiting bool) bson.E {
	if !waiting {
		return bson.E{Key: "waitingSince", Value: nil}
	}
	return bson.E{Key: "waitingSince", Value: bson.D{{Key: "$gt", Value: time.Time{}}}}
}

func overdue(is bool, now time.Time) bson.E {
	before := bson.D{{Key: "$lt", Value: now}}
	if !is {
		return bson.E{Key: targetField, Value: bson.D{{Key: "$not", Value: before}}}
	}
	return bson.E{Key: targetField, Value: before}
}

// inFolder returns the conditions on the folder. An open conversation isn't spam, and a closed one isn't snoozed.
func inFolder(f conversations.Filter) (filter bson.D) {
	var without []conversations.Folder
	for _, c := range []struct {
		asked  *bool
		folder conversations.Folder
		status conversations.Status // of conversations in the folder
	}{
		{f.Snoozed, conversations.Snoozed, conversations.Open}, {f.Spam, conversations.Spam, conversations.Closed},
	} {
		switch possible := len(f.Statuses) == 0 || slices.Contains(f.Statuses, c.status); {
		case c.asked == nil:
		case *c.asked:
			filter = append(filter, bson.E{Key: "folder", Value: c.folder})
		case possible:
			without = append(without, c.folder)
		}
	}
	switch {
	case len(filter) > 1: // no conversation is in two folders
		return bson.D{{Key: "folder", Value: bson.D{{Key: "$in", Value: bson.A{}}}}}
	case len(filter) > 0 || len(without) == 0:
		return filter
	case len(without) > 1:
		return bson.D{{Key: "folder", Value: nil}}
	}
	return bson.D{{Key: "folder", Value: bson.D{{Key: "$ne", Value: without[0]}}}}
}

// newestOf returns the keys of the index by which rows with the same fields are listed newest first.
func newestOf(fields ...string) (keys bson.D) {
	for _, f := range fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return append(keys, bson.E{Key: "createdAt", Value: -1}, bson.E{Key: "_id", Value: -1})
}

// indexFor returns the keys of the index by which List finds conversations in the order of their creation. A visitor,
// a mentioned user and a word have the fewest conversations, then a tag, a rating, a team and a folder, so the other
// conditions are checked on those. Of several words the server uses one.
func indexFor(f conversations.Filter) bson.D {
	isTrue := func(asked *bool) bool { return asked != nil && *asked }
	var fields []string
	switch assigned := !f.Assignees.All(); {
	case f.VisitorID != 0:
		fields = []string{"visitorId"}
	case f.Mentioned != nil:
		fields = []string{mentionsField}
	case len(f.Query.Clauses) > 0:
		fields = []string{termsField}
	case len(f.Query.Tags)+len(f.Tags) > 0:
		fields = []string{"tags"}
	case len(f.Ratings) > 0:
		fields = []string{"rating"}
	case len(f.Teams) > 0 && !slices.Contains(f.Teams, nil):
		fields = []string{teamField}
	case isTrue(f.Snoozed) || isTrue(f.Spam):
		fields = []string{"folder"}
	case len(f.Statuses) > 0 && assigned:
		fields = []string{"status", "assigneeId"}
	case len(f.Statuses) > 0:
		fields = []string{"status"}
	case assigned:
		fields = []string{"assigneeId"}
	}
	return newestOf(fields...)
}

// DueSnoozes implements conversations.Store. The index of all websites has snoozed conversations only.
func (s *Store) DueSnoozes(ctx context.Context, now time.Time, limit int64) ([]conversations.Conversation, error) {
	return s.everywhere.List(ctx, bson.D{{Key: "snoozedUntil", Value: bson.D{{Key: "$lte", Value: now}}}},
		mongokit.Query{
			Sort:  bson.D{{Key: "snoozedUntil", Value: 1}},
			Limit: limit,
			Only:  []string{"websiteId", "token", "snoozedUntil"},
		})
}

// The fields of a scheduled reply: its text, and when it is sent, which one that is held doesn't have.
const (
	scheduledTextField = "scheduled.content"
	dueField           = "scheduled.dueAt"
)

// DueReplies implements conversations.Store. The index of all websites has conversations with a scheduled reply only.
func (s *Store) DueReplies(ctx context.Context, now time.Time, limit int64) ([]conversations.Conversation, error) {
	return s.everywhere.List(ctx, bson.D{{Key: dueField, Value: bson.D{{Key: "$lte", Value: now}}}},
		mongokit.Query{
			Sort:  bson.D{{Key: dueField, Value: 1}},
			Limit: limit,
			Only:  []string{"websiteId", "token", "scheduled"},
		})
}
