package tickets

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
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
	// The users who wrote the messages, by their ids; nil if they weren't requested.
	Authors map[id.User]User
}

// AuthorName returns the name of a message's author, or nil if it isn't known: that of the user; the requester's if the
// e-mail is from the requester's address or has none; otherwise the name or the address that the e-mail is from.
func (d Detail) AuthorName(m Message) *string {
	switch m.AuthorKind() {
	case AuthorUser:
		if author := find(d.Authors, m.AuthorID); author != nil {
			return &author.Name
		}
	case AuthorRequester:
		r := d.Requester()
		isRequester := m.SenderEmail == nil || r.Email != nil && strings.EqualFold(*r.Email, *m.SenderEmail)
		if isRequester && r.Name != nil {
			return r.Name
		}
		return cmp.Or(m.SenderName, m.SenderEmail)
	case AuthorProgram:
	}
	return nil
}

// withAuthors adds the users who wrote the messages. It requests up to maxUsers at a time.
func (s *Service) withAuthors(ctx context.Context, d Detail) (Detail, error) {
	ids := map[id.User]bool{}
	for _, m := range d.Messages {
		if m.AuthorID != nil {
			ids[*m.AuthorID] = true
		}
	}
	d.Authors = make(map[id.User]User, len(ids))
	for some := range slices.Chunk(slices.Sorted(maps.Keys(ids)), maxUsers) {
		users, err := s.accounts.Users(ctx, d.WebsiteID, some)
		if err != nil {
			return d, err
		}
		for _, u := range users {
			d.Authors[u.ID] = u
		}
	}
	return d, nil
}

// maxUsers is how many users one request to accounts names.
const maxUsers = 100

// related are the objects that tickets of one website refer to, by their ids.
type related struct {
	website  *Website
	visitors map[id.Visitor]Visitor
	users    map[id.User]User
}

// related requests the objects that the tickets refer to from the other services, concurrently.
func (s *Service) related(ctx context.Context, t tenant.ID, tickets ...Ticket) (related, error) {
	var r related
	visitorIDs, userIDs := map[id.Visitor]bool{}, map[id.User]bool{}
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
			r.visitors, err = byID(ctx, t, visitorIDs, s.visitors.Visitors, func(v Visitor) id.Visitor { return v.ID })
			return err
		},
		func() (err error) {
			r.users, err = byID(ctx, t, userIDs, s.accounts.Users, func(u User) id.User { return u.ID })
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

func find[ID comparable, T any](in map[ID]T, number *ID) *T {
	if number == nil {
		return nil
	}
	v, ok := in[*number]
	if !ok {
		return nil
	}
	return &v
}

func byID[ID ~int64, T any](ctx context.Context, t tenant.ID, ids map[ID]bool,
	ask func(context.Context, tenant.ID, []ID) ([]T, error), idOf func(T) ID,
) (map[ID]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := ask(ctx, t, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	index := make(map[ID]T, len(found))
	for _, v := range found {
		index[idOf(v)] = v
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

// hasColleague reports whether a user belongs to the website and wasn't removed.
func (r related) hasColleague(user *id.User) bool {
	found := find(r.users, user)
	return found != nil && !found.IsFormer
}
