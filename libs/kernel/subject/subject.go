// Package subject names the data subject of an export or an erasure (GDPR): a whole website, or one of its visitors.
// It is in the kernel because services' domains use it, and they import nothing else.
package subject

import (
	"fmt"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Subject is a website or one of its visitors. Its zero value belongs to no website, and stores refuse it. Subjects
// are comparable with ==.
type Subject struct {
	website   tenant.ID
	visitor   id.Visitor
	isVisitor bool
}

// Website returns the subject of all data of a website.
func Website(t tenant.ID) Subject { return Subject{website: t} }

// Visitor returns the subject of the data of one visitor of a website.
func Visitor(t tenant.ID, visitor id.Visitor) Subject {
	return Subject{website: t, visitor: visitor, isVisitor: true}
}

// Website returns the website that the data belongs to.
func (s Subject) Website() tenant.ID { return s.website }

// Visitor returns the visitor. ok is false if the subject is the whole website.
func (s Subject) Visitor() (visitor id.Visitor, ok bool) { return s.visitor, s.isVisitor }

// IsVisitor reports whether the subject is one visitor, and not the whole website.
func (s Subject) IsVisitor() bool { return s.isVisitor }

// String returns the subject for logs and keys: "website/3" or "visitor/3/17".
func (s Subject) String() string {
	if s.isVisitor {
		return fmt.Sprintf("visitor/%s/%d", s.website, s.visitor)
	}
	return "website/" + s.website.String()
}
