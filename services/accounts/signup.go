package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// SignUp says whether persons create websites without the operator. Its zero value is SignUpClosed.
type SignUp string

// The modes of SignUp, each allowing more than the one before.
const (
	SignUpClosed SignUp = "closed" // only with a link of the operator
	SignUpInvite SignUp = "invite" // persons with an account create further websites
	SignUpOpen   SignUp = "open"   // a stranger creates an account and a website
)

var signUps = []SignUp{SignUpClosed, SignUpInvite, SignUpOpen}

// ParseSignUp reads a mode; "" is SignUpClosed. The error lists the modes.
func ParseSignUp(s string) (SignUp, error) {
	if s == "" {
		return SignUpClosed, nil
	}
	if slices.Contains(signUps, SignUp(s)) {
		return SignUp(s), nil
	}
	return "", fmt.Errorf("must be closed, invite or open, not %q", s)
}

// MaxOwned is how many websites a person may own to create one more.
const MaxOwned = 10

// ErrOwned refuses to create a website for a person who owns MaxOwned.
func ErrOwned() error {
	return fault.Coded(fault.Conflict, "too_many_websites", "you own 10 websites: ask the operator for more")
}

func errSignUp() error {
	return fault.Coded(fault.Forbidden, "sign_up_closed", "this installation doesn't let you create this by yourself")
}

// SignUpMode returns the installation's mode.
func (p *People) SignUpMode() SignUp {
	if p.signUp == "" {
		return SignUpClosed
	}
	return p.signUp
}

// Found creates a website, on the default plan, with a person as its owner. The error is Forbidden if the mode is
// SignUpClosed, and Conflict if the person owns MaxOwned websites.
func (p *People) Found(ctx context.Context, caller id.Person, n NewWebsite, by By) (MembershipOf, error) {
	if p.SignUpMode() == SignUpClosed {
		return MembershipOf{}, errSignUp()
	}
	if err := n.Validate(); err != nil {
		return MembershipOf{}, err
	}
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return MembershipOf{}, err
	}
	// The store decides. This check comes before a widget is created for the website.
	all, err := p.store.Memberships(ctx, caller)
	if err != nil {
		return MembershipOf{}, err
	}
	if Owned(all) >= MaxOwned {
		return MembershipOf{}, ErrOwned()
	}
	join, err := p.founding(ctx, person, n, by)
	if err != nil {
		return MembershipOf{}, err
	}
	if err := p.store.Found(ctx, nil, join); err != nil {
		return MembershipOf{}, err
	}
	p.announce.PersonChanged(ctx, caller)
	return MembershipOf{join.Membership, join.Founded.Website.Name, join.Founded.Website.Plan}, nil
}

// Owned returns how many of memberships are those of owners.
func Owned(memberships []Membership) (n int) {
	for _, m := range memberships {
		if m.Role == identity.Owner {
			n++
		}
	}
	return n
}

// founding returns the membership of the owner of a new website, both of which aren't stored yet.
func (p *People) founding(ctx context.Context, owner Person, n NewWebsite, by By) (Join, error) {
	w, e, err := p.websites.newWebsite(ctx, n, by)
	if err != nil {
		return Join{}, err
	}
	j, err := p.join(ctx, owner, Grant{w.ID, identity.Owner}, by)
	j.Founded = &Founding{w, e}
	return j, err
}

// SignUp creates the account of a stranger and their first website, and starts their session. from is the network
// address by which attempts are limited. The e-mail address isn't verified. The error is Forbidden unless the mode is
// SignUpOpen, Limited after too many attempts, and Conflict if there is an account with the e-mail address.
func (p *People) SignUp(ctx context.Context, a Acceptance, from string, d Device, by By) (SignedIn, Secrets, error) {
	if p.SignUpMode() != SignUpOpen {
		return SignedIn{}, Secrets{}, errSignUp()
	}
	if err := a.validate(Invitation{}); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := p.attempts.Take(ctx, "sign-ups from "+from); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	_, err := p.store.PersonByEmail(ctx, strings.ToLower(strings.TrimSpace(a.Email)))
	if err == nil {
		return SignedIn{}, Secrets{}, ErrEmailTaken()
	}
	if !fault.Is(err, fault.NotFound) {
		return SignedIn{}, Secrets{}, err
	}
	person, err := p.person(ctx, a.NewPerson)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	by.Actor = ActorOf(person.ID)
	join, err := p.founding(ctx, person, a.Website, by)
	if err != nil {
		return SignedIn{}, Secrets{}, fault.Within("website", err)
	}
	if err := p.store.Found(ctx, &person, join); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	return p.begin(ctx, person, d, by)
}

// ErrEmailTaken refuses a second account with an e-mail address.
func ErrEmailTaken() error {
	return fault.Coded(fault.Conflict, "email_taken", "there is an account with this e-mail address already")
}
