package mongostore

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/workspace"
)

// newestFirst is the order of lists, and the keys of its index.
var newestFirst = bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}

// row is an item of any kind.
type row interface {
	SortKey() (time.Time, int64)
	Revision() version.Of
	Common() workspace.Item
}

// items implements workspace.Store for one kind.
type items[T row] struct {
	db     *mongokit.DB
	all    *mongokit.Collection[T]
	ids    *mongokit.Sequence
	noun   string
	code   string // of the fault if there are too many
	bounds workspace.Bounds
}

func byID(number id.WorkspaceItem) bson.D { return bson.D{{Key: "_id", Value: number}} }

func ownedBy(user id.User) bson.D { return bson.D{{Key: "owner", Value: user}} }

// Noun implements workspace.Store.
func (s items[T]) Noun() string { return s.noun }

// NextID implements workspace.Store.
func (s items[T]) NextID(ctx context.Context) (id.WorkspaceItem, error) {
	n, err := s.ids.Next(ctx)
	return id.WorkspaceItem(n), err
}

// Create implements workspace.Store. Concurrent calls may exceed the bounds by a few.
func (s items[T]) Create(ctx context.Context, item T, note func() error) error {
	i := item.Common()
	for _, bound := range []struct {
		of   string
		rows bson.D
		most int64
	}{{"website", nil, s.bounds.Website}, {"team or person", ownedBy(i.Owner), s.bounds.Scope}} {
		n, err := s.all.Count(ctx, i.WebsiteID, bound.rows)
		if err != nil {
			return err
		}
		if n >= bound.most {
			return fault.Coded(fault.Conflict, s.code, fmt.Sprintf("the %s has reached its %d", bound.of, bound.most))
		}
	}
	return taken(s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.all.Insert(ctx, i.WebsiteID, item); err != nil {
			return err
		}
		return note()
	}))
}

// taken returns the fault for a shortcut that another reply of the scope has.
func taken(err error) error {
	if mongokit.IsDuplicate(err) {
		return fault.Coded(fault.Conflict, "shortcut_taken", "another canned reply has the shortcut")
	}
	return err
}

// Get implements workspace.Store.
func (s items[T]) Get(ctx context.Context, t tenant.ID, number id.WorkspaceItem) (T, error) {
	return s.all.Get(ctx, t, byID(number))
}

// List implements workspace.Store. A website has few items, so one index serves all filters.
func (s items[T]) List(
	ctx context.Context, t tenant.ID, f workspace.Filter, w paging.Window,
) (paging.Slice[T], error) {
	owners := []id.User{0}
	if f.User != 0 {
		owners = append(owners, f.User)
	}
	filter := bson.D{mongokit.OneOf("owner", owners)}
	if f.Folder != "" {
		filter = append(filter, bson.E{Key: "folder", Value: f.Folder})
	}
	if f.Shortcut != "" {
		filter = append(filter, bson.E{Key: "shortcut", Value: f.Shortcut})
	}
	if all := mongokit.Matching(termsField, f.Query); len(all) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: all})
	}
	return mongokit.Newest(ctx, s.all, t, filter, w, mongokit.Query{Omit: termsField, Index: newestFirst})
}

// Save implements workspace.Store.
func (s items[T]) Save(
	ctx context.Context, t tenant.ID, number id.WorkspaceItem,
	change func(T) (T, error), note func(before, after T) error,
) (saved T, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.Get(ctx, t, number)
		if err != nil {
			return err
		}
		if err := version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		if saved, err = change(stored); err != nil || reflect.DeepEqual(saved, stored) {
			return err
		}
		if err := s.all.Save(ctx, t, byID(number), stored, saved); err != nil {
			return err
		}
		return note(stored, saved)
	})
	return saved, taken(err)
}

// Delete implements workspace.Store.
func (s items[T]) Delete(
	ctx context.Context, t tenant.ID, number id.WorkspaceItem, allow, note func(T) error,
) (removed T, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if removed, err = s.Get(ctx, t, number); err != nil {
			return err
		}
		if err := allow(removed); err != nil {
			return err
		}
		if err := version.Check(ctx, removed.Revision()); err != nil {
			return err
		}
		if _, err := s.all.Delete(ctx, t, byID(number)); err != nil {
			return err
		}
		return note(removed)
	})
	return removed, err
}

// DeleteOf implements workspace.Store.
func (s items[T]) DeleteOf(ctx context.Context, t tenant.ID, user id.User) error {
	_, err := s.all.Delete(ctx, t, ownedBy(user))
	return err
}
