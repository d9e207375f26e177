package conversations

import (
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchterms"
)

const maxSearchWords = 10

// Filter selects conversations of a list. Zero fields don't filter.
type Filter struct {
	Status     Status
	AssigneeID id.User
	Unassigned bool // without an assignee; AssigneeID is ignored
	VisitorID  id.Visitor
	Search     string   // the text of a search, from which List takes the words
	Words      []string // the conversation's messages contain all of them
}

// Validate returns an Invalid fault that lists every wrong field.
func (f Filter) Validate() error {
	var wrong fault.Problems
	wrong.Check(f.Status == "" || f.Status.Valid(), "status", "must be OPEN or CLOSED")
	wrong.Check(len(searchterms.Of(maxSearchWords+1, f.Search)) <= maxSearchWords, "search", "must be at most 10 words")
	return wrong.Err()
}
