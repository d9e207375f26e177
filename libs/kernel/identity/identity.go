// Package identity says who is asking. The edge resolves a bearer or visitor token to a Principal and signs it; every
// service verifies the signature and finds the Principal in its context. Nothing a client sends becomes one by itself.
package identity

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
)

// Kind is the sort of caller.
type Kind string

// The kinds of caller.
const (
	Public   Kind = "public"   // came through the edge, no token needed
	Token    Kind = "token"    // holds an API token of a website
	Visitor  Kind = "visitor"  // holds a visitor token of a website
	Operator Kind = "operator" // holds the operator key of this installation
	Service  Kind = "service"  // another of our services, on its own or a caller's behalf
)

// Level is what an API token may do.
type Level string

// The levels of an API token. Write does not include reading.
const (
	Read      Level = "READ"
	Write     Level = "WRITE"
	ReadWrite Level = "READ_WRITE"
)

// Valid says whether l is one of the three levels.
func (l Level) Valid() bool { return l == Read || l == Write || l == ReadWrite }

// Plan is what a website's organization pays for.
type Plan string

// The plans.
const (
	Free Plan = "FREE"
	Pro  Plan = "PRO"
)

// Valid says whether p is one of the plans.
func (p Plan) Valid() bool { return p == Free || p == Pro }

// Principal is a caller whom the edge, or another service, vouches for.
type Principal struct {
	Kind      Kind      `json:"kind"`
	Website   tenant.ID `json:"website,omitzero"` // zero for Public and Operator
	Level     Level     `json:"level,omitempty"`  // Token only
	Plan      Plan      `json:"plan,omitempty"`   // Token only
	TokenID   int64     `json:"token,omitempty"`  // Token only: its number, for the log
	VisitorID int64     `json:"visitor,omitempty"`
	Service   string    `json:"service,omitempty"` // Service only: which
}

type contextKey struct{}

// With puts p into the context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From gives the context's Principal; the zero Principal, who may do nothing, where there is none.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
