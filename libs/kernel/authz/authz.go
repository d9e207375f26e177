// Package authz is the table of who may do what. Every operation is made with a Rule, at the edge and again in the
// service that carries it out, so that a route that forgot its check cannot exist.
package authz

import (
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
)

// Rule says who may call an operation.
type Rule struct {
	Caller identity.Kind  // the sort of caller it is for; Public admits every caller that the gateway admitted
	Level  identity.Level // for Token: Read, Write, or ReadWrite for both
	Plan   identity.Plan  // for Token: Pro, or Free for every plan
}

// The rules that operations use.
var (
	Public   = Rule{Caller: identity.Public}
	Visitor  = Rule{Caller: identity.Visitor}
	Operator = Rule{Caller: identity.Operator}
	Internal = Rule{Caller: identity.Service}

	Read  = Rule{identity.Token, identity.Read, identity.Free}
	Write = Rule{identity.Token, identity.Write, identity.Free}
	// ReadWrite is for changes that lead to reading: a webhook receives all events.
	ReadWrite = Rule{identity.Token, identity.ReadWrite, identity.Free}

	ProRead  = Rule{identity.Token, identity.Read, identity.Pro}
	ProWrite = Rule{identity.Token, identity.Write, identity.Pro}
)

// Check is nil where p may call, else an Unauthenticated or Forbidden fault. A caller of the wrong kind is
// unauthenticated: the credential the operation asks for is not there.
func (r Rule) Check(p identity.Principal) error {
	if r.Caller == identity.Public && p.Kind != "" {
		return nil
	}
	if p.Kind == "" || p.Kind != r.Caller {
		return fault.Coded(
			fault.Unauthenticated,
			"token_missing",
			"this operation needs a "+string(r.Caller)+" credential",
		)
	}
	if (r.Caller == identity.Token || r.Caller == identity.Visitor) && p.Website.IsZero() {
		return fault.New(fault.Unauthenticated, "the credential belongs to no website")
	}
	if r.Caller != identity.Token {
		return nil
	}
	if p.Level != identity.ReadWrite && p.Level != r.Level {
		return fault.New(fault.Forbidden, "the token's level "+string(p.Level)+" does not include "+string(r.Level))
	}
	if r.Plan == identity.Pro && p.Plan != identity.Pro {
		return fault.Coded(fault.Forbidden, "plan_required", "this operation needs the plan PRO")
	}
	return nil
}
