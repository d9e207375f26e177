package tickets

import (
	"reflect"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
)

// Patch is a partial update. Absent members change nothing. Null clears members that may be empty: the description, the
// e-mail address, visitorToken and assigneeId. It doesn't change those that may not: title, priority and status.
type Patch struct {
	Title, Description, Email, Priority, Status optional.Value[string]
	VisitorToken                                optional.Value[string]
	AssigneeID                                  optional.Value[id.User]

	visitorID *id.Visitor // the visitor of VisitorToken, once it is resolved
}

// Validate reports every invalid member.
func (p Patch) Validate() error {
	var wrong fault.Problems
	for _, m := range []struct {
		value optional.Value[string]
		check func(string, *fault.Problems)
	}{
		{p.Title, checkTitle},
		{p.Description, checkDescription},
		{p.Email, checkEmail},
		{p.Priority, checkPriority},
		{p.Status, checkStatus},
		{p.VisitorToken, checkVisitorToken},
	} {
		if v := m.value.Ptr(); v != nil {
			m.check(*v, &wrong)
		}
	}
	checkUser("assigneeId", p.AssigneeID.Ptr(), &wrong)
	return wrong.Err()
}

// apply returns t with p's changes, as of now. A patch that changes nothing doesn't change UpdatedAt either.
func (p Patch) apply(t Ticket, now time.Time) Ticket {
	before := t
	if v := p.Title.Ptr(); v != nil {
		t.Title = *v
	}
	if p.Description.Set {
		t.Description = p.Description.V
	}
	if p.Email.Set {
		t.Email = p.Email.Ptr()
	}
	if v := p.Priority.Ptr(); v != nil {
		t.Priority = Priority(*v)
		t.Urgency = t.PlaceByPriority()
	}
	if v := p.Status.Ptr(); v != nil {
		t.Status = Status(*v)
	}
	if p.VisitorToken.Set {
		t.VisitorID = p.visitorID
	}
	if p.AssigneeID.Set {
		t.AssigneeID = p.AssigneeID.Ptr()
	}
	if t.Title != before.Title || t.Description != before.Description || t.Email != before.Email {
		t = t.indexed()
	}
	if !reflect.DeepEqual(t, before) {
		t.UpdatedAt = now
	}
	return t
}
