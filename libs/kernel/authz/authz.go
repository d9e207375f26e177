// Package authz is the table of who may do what. Every operation is made with a Rule, at the edge and again in the
// service that carries it out, so that a route that forgot its check cannot exist.
package authz

import (
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// Rule says who may call an operation.
type Rule struct {
	// Caller is the sort of caller it is for. Public admits every caller that the gateway admitted, and Token also
	// persons of the website's team.
	Caller identity.Kind
	Level  identity.Level // for tokens: Read, Write, or ReadWrite for both
	Plan   identity.Plan  // for tokens and persons: Pro, or Free for every plan
	Role   identity.Role  // for persons: the least role in the website; "" needs no website
	// Confirmed is whether a person must have proven within identity.ConfirmedFor who they are.
	Confirmed bool
	// Unblocked is whether visitors are refused that the website's team has blocked.
	Unblocked bool
}

// The rules that operations use.
var (
	Public   = Rule{Caller: identity.Public}
	Visitor  = Rule{Caller: identity.Visitor}
	Operator = Rule{Caller: identity.Operator}
	Internal = Rule{Caller: identity.Service}

	Read  = ofTeam(identity.Read, identity.Free, identity.Viewer)
	Write = ofTeam(identity.Write, identity.Free, identity.Agent)

	ProRead  = ofTeam(identity.Read, identity.Pro, identity.Viewer)
	ProWrite = ofTeam(identity.Write, identity.Pro, identity.Agent)

	// These are for what a website is set up with: its settings, team and webhooks. ManageBoth is for changes that lead
	// to reading: a webhook receives all events.
	ManageRead  = ofTeam(identity.Read, identity.Free, identity.Admin)
	ManageWrite = ofTeam(identity.Write, identity.Free, identity.Admin)
	ManageBoth  = ofTeam(identity.ReadWrite, identity.Free, identity.Admin)

	// These are for persons only. Person needs no website.
	Person = Rule{Caller: identity.Person}
	Viewer = Rule{Caller: identity.Person, Plan: identity.Free, Role: identity.Viewer}
	Agent  = Rule{Caller: identity.Person, Plan: identity.Free, Role: identity.Agent}
	Admin  = Rule{Caller: identity.Person, Plan: identity.Free, Role: identity.Admin}
	Owner  = Rule{Caller: identity.Person, Plan: identity.Free, Role: identity.Owner}
)

// ofTeam is the rule of an operation for a website's team: programs with a token, and persons.
func ofTeam(level identity.Level, plan identity.Plan, role identity.Role) Rule {
	return Rule{Caller: identity.Token, Level: level, Plan: plan, Role: role}
}

// AfterConfirmation returns r for an operation that a stolen session must not allow: it changes how the person signs
// in, or gives or shows much at once.
func (r Rule) AfterConfirmation() Rule {
	r.Confirmed = true
	return r
}

// UnlessBlocked returns r for an operation by which a visitor writes to the team.
func (r Rule) UnlessBlocked() Rule {
	r.Unblocked = true
	return r
}

// IsPersonal reports whether the operation is about the person who calls it, and isn't done in a website.
func (r Rule) IsPersonal() bool { return r.Caller == identity.Person && r.Role == "" }

// Author returns the author of a text that p writes for a website. A person writes as their own user and can't name
// another; a program may name one.
func Author(p identity.Principal, named *id.User) (*id.User, error) {
	if p.Kind != identity.Person {
		return named, nil
	}
	if named != nil && *named != p.UserID {
		return nil, fault.Bad("authorId", "must be your own or absent: a person writes in their own name")
	}
	return &p.UserID, nil
}

// ChangeUser is nil where p may change a user of the website: admins and programs any, other persons their own. It
// doesn't say whether the user exists.
func ChangeUser(p identity.Principal, user id.User) error {
	if p.Kind != identity.Person || p.UserID == user || p.Role.Includes(identity.Admin) {
		return nil
	}
	return fault.Coded(fault.Forbidden, "role_required", "users other than your own need the role admin or a higher one")
}

// ChangeWork returns the function that is nil if p may change what an author has written: persons their own work, and
// admins and programs any. author is nil if a program wrote it without naming a user.
func ChangeWork(p identity.Principal) func(author *id.User) error {
	return func(author *id.User) error {
		var of id.User // zero if no user wrote it
		if author != nil {
			of = *author
		}
		if ChangeUser(p, of) != nil {
			return fault.Coded(fault.Forbidden, "role_required",
				"what others have written needs the role admin or a higher one")
		}
		return nil
	}
}

// Check is nil where p may call, else an Unauthenticated or Forbidden fault. A caller of the wrong kind is
// unauthenticated: the credential the operation asks for is not there.
func (r Rule) Check(p identity.Principal) error {
	if r.Caller == identity.Public && p.Kind != "" {
		return nil
	}
	if p.Kind == identity.Person && r.Role != "" && p.Website.IsZero() {
		return fault.Bad("x-website-id", "must name one of your websites")
	}
	isMember := p.Kind == identity.Person && r.Caller == identity.Token
	if p.Kind == "" || p.Kind != r.Caller && !isMember {
		return fault.Coded(
			fault.Unauthenticated,
			"token_missing",
			"this operation needs a "+string(r.Caller)+" credential",
		)
	}
	if (r.Caller == identity.Token || r.Caller == identity.Visitor) && p.Website.IsZero() {
		return fault.New(fault.Unauthenticated, "the credential belongs to no website")
	}
	if p.Kind == identity.Person && r.Role != "" && !p.Role.Includes(r.Role) {
		return fault.Coded(
			fault.Forbidden, "role_required", "this operation needs the role "+string(r.Role)+" or a higher one",
		)
	}
	if p.Kind == identity.Person && r.Confirmed && !p.Confirmed {
		return fault.Coded(
			fault.Forbidden, "confirmation_required", "prove again that it is you: POST /auth/confirm, or sign in again",
		)
	}
	if r.Unblocked && p.IsBlocked {
		return fault.Coded(fault.Forbidden, "visitor_blocked", "this website doesn't accept what the visitor writes")
	}
	if r.Caller != identity.Token {
		return nil
	}
	if p.Kind == identity.Token && p.Level != identity.ReadWrite && p.Level != r.Level {
		return fault.New(fault.Forbidden, "the token's level "+string(p.Level)+" does not include "+string(r.Level))
	}
	if r.Plan == identity.Pro && p.Plan != identity.Pro {
		return fault.Coded(fault.Forbidden, "plan_required", "this operation needs the plan PRO")
	}
	return nil
}
