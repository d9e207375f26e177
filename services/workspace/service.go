package workspace

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service has the use cases of a team's workspace.
type Service struct {
	Replies Replies
	Views   Views
	Macros  Macros
}

// Macros has the use cases of macros.
type Macros = Items[Macro, *Macro]

// New returns a Service. now is the clock; its times are truncated to milliseconds, the precision of the database.
func New(s Stores, audit Audit, notifier Notifier, now func() time.Time) *Service {
	now = timestamp.Clock(now)
	return &Service{
		Replies: Replies{Items[Reply, *Reply]{
			s.Replies, audit, notifier, now, contract.WorkspaceChangedKindCannedReply,
			Reply{Shortcut: "valid", Title: "valid", Text: "valid"},
		}, s.Uses},
		Views: Views{Items[View, *View]{
			s.Views, audit, notifier, now, contract.WorkspaceChangedKindView, View{Name: "valid", Sort: Newest},
		}},
		Macros: Macros{s.Macros, audit, notifier, now, contract.WorkspaceChangedKindMacro, Macro{Name: "valid"}},
	}
}

// RemoveOwn removes what only a user sees: the user has left the website.
func (s *Service) RemoveOwn(ctx context.Context, t tenant.ID, user id.User) error {
	for _, remove := range []func(context.Context, tenant.ID, id.User) error{
		s.Replies.store.DeleteOf, s.Views.store.DeleteOf, s.Macros.store.DeleteOf,
	} {
		if err := remove(ctx, t, user); err != nil {
			return err
		}
	}
	return nil
}

// Items has the use cases of one kind of item.
type Items[T any, P Kept[T]] struct {
	store    Store[T]
	audit    Audit
	notifier Notifier
	now      func() time.Time
	kind     contract.WorkspaceChangedKind
	valid    T // any valid item, to check changes alone
}

// List returns a window of the shared items and of a user's own ones, newest first.
func (s Items[T, P]) List(ctx context.Context, t tenant.ID, f Filter, w paging.Window) (paging.Slice[T], error) {
	return s.store.List(ctx, t, f, w)
}

// Get returns an item that a user sees.
func (s Items[T, P]) Get(ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User) (T, error) {
	found, err := s.store.Get(ctx, t, number)
	if err == nil {
		err = s.visible(&found, user)
	}
	if err != nil {
		var none T
		return none, err
	}
	return found, nil
}

func (s Items[T, P]) visible(item *T, user id.User) error {
	return P(item).base().visible(user, s.store.Noun())
}

// Create stores a new item, whose owner and author are set.
func (s Items[T, P]) Create(ctx context.Context, t tenant.ID, item T) (T, error) {
	if err := checked[T, P](&item); err != nil {
		return item, err
	}
	number, err := s.store.NextID(ctx)
	if err != nil {
		return item, err
	}
	i := P(&item).base()
	i.ID, i.WebsiteID, i.Version = number, t, 1
	i.CreatedAt = s.now()
	i.UpdatedAt = i.CreatedAt
	P(&item).complete()
	if err := s.store.Create(ctx, item, func() error { return s.note(ctx, "create", nil, &item) }); err != nil {
		return item, err
	}
	s.announce(ctx, *i)
	return item, nil
}

// Update changes an item that a user sees.
func (s Items[T, P]) Update(
	ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User, change func(*T),
) (T, error) {
	example := s.valid
	change(&example)
	if err := checked[T, P](&example); err != nil {
		return example, err
	}
	hasChanged := false
	saved, err := s.store.Save(ctx, t, number, func(item T) (T, error) {
		if err := s.visible(&item, user); err != nil {
			return item, err
		}
		changed := item
		change(&changed)
		P(&changed).complete()
		if hasChanged = !reflect.DeepEqual(changed, item); hasChanged {
			i := P(&changed).base()
			i.UpdatedAt = s.now()
			i.Version++
		}
		return changed, nil
	}, func(before, after T) error { return s.note(ctx, "update", &before, &after) })
	if err == nil && hasChanged {
		s.announce(ctx, *P(&saved).base())
	}
	return saved, err
}

// Delete removes an item that a user sees, if allow admits its author, who is nil if a program wrote it.
func (s Items[T, P]) Delete(
	ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User, allow func(author *id.User) error,
) error {
	removed, err := s.store.Delete(ctx, t, number, func(item T) error {
		if err := s.visible(&item, user); err != nil {
			return err
		}
		return allow(P(&item).base().AuthorID)
	}, func(item T) error { return s.note(ctx, "delete", &item, nil) })
	if err == nil {
		s.announce(ctx, *P(&removed).base())
	}
	return err
}

// note adds an entry to the audit log if an item is shared. If only its content has changed, the entry has no fields.
func (s Items[T, P]) note(ctx context.Context, action string, before, after *T) error {
	e := Entry{Kind: strings.ToLower(string(s.kind)), Action: action}
	var of *Item
	if before != nil {
		of, e.Before = P(before).base(), P(before).audited()
	}
	if after != nil {
		of, e.After = P(after).base(), P(after).audited()
	}
	if of.Owner != 0 {
		return nil
	}
	e.ID = of.ID
	return s.audit.Note(ctx, of.WebsiteID, e)
}

// announce notifies the connected consoles of a change of a shared item.
func (s Items[T, P]) announce(ctx context.Context, i Item) {
	if i.Owner == 0 {
		s.notifier.Notify(ctx, i.WebsiteID, 0, changed(s.kind, i))
	}
}

// Views has the use cases of saved views.
type Views struct{ Items[View, *View] }

// Ordered returns the shared views and a user's own ones, by their position. There are few, so it has no pages.
func (s Views) Ordered(ctx context.Context, t tenant.ID, user id.User) ([]View, error) {
	const all = 100 // 2*MaxViewsOf, and more if concurrent calls exceed that
	found, err := s.store.List(ctx, t, Filter{User: user}, paging.Window{Limit: all})
	slices.SortFunc(found.Rows, func(a, b View) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
	})
	return found.Rows, err
}

// Replies has the use cases of canned replies.
type Replies struct {
	Items[Reply, *Reply]
	uses Uses
}

// Search is List with the text of a search.
func (s Replies) Search(
	ctx context.Context, t tenant.ID, f Filter, search string, w paging.Window,
) (paging.Slice[Reply], error) {
	var err error
	if f.Query, err = searchquery.Parse(search); err != nil {
		return paging.Slice[Reply]{}, err
	}
	return s.List(ctx, t, f, w)
}

// Use counts a use of a reply that a user sees, and returns it with its text rendered with values.
func (s Replies) Use(
	ctx context.Context, t tenant.ID, number id.WorkspaceItem, user id.User, v Values,
) (Reply, string, error) {
	if err := v.Validate(); err != nil {
		return Reply{}, "", err
	}
	if _, err := s.Get(ctx, t, number, user); err != nil {
		return Reply{}, "", err
	}
	r, err := s.uses.Used(ctx, t, number)
	return r, Render(r.Text, v), err
}
