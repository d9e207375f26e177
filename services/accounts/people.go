package accounts

import (
	"context"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// CreatePerson creates a person, for the operator, with their memberships.
func (p *People) CreatePerson(ctx context.Context, n NewPerson, grants []Grant, by By) (Person, error) {
	if err := n.Validate(); err != nil {
		return Person{}, err
	}
	person, err := p.person(ctx, n)
	if err != nil {
		return Person{}, err
	}
	joins := make([]Join, 0, len(grants))
	for _, g := range grants {
		join, err := p.join(ctx, person, g, by)
		if err != nil {
			return Person{}, err
		}
		joins = append(joins, join)
	}
	return person, p.store.AddPerson(ctx, person, joins)
}

// person returns the person of valid input, who isn't stored yet.
func (p *People) person(ctx context.Context, n NewPerson) (Person, error) {
	n = n.normal()
	hash, err := p.newHash(ctx, n.Password, n.Email, n.Name)
	if err != nil {
		return Person{}, err
	}
	id, err := p.store.NextPerson(ctx)
	now := p.now()
	return Person{ID: id, Email: n.Email, Name: n.Name, Password: hash, CreatedAt: now, UpdatedAt: now}, err
}

// Join is a new membership, with the user that the person becomes. If the website has a user with the person's
// e-mail address and without a member, the person becomes that user, and User isn't stored.
type Join struct {
	Membership Membership
	User       User
	Entry      Entry
	Founded    *Founding // the website, if it is stored together with its first member
}

// Founding is a new website, with the entry of its creation.
type Founding struct {
	Website Website
	Entry   Entry
}

// join returns the membership of a person, who isn't stored yet.
func (p *People) join(ctx context.Context, person Person, g Grant, by By) (Join, error) {
	if !g.Role.Valid() {
		return Join{}, fault.Bad("role", roleRule)
	}
	now := p.now()
	j := Join{
		Membership: Membership{WebsiteID: g.Website, PersonID: person.ID, Role: g.Role, CreatedAt: now},
		User: User{
			WebsiteID: g.Website, Name: person.Name, Email: person.Email, Theme: defaultTheme,
			Language: defaultLanguage, CreatedAt: now, UpdatedAt: now,
		},
	}
	var err error
	if j.Membership.ID, err = p.store.NextMembership(ctx); err != nil {
		return Join{}, err
	}
	if j.User.ID, err = p.store.NextUser(ctx); err != nil {
		return Join{}, err
	}
	j.Membership.UserID = j.User.ID
	j.Entry, err = p.websites.entry(ctx, g.Website, by, "membership", "create", int64(j.Membership.ID))
	j.Entry = j.Entry.changing(nil, j.Membership.audited())
	return j, err
}

// Persons lists the persons of the installation, newest first. With an e-mail address, it lists that person only.
func (p *People) Persons(ctx context.Context, email string, w paging.Window) (paging.Slice[Person], error) {
	return p.store.Persons(ctx, strings.ToLower(strings.TrimSpace(email)), w)
}

// PersonPatch is what the operator changes of a person. An absent field leaves the stored value unchanged.
type PersonPatch struct {
	Password      optional.Value[string]
	Disabled      optional.Value[bool]
	Authenticator optional.Value[bool] // only false: removes the person's authenticator app
}

// Validate reports every invalid field.
func (p PersonPatch) Validate() error {
	var wrong fault.Problems
	if p.Password.Set {
		checkPassword(p.Password.V, &wrong)
	}
	wrong.Check(!p.Authenticator.V, "totp", "must be false: only the person can add an authenticator app")
	return wrong.Err()
}

// UpdatePerson changes a person, for the operator, and ends their sessions and personal access tokens.
func (p *People) UpdatePerson(ctx context.Context, id id.Person, patch PersonPatch, by By) (Person, error) {
	if err := patch.Validate(); err != nil {
		return Person{}, err
	}
	before, err := p.store.Person(ctx, id)
	if err != nil {
		return Person{}, err
	}
	var hash string
	if patch.Password.Set {
		if hash, err = p.newHash(ctx, patch.Password.V, before.Email, before.Name); err != nil {
			return Person{}, err
		}
	}
	after, err := p.store.SavePerson(ctx, id, func(stored Person) (Person, error) {
		if patch.Password.Set {
			stored.Password = hash
		}
		if patch.Disabled.Set {
			stored.Disabled = patch.Disabled.V
		}
		if patch.Authenticator.Set {
			stored.Authenticator, stored.NewAuthenticator = nil, ""
		}
		stored.SignOuts++
		stored.UpdatedAt = p.now()
		return stored, nil
	})
	if err != nil {
		return Person{}, err
	}
	if _, err := p.end(ctx, id, func(Session) bool { return true }); err != nil {
		return Person{}, err
	}
	p.announce.PersonChanged(ctx, id)
	return after, p.note(ctx, id, by, "person", "update")
}

// Member is a person's membership as their website's team sees it.
type Member struct {
	Membership Membership
	User       User
}

// Members lists a website's members, newest first.
func (p *People) Members(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Member], error) {
	found, err := p.store.Members(ctx, t, w)
	if err != nil {
		return paging.Slice[Member]{}, err
	}
	ids := make([]id.User, len(found.Rows))
	for i, m := range found.Rows {
		ids[i] = m.UserID
	}
	users, err := p.websites.UsersOf(ctx, t, ids)
	members := make([]Member, 0, len(found.Rows))
	for _, m := range found.Rows {
		if i := slices.IndexFunc(users, func(u User) bool { return u.ID == m.UserID }); i >= 0 {
			members = append(members, Member{m, users[i]})
		}
	}
	return paging.Slice[Member]{Rows: members, Total: found.Total, More: found.More, Next: found.Next}, err
}

// errLastOwner refuses a change that would leave a website without an owner.
func errLastOwner() error {
	return fault.Coded(fault.Conflict, "last_owner", "a website needs an owner: make another member an owner first")
}

// errOwnersOnly refuses an admin's change of an owner.
func errOwnersOnly() error {
	return fault.Coded(fault.Forbidden, "role_required", "only an owner can make, change or remove an owner")
}

// ChangeRole gives a member of a website another role. Only owners decide about owners, and one always stays.
func (p *People) ChangeRole(
	ctx context.Context, t tenant.ID, member id.Membership, role identity.Role, caller identity.Role, by By,
) (Member, error) {
	if !role.Valid() {
		return Member{}, fault.Bad("role", roleRule)
	}
	e, err := p.websites.entry(ctx, t, by, "membership", "update", int64(member))
	if err != nil {
		return Member{}, err
	}
	m, err := p.store.SaveMembership(ctx, t, member, func(m Membership) (Membership, Entry, error) {
		if (m.Role == identity.Owner || role == identity.Owner) && caller != identity.Owner {
			return m, e, errOwnersOnly()
		}
		if m.IsLastOwner && role != identity.Owner {
			return m, e, errLastOwner()
		}
		before := m.audited()
		m.Role = role
		return m, e.changing(before, m.audited()), nil
	})
	if err != nil {
		return Member{}, err
	}
	p.announce.PersonChanged(ctx, m.PersonID)
	user, err := p.websites.User(ctx, t, m.UserID)
	return Member{m, user}, err
}

// RemoveMember removes a person from a website. Their user stays, for the name on what they wrote. What is assigned to
// them and open becomes unassigned soon.
func (p *People) RemoveMember(
	ctx context.Context, t tenant.ID, member id.Membership, caller identity.Role, by By,
) error {
	e, err := p.websites.entry(ctx, t, by, "membership", "delete", int64(member))
	if err != nil {
		return err
	}
	m, err := p.store.DeleteMembership(ctx, t, member, func(m Membership) (Entry, Departure, error) {
		if m.Role == identity.Owner && caller != identity.Owner {
			return e, Departure{}, errOwnersOnly()
		}
		if m.IsLastOwner {
			return e, Departure{}, errLastOwner()
		}
		return e.changing(m.audited(), nil), p.websites.departure(t, m.UserID), nil
	})
	if err != nil {
		return err
	}
	p.announce.PersonChanged(ctx, m.PersonID)
	p.websites.Wake()
	return nil
}
