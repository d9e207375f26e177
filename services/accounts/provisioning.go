package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// racing is how often the person of a sign-in is looked for, if other requests create or link them meanwhile.
const racing = 3

// person returns the person who signs in at a provider: the one of the identity, or else the one of the verified e-mail
// address, or else a new one, if the provider's rules allow it. The identity is linked to them.
func (o *SignOns) person(ctx context.Context, p Provider, f Facts, by By) (person Person, err error) {
	for range racing {
		person, err = o.findOrCreate(ctx, p, f, by)
		if !fault.Is(err, fault.Conflict) {
			return person, err
		}
	}
	return person, err
}

func (o *SignOns) findOrCreate(ctx context.Context, p Provider, f Facts, by By) (Person, error) {
	known, err := o.store.Identity(ctx, identityID(p.Issuer, f.Subject))
	if err == nil {
		return o.people.store.Person(ctx, known.PersonID)
	}
	if !fault.Is(err, fault.NotFound) {
		return Person{}, err
	}
	if err := p.admits(f); err != nil {
		return Person{}, err
	}
	person, err := o.people.store.PersonByEmail(ctx, f.Email)
	if fault.Is(err, fault.NotFound) {
		return o.create(ctx, p, f, by)
	}
	if err != nil || person.Disabled {
		return person, err
	}
	return o.link(ctx, p, f, person, by)
}

// link links a person's first sign-in at a provider to their account. Until then nothing has proven that the e-mail
// address is theirs: another person may have made the account, to have its password when the owner of the address comes
// (account pre-hijacking). So what was set up before doesn't sign in any more.
func (o *SignOns) link(ctx context.Context, p Provider, f Facts, person Person, by By) (Person, error) {
	ended, err := o.store.LinkIdentity(ctx, o.identity(p, f, person.ID, o.now()))
	if err != nil {
		return Person{}, err
	}
	o.people.announce.SessionsEnded(ctx, hashesOf(ended)...)
	by.Actor = ActorOf(person.ID)
	if err := o.people.note(ctx, person.ID, by, "identity", "create"); err != nil {
		return Person{}, err
	}
	return o.people.store.Person(ctx, person.ID) // without the password
}

func (o *SignOns) identity(p Provider, f Facts, person id.Person, now time.Time) Identity {
	return Identity{identityID(p.Issuer, f.Subject), p.Issuer, f.Subject, person, now}
}

// create creates the person of a first sign-in.
func (o *SignOns) create(ctx context.Context, p Provider, f Facts, by By) (Person, error) {
	now := o.now()
	invitations, err := o.store.InvitationsTo(ctx, f.Email, now)
	if err != nil {
		return Person{}, err
	}
	grants, err := o.existing(ctx, p.grants(f, invitations))
	if err != nil {
		return Person{}, err
	}
	if len(grants) == 0 {
		return Person{}, fault.Coded(
			fault.Forbidden, "not_invited", "there is no account and no invitation for this e-mail address",
		)
	}
	person := Person{Email: f.Email, Name: f.Name, CreatedAt: now, UpdatedAt: now}
	if person.ID, err = o.people.store.NextPerson(ctx); err != nil {
		return Person{}, err
	}
	by.Actor = ActorOf(person.ID)
	a := Account{Person: person, Identity: o.identity(p, f, person.ID, now)}
	for _, g := range grants {
		join, err := o.people.join(ctx, person, g, by)
		if err != nil {
			return Person{}, err
		}
		a.Joins = append(a.Joins, join)
	}
	for _, i := range invitations {
		a.Invitations = append(a.Invitations, i.ID)
	}
	return person, o.store.AddAccount(ctx, a)
}

// existing returns the grants whose websites exist: a mapping may name one that has been erased.
func (o *SignOns) existing(ctx context.Context, grants []Grant) ([]Grant, error) {
	if len(grants) == 0 {
		return nil, nil
	}
	ids := make([]tenant.ID, len(grants))
	for i, g := range grants {
		ids[i] = g.Website
	}
	websites, err := o.people.store.WebsitesOf(ctx, ids)
	there := map[tenant.ID]bool{}
	for _, w := range websites {
		there[w.ID] = true
	}
	var all []Grant
	for _, g := range grants {
		if there[g.Website] && len(all) < MaxMemberships {
			all = append(all, g)
		}
	}
	return all, err
}
