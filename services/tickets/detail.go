package tickets

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Detail is a ticket with the objects that it refers to. Objects that no longer exist are nil.
type Detail struct {
	Ticket
	Website  *Website
	Visitor  *Visitor
	Assignee *User
	Messages []Message
	HasMore  bool // more messages follow
}

// related are the objects that tickets of one website refer to, by their ids.
type related struct {
	website  *Website
	visitors map[int64]Visitor
	users    map[int64]User
}

// related requests the objects that the tickets refer to from the other services, concurrently.
func (s *Service) related(ctx context.Context, t tenant.ID, tickets ...Ticket) (related, error) {
	var r related
	visitorIDs, userIDs := map[int64]bool{}, map[int64]bool{}
	for _, one := range tickets {
		if one.VisitorID != nil {
			visitorIDs[*one.VisitorID] = true
		}
		if one.AssigneeID != nil {
			userIDs[*one.AssigneeID] = true
		}
	}
	err := together(
		func() error {
			w, err := s.accounts.Website(ctx, t)
			if err == nil {
				r.website = &w
			}
			return unlessMissing(err)
		},
		func() (err error) {
			r.visitors, err = byID(ctx, t, visitorIDs, s.visitors.Visitors, func(v Visitor) int64 { return v.ID })
			return err
		},
		func() (err error) {
			r.users, err = byID(ctx, t, userIDs, s.accounts.Users, func(u User) int64 { return u.ID })
			return err
		},
	)
	return r, err
}

// has reports whether every object that the ticket refers to was requested and found.
func (r related) has(one Ticket) bool {
	return find(r.visitors, one.VisitorID) != nil == (one.VisitorID != nil) &&
		find(r.users, one.AssigneeID) != nil == (one.AssigneeID != nil)
}

func (r related) detail(one Ticket) Detail {
	return Detail{
		Ticket:   one,
		Website:  r.website,
		Visitor:  find(r.visitors, one.VisitorID),
		Assignee: find(r.users, one.AssigneeID),
	}
}

func find[T any](in map[int64]T, id *int64) *T {
	if id == nil {
		return nil
	}
	v, ok := in[*id]
	if !ok {
		return nil
	}
	return &v
}

func byID[T any](ctx context.Context, t tenant.ID, ids map[int64]bool,
	ask func(context.Context, tenant.ID, []int64) ([]T, error), id func(T) int64) (map[int64]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := ask(ctx, t, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	index := make(map[int64]T, len(found))
	for _, v := range found {
		index[id(v)] = v
	}
	return index, nil
}

// together runs all of fns concurrently and returns their errors.
func together(fns ...func() error) error {
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { errs[i] = fn() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func unlessMissing(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
