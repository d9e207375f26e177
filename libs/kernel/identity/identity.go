// Package identity describes the caller of a request. The edge resolves a bearer or visitor token to a Principal and
// signs it. Every service verifies the signature and puts the Principal into the request's context. Nothing that a
// client sends becomes a Principal without the edge.
package identity

import (
	"context"
	"slices"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Kind is the kind of caller.
type Kind string

// The kinds of caller.
const (
	Public   Kind = "public"   // came through the edge and needs no token
	Token    Kind = "token"    // holds an API token of a website
	Person   Kind = "person"   // has signed in
	Visitor  Kind = "visitor"  // holds a visitor token of a website
	Operator Kind = "operator" // holds the operator key of this installation
	Service  Kind = "service"  // another of our services, for itself or for a caller
)

// Level is the set of actions that an API token allows.
type Level string

// The levels of an API token. Write does not include reading.
const (
	Read      Level = "READ"
	Write     Level = "WRITE"
	ReadWrite Level = "READ_WRITE"
)

// Valid reports whether l is one of the three levels.
func (l Level) Valid() bool { return l == Read || l == Write || l == ReadWrite }

// Role is what a person may do in a website. Each role includes the ones before it.
type Role string

// The roles. Viewers read; agents also serve visitors; admins also set up the website and its team; owners also decide
// who owns it.
const (
	Viewer Role = "viewer"
	Agent  Role = "agent"
	Admin  Role = "admin"
	Owner  Role = "owner"
)

// Roles are all roles in ascending order.
var Roles = []Role{Viewer, Agent, Admin, Owner}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Includes reports whether r allows everything that other allows. Only valid roles include any.
func (r Role) Includes(other Role) bool {
	return r.Valid() && slices.Index(Roles, r) >= slices.Index(Roles, other)
}

// Level is the level of an API token that allows what the role does with a website's conversations and visitors.
func (r Role) Level() Level {
	if r == Viewer {
		return Read
	}
	return ReadWrite
}

// Plan is the plan that a website's organization pays for.
type Plan string

// The plans.
const (
	Free Plan = "FREE"
	Pro  Plan = "PRO"
)

// Valid reports whether p is one of the plans.
func (p Plan) Valid() bool { return p == Free || p == Pro }

// Principal is a caller that the edge, or another service, has authenticated.
type Principal struct {
	Kind      Kind       `json:"kind"`
	Website   tenant.ID  `json:"website,omitzero"` // zero for Public and Operator, and for a Person who named none
	Level     Level      `json:"level,omitempty"`  // Token, and Person in a website
	Plan      Plan       `json:"plan,omitempty"`   // Token, and Person in a website
	TokenID   id.Token   `json:"token,omitempty"`  // Token only: its id, for the log
	VisitorID id.Visitor `json:"visitor,omitempty"`
	IsBlocked bool       `json:"blocked,omitempty"` // Visitor only: the website's team has blocked them
	Service   string     `json:"service,omitempty"` // Service only: its name
	PersonID  id.Person  `json:"person,omitempty"`  // Person only
	SessionID id.Session `json:"session,omitempty"` // Person only
	UserID    id.User    `json:"user,omitempty"`    // Person in a website: the user that they are there
	Role      Role       `json:"role,omitempty"`    // Person in a website
	// Confirmed is whether a Person proved within ConfirmedFor who they are: with a password, a code or a passkey.
	Confirmed bool `json:"confirmed,omitempty"`
}

// ConfirmedFor is how long a proof of who a person is allows what a stolen session must not.
const ConfirmedFor = 15 * time.Minute

// OfTeam reports whether the caller acts for a website: a program with a token, or a person of the website's team.
func (p Principal) OfTeam() bool { return !p.Website.IsZero() && (p.Kind == Token || p.Kind == Person) }

// IsProgram reports whether the caller is a program with an API token. A personal access token is its person's.
func (p Principal) IsProgram() bool { return p.Kind == Token }

// Actor names the caller in an audit log: "operator", or "token:" or "person:" and an id; "public" without a
// credential.
func (p Principal) Actor() string {
	switch {
	case p.TokenID != 0:
		return string(p.Kind) + ":" + strconv.FormatInt(int64(p.TokenID), 10)
	case p.PersonID != 0:
		return string(p.Kind) + ":" + strconv.FormatInt(int64(p.PersonID), 10)
	default:
		return string(p.Kind)
	}
}

type contextKey struct{}

// With returns a context that holds p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the Principal of the context, or the zero Principal, which is allowed nothing.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
