// Package identity describes the caller of a request. The edge resolves a bearer or visitor token to a Principal and
// signs it. Every service verifies the signature and puts the Principal into the request's context. Nothing that a
// client sends becomes a Principal without the edge.
package identity

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Kind is the kind of caller.
type Kind string

// The kinds of caller.
const (
	Public   Kind = "public"   // came through the edge and needs no token
	Token    Kind = "token"    // holds an API token of a website
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
	Website   tenant.ID  `json:"website,omitzero"` // zero for Public and Operator
	Level     Level      `json:"level,omitempty"`  // Token only
	Plan      Plan       `json:"plan,omitempty"`   // Token only
	TokenID   id.Token   `json:"token,omitempty"`  // Token only: its id, for the log
	VisitorID id.Visitor `json:"visitor,omitempty"`
	Service   string     `json:"service,omitempty"` // Service only: its name
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
