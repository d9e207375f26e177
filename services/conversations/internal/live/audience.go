package live

import (
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// audience is a visitor of a website or, if isVisitor is false, all its agents.
type audience struct {
	isVisitor bool
	visitor   id.Visitor
}

// agents is the audience of a website's agents.
var agents audience

func visitorOf(visitor id.Visitor) audience { return audience{true, visitor} }

// audienceOf returns the audience that a caller belongs to.
func audienceOf(p identity.Principal) audience {
	if p.Kind == identity.Visitor {
		return visitorOf(p.VisitorID)
	}
	return agents
}
