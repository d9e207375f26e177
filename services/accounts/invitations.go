package accounts

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Invite invites a person to a website. It returns the secret of the link, which can't be read again. Only owners
// invite owners.
func (p *People) Invite(
	ctx context.Context, t tenant.ID, n NewInvitation, caller identity.Role, by By,
) (Invitation, string, error) {
	if err := n.Validate(); err != nil {
		return Invitation{}, "", err
	}
	if n.Role == identity.Owner && caller != identity.Owner {
		return Invitation{}, "", errOwnersOnly()
	}
	id, err := p.store.NextInvitation(ctx)
	if err != nil {
		return Invitation{}, "", err
	}
	e, err := p.websites.entry(ctx, t, by, "invitation", "create", int64(id))
	if err != nil {
		return Invitation{}, "", err
	}
	i, secret := n.invitation(id, t, by.Actor, p.now())
	return i, secret, p.store.AddInvitation(ctx, i, e.changing(nil, i.audited()))
}

// InviteFounder invites the person with the link to create a website and to become its owner. It returns the secret of
// the link.
func (p *People) InviteFounder(ctx context.Context, by By) (Invitation, string, error) {
	id, err := p.store.NextInvitation(ctx)
	if err != nil {
		return Invitation{}, "", err
	}
	i, secret := NewInvitation{Role: identity.Owner}.invitation(id, tenant.ID{}, by.Actor, p.now())
	return i, secret, p.store.AddFounding(ctx, i)
}

// Invitations lists a website's open invitations, newest first.
func (p *People) Invitations(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Invitation], error) {
	return p.store.Invitations(ctx, t, w)
}

// Uninvite removes an invitation of a website.
func (p *People) Uninvite(ctx context.Context, t tenant.ID, invitation id.Invitation, by By) error {
	e, err := p.websites.entry(ctx, t, by, "invitation", "delete", int64(invitation))
	if err != nil {
		return err
	}
	return p.store.DeleteInvitation(ctx, t, invitation, func(i Invitation) Entry { return e.changing(i.audited(), nil) })
}

// Invited is an invitation as a person with its link sees it.
type Invited struct {
	Invitation  Invitation
	WebsiteName string // "" if the invited person creates the website
	Known       bool   // whether a person has the e-mail address, who must sign in to accept
}

// Invited returns the invitation of a secret. The error is NotFound if it can't be accepted.
func (p *People) Invited(ctx context.Context, secret string) (Invited, error) {
	i, err := p.invitation(ctx, secret)
	if err != nil {
		return Invited{}, err
	}
	invited := Invited{Invitation: i}
	if !i.WebsiteID.IsZero() {
		w, err := p.websites.Website(ctx, i.WebsiteID)
		if err != nil {
			return Invited{}, err
		}
		invited.WebsiteName = w.Name
	}
	if i.Email == "" {
		return invited, nil
	}
	_, err = p.store.PersonByEmail(ctx, i.Email)
	invited.Known = err == nil
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return invited, err
}

func (p *People) invitation(ctx context.Context, secret string) (Invitation, error) {
	i, err := p.store.InvitationByHash(ctx, identity.HashSecret(secret))
	if fault.Is(err, fault.NotFound) || err == nil && i.Expired(p.now()) {
		return Invitation{}, errInvitation()
	}
	return i, err
}

// Accept creates the person who accepts an invitation, and starts their session. The error is Conflict if a person
// with the e-mail address exists: they sign in, and AcceptAs. It is Limited after too many attempts with one link.
func (p *People) Accept(ctx context.Context, secret string, a Acceptance, d Device, by By) (SignedIn, Secrets, error) {
	i, err := p.invitation(ctx, secret)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if i.Email != "" {
		a.Email = i.Email
	}
	if err := a.validate(i); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	// A link without an e-mail address could be used to ask whether many addresses have an account.
	if err := p.attempts.Take(ctx, "invitation:"+i.Hash); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	person, err := p.person(ctx, a.NewPerson)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	by.Actor = ActorOf(person.ID)
	join, err := p.accept(ctx, i, person, a.Website, by)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := accepted(p.store.AcceptInvitation(ctx, i, &person, join)); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	return p.begin(ctx, person, d, by)
}

// AcceptAs makes a signed-in person a member of the website of an invitation. The error is Forbidden
// if it is for another e-mail address.
func (p *People) AcceptAs(
	ctx context.Context, secret string, caller id.Person, website NewWebsite, by By,
) (SignedIn, error) {
	i, err := p.invitation(ctx, secret)
	if err != nil {
		return SignedIn{}, err
	}
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return SignedIn{}, err
	}
	if i.Email != "" && i.Email != person.Email {
		return SignedIn{}, fault.Coded(
			fault.Forbidden, "invitation_for_another", "the invitation is for another e-mail address: sign in with that one",
		)
	}
	join, err := p.accept(ctx, i, person, website, by)
	if err != nil {
		return SignedIn{}, err
	}
	if err := accepted(p.store.AcceptInvitation(ctx, i, nil, join)); err != nil {
		return SignedIn{}, err
	}
	p.announce.PersonChanged(ctx, caller)
	memberships, err := p.memberships(ctx, caller)
	return SignedIn{Person: person, Memberships: memberships}, err
}

// accepted translates the error of storing an acceptance.
func accepted(err error) error {
	if fault.Is(err, fault.NotFound) {
		return errInvitation()
	}
	return err
}

// validate reports every invalid field of an acceptance of i by a person without an account.
func (a Acceptance) validate(i Invitation) error {
	if err := a.NewPerson.Validate(); err != nil || !i.WebsiteID.IsZero() {
		return err
	}
	return fault.Within("website", a.Website.Validate())
}

// accept returns the membership that an invitation gives, with the new website if the invitation is to create one.
func (p *People) accept(ctx context.Context, i Invitation, person Person, n NewWebsite, by By) (Join, error) {
	if !i.WebsiteID.IsZero() {
		return p.join(ctx, person, Grant{i.WebsiteID, i.Role}, by)
	}
	j, err := p.founding(ctx, person, n, by)
	return j, fault.Within("website", err)
}
