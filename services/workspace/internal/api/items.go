package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/workspace"
)

// items has the use cases of a kind of item.
type items[T any] interface {
	Get(ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User) (T, error)
	Create(ctx context.Context, t tenant.ID, item T) (T, error)
	Update(ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User, change func(*T)) (T, error)
	Delete(ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User, allow func(*id.User) error) error
}

func get[T, V any](s items[T], view func(T) V) func(context.Context, byID) (V, error) {
	return func(ctx context.Context, req byID) (V, error) {
		p := identity.From(ctx)
		found, err := s.Get(ctx, p.Website, req.ID, p.UserID)
		return view(found), err
	}
}

// draft is the body of a request that creates an item.
type draft[T any] interface{ draft(common workspace.Item) T }

func create[R interface {
	draft[T]
	common(p identity.Principal) (workspace.Item, error)
}, T, V any](s items[T], view func(T) V) func(context.Context, R) (V, error) {
	return func(ctx context.Context, req R) (V, error) {
		p := identity.From(ctx)
		common, err := req.common(p)
		if err != nil {
			var none V
			return none, err
		}
		made, err := s.Create(ctx, p.Website, req.draft(common))
		return view(made), err
	}
}

// patch is the body of a request that changes an item.
type patch[T any] interface {
	number() id.WorkspaceItem
	on(item *T)
}

func update[R patch[T], T, V any](s items[T], view func(T) V) func(context.Context, R) (V, error) {
	return func(ctx context.Context, req R) (V, error) {
		p := identity.From(ctx)
		saved, err := s.Update(ctx, p.Website, req.number(), p.UserID, req.on)
		return view(saved), err
	}
}

func remove[T any](s items[T]) func(context.Context, byID) (deleted, error) {
	return func(ctx context.Context, req byID) (deleted, error) {
		p := identity.From(ctx)
		return deleted{req.ID, true}, s.Delete(ctx, p.Website, req.ID, p.UserID, authz.ChangeWork(p))
	}
}

type byID struct {
	ID id.WorkspaceItem `path:"id" json:"-"`
}

func (b byID) number() id.WorkspaceItem { return b.ID }

// ofUser names a user who has left the website.
type ofUser struct {
	ID id.User `path:"id" json:"-"`
}

// removed reports whether more is left to remove: nothing.
type removed struct {
	More bool `json:"more"`
}

type deleted struct {
	ID      id.WorkspaceItem `json:"id"      writer:"kept"`
	Deleted bool             `json:"deleted" writer:"kept"`
}

// sharing says whether a new item is shared, which is the default.
type sharing struct {
	Shared *bool `json:"shared"`
}

// common returns the common part of an item that p creates. A program has no items of its own.
func (s sharing) common(p identity.Principal) (i workspace.Item, err error) {
	if s.Shared != nil && !*s.Shared {
		if p.IsProgram() {
			return i, fault.Bad("shared", "must be true or absent: only a person has items of their own")
		}
		i.Owner = p.UserID
	}
	i.AuthorID, err = authz.Author(p, nil)
	return i, err
}

// set changes a field if a patch has its member. Null is the empty value.
func set[V any](field *V, member optional.Value[V]) {
	if member.Set {
		*field = member.V
	}
}

// itemView is what the views of all kinds have in common.
type itemView struct {
	ID        id.WorkspaceItem `json:"id" writer:"kept"`
	Shared    bool             `json:"shared"`
	AuthorID  *id.User         `json:"authorId"`
	CreatedAt time.Time        `json:"createdAt" writer:"kept"`
	UpdatedAt time.Time        `json:"updatedAt" writer:"kept"`
	of        version.Of
}

// Revision is the version of the item in the response.
func (v itemView) Revision() version.Of { return v.of }

func itemOf(i workspace.Item) itemView {
	return itemView{i.ID, i.Owner == 0, i.AuthorID, i.CreatedAt, i.UpdatedAt, i.Revision()}
}

// each returns the views of items.
func each[T, V any](items []T, view func(T) V) []V {
	views := make([]V, len(items))
	for i, item := range items {
		views[i] = view(item)
	}
	return views
}
