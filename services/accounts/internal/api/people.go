package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

type invitedBy struct {
	Token string `path:"token" json:"-"`
}

type acceptance struct {
	invitedBy
	signUp
}

// signUp is a new person with the website that they create.
type signUp struct {
	Name     string      `json:"name"`
	Email    string      `json:"email"`
	Password string      `json:"password"`
	Website  foundedSite `json:"website"`
}

type foundedSite struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

func (a signUp) input() accounts.Acceptance {
	return accounts.Acceptance{
		NewPerson: accounts.NewPerson{Email: a.Email, Name: a.Name, Password: a.Password},
		Website:   accounts.NewWebsite{Name: a.Website.Name, URL: a.Website.URL},
	}
}

func mountSignUp(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "POST /auth/sign-up", 201, operation.New(chain, "accounts.sign_up", authz.Public,
		func(ctx context.Context, req signUp) (signedIn, error) {
			from := httpkit.AddressKey(httpkit.ClientAddress(ctx))
			return signedInOf(p.SignUp(ctx, req.input(), from, device(ctx), by(ctx)))
		}), httpkit.Secret)
	httpkit.Handle(r, "POST /websites", 201, operation.New(chain, "accounts.found_website", authz.Person,
		func(ctx context.Context, req foundedSite) (membershipView, error) {
			n := accounts.NewWebsite{Name: req.Name, URL: req.URL}
			m, err := p.Found(ctx, identity.From(ctx).PersonID, n, by(ctx))
			return membershipViewOf(m), err
		}))
}

type memberView struct {
	ID        id.Membership `json:"id"`
	Role      identity.Role `json:"role"`
	User      userView      `json:"user"`
	CreatedAt time.Time     `json:"createdAt"`
}

func memberViewOf(m accounts.Member) memberView {
	return memberView{m.Membership.ID, m.Membership.Role, userViewOf(m.User), m.Membership.CreatedAt}
}

type memberByID struct {
	ID id.Membership `path:"id" json:"-"`
}

type changeRole struct {
	memberByID
	Role identity.Role `json:"role"`
}

type removedMember struct {
	ID      id.Membership `json:"id"`
	Deleted bool          `json:"deleted"`
}

type newInvitation struct {
	Email string        `json:"email"`
	Role  identity.Role `json:"role"`
}

type invitationView struct {
	ID        id.Invitation `json:"id"`
	Email     string        `json:"email"`
	Role      identity.Role `json:"role"`
	CreatedBy string        `json:"createdBy"`
	CreatedAt time.Time     `json:"createdAt"`
	ExpiresAt time.Time     `json:"expiresAt"`
}

func invitationViewOf(i accounts.Invitation) invitationView {
	return invitationView{i.ID, i.Email, i.Role, i.CreatedBy, i.CreatedAt, i.ExpiresAt}
}

// createdInvitation is a new invitation with the secret of its link, which is shown once.
type createdInvitation struct {
	invitationView
	Token string `json:"token"`
	Path  string `json:"path"` // of the page where it is accepted, at the gateway's address
}

func createdInvitationOf(i accounts.Invitation, secret string, err error) (createdInvitation, error) {
	return createdInvitation{invitationViewOf(i), secret, "/console#/invitation/" + secret}, err
}

type invitationByID struct {
	ID id.Invitation `path:"id" json:"-"`
}

type removedInvitation struct {
	ID      id.Invitation `json:"id"`
	Deleted bool          `json:"deleted"`
}

// invitedView is an invitation as a person with its link sees it.
type invitedView struct {
	Email       *string       `json:"email"` // null: the invited person chooses
	Role        identity.Role `json:"role"`
	WebsiteName *string       `json:"websiteName"` // null: the invited person creates the website
	HasAccount  bool          `json:"hasAccount"`
	ExpiresAt   time.Time     `json:"expiresAt"`
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func mountTeam(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "GET /members", 200, operation.New(chain, "accounts.list_members", authz.Viewer,
		func(ctx context.Context, req list) (paging.Page[memberView], error) {
			found, err := p.Members(ctx, identity.From(ctx).Website, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, memberViewOf)), err
		}))
	httpkit.Handle(r, "PATCH /members/{id}", 200,
		operation.New(chain, "accounts.change_role", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, req changeRole) (memberView, error) {
				caller := identity.From(ctx)
				m, err := p.ChangeRole(ctx, caller.Website, req.ID, req.Role, caller.Role, by(ctx))
				return memberViewOf(m), err
			}))
	httpkit.Handle(r, "DELETE /members/{id}", 200, operation.New(chain, "accounts.remove_member", authz.Admin,
		func(ctx context.Context, req memberByID) (removedMember, error) {
			caller := identity.From(ctx)
			return removedMember{req.ID, true}, p.RemoveMember(ctx, caller.Website, req.ID, caller.Role, by(ctx))
		}))
	httpkit.Handle(r, "GET /invitations", 200, operation.New(chain, "accounts.list_invitations", authz.Admin,
		func(ctx context.Context, req list) (paging.Page[invitationView], error) {
			found, err := p.Invitations(ctx, identity.From(ctx).Website, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, invitationViewOf)), err
		}))
	httpkit.Handle(r, "POST /invitations", 201, operation.New(chain, "accounts.invite", authz.Admin.AfterConfirmation(),
		func(ctx context.Context, req newInvitation) (createdInvitation, error) {
			caller := identity.From(ctx)
			return createdInvitationOf(
				p.Invite(ctx, caller.Website, accounts.NewInvitation(req), caller.Role, by(ctx)),
			)
		}), httpkit.Secret)
	httpkit.Handle(r, "DELETE /invitations/{id}", 200, operation.New(chain, "accounts.uninvite", authz.Admin,
		func(ctx context.Context, req invitationByID) (removedInvitation, error) {
			return removedInvitation{req.ID, true}, p.Uninvite(ctx, identity.From(ctx).Website, req.ID, by(ctx))
		}))
	httpkit.Handle(r, "GET /invitations/{token}/details", 200,
		operation.New(chain, "accounts.get_invitation", authz.Public,
			func(ctx context.Context, req invitedBy) (invitedView, error) {
				i, err := p.Invited(ctx, req.Token)
				return invitedView{
					textOrNil(i.Invitation.Email), i.Invitation.Role, textOrNil(i.WebsiteName), i.Known, i.Invitation.ExpiresAt,
				}, err
			}))
	httpkit.Handle(r, "POST /invitations/{token}/accept", 200,
		operation.New(chain, "accounts.accept_invitation", authz.Public,
			func(ctx context.Context, req acceptance) (signedIn, error) {
				if caller := identity.From(ctx); caller.Kind == identity.Person {
					s, err := p.AcceptAs(ctx, req.Token, caller.PersonID, req.input().Website, by(ctx))
					return signedInOf(s, accounts.Secrets{}, err)
				}
				return signedInOf(p.Accept(ctx, req.Token, req.input(), device(ctx), by(ctx)))
			}), httpkit.Secret)
}

type newPerson struct {
	Email       string `json:"email"`
	Name        string `json:"name"`
	Password    string `json:"password"`
	Memberships []struct {
		WebsiteID int64         `json:"websiteId"`
		Role      identity.Role `json:"role"`
	} `json:"memberships"`
}

// operatorsInvitation is to a website, or to create one.
type operatorsInvitation struct {
	WebsiteID *int64        `json:"websiteId"`
	Email     string        `json:"email"`
	Role      identity.Role `json:"role"`
}

type listPeople struct {
	Email string `query:"email" json:"-"`
	paging.Window
}

type updatePerson struct {
	ID       id.Person              `path:"id" json:"-"`
	Password optional.Value[string] `json:"password"`
	Disabled optional.Value[bool]   `json:"disabled"`
	TOTP     optional.Value[bool]   `json:"totp"`
}

// newReset is a link to choose a new password, with the other ways to sign in that its use removes.
type newReset struct {
	ID       id.Person `path:"id" json:"-"`
	TOTP     bool      `json:"totp"`
	Passkeys bool      `json:"passkeys"`
}

// createdReset is the secret of a link to choose a new password, which is shown once.
type createdReset struct {
	Token string `json:"token"`
	Path  string `json:"path"` // of the page where it is used, at the gateway's address
}

func mountPeople(r *httpkit.Router, chain operation.Chain, s *accounts.Service, p *accounts.People) {
	httpkit.Handle(r, "POST /operator/people", 201, operation.New(chain, "accounts.create_person", authz.Operator,
		func(ctx context.Context, req newPerson) (personView, error) {
			grants := make([]accounts.Grant, 0, len(req.Memberships))
			for _, m := range req.Memberships {
				w, err := findWebsite(ctx, s, m.WebsiteID)
				if err != nil {
					return personView{}, err
				}
				grants = append(grants, accounts.Grant{Website: w.ID, Role: m.Role})
			}
			n := accounts.NewPerson{Email: req.Email, Name: req.Name, Password: req.Password}
			person, err := p.CreatePerson(ctx, n, grants, by(ctx))
			return personViewOf(person), err
		}))
	httpkit.Handle(r, "GET /operator/people", 200, operation.New(chain, "accounts.list_people", authz.Operator,
		func(ctx context.Context, req listPeople) (paging.Page[personView], error) {
			found, err := p.Persons(ctx, req.Email, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, personViewOf)), err
		}))
	httpkit.Handle(r, "PATCH /operator/people/{id}", 200, operation.New(chain, "accounts.update_person", authz.Operator,
		func(ctx context.Context, req updatePerson) (personView, error) {
			patch := accounts.PersonPatch{Password: req.Password, Disabled: req.Disabled, Authenticator: req.TOTP}
			person, err := p.UpdatePerson(ctx, req.ID, patch, by(ctx))
			return personViewOf(person), err
		}))
	httpkit.Handle(r, "POST /operator/people/{id}/resets", 201,
		operation.New(chain, "accounts.create_reset", authz.Operator,
			func(ctx context.Context, req newReset) (createdReset, error) {
				n := accounts.AlsoRemoved{Authenticator: req.TOTP, Passkeys: req.Passkeys}
				secret, err := p.NewReset(ctx, req.ID, n)
				return createdReset{secret, "/console#/reset/" + secret}, err
			}))
	httpkit.Handle(r, "POST /operator/invitations", 201,
		operation.New(chain, "accounts.invite_for_operator", authz.Operator,
			func(ctx context.Context, req operatorsInvitation) (createdInvitation, error) {
				if req.WebsiteID == nil {
					return createdInvitationOf(p.InviteFounder(ctx, by(ctx)))
				}
				w, err := findWebsite(ctx, s, *req.WebsiteID)
				if err != nil {
					return createdInvitation{}, err
				}
				n := accounts.NewInvitation{Email: req.Email, Role: req.Role}
				return createdInvitationOf(p.Invite(ctx, w.ID, n, identity.Owner, by(ctx)))
			}))
}
