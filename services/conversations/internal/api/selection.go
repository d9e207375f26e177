package api

import (
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/conversations"
)

// inbox selects a page of rows for agents.
type inbox struct {
	list
	Sort          paging.Sort   `query:"sort" json:"-"`
	Tag           httpkit.List  `query:"tag" json:"-"`
	TeamID        httpkit.List  `query:"teamId" json:"-"`
	Waiting       httpkit.Flag  `query:"waiting" json:"-"`
	Overdue       httpkit.Flag  `query:"overdue" json:"-"`
	Commented     httpkit.Flag  `query:"commented" json:"-"`
	Snoozed       httpkit.Flag  `query:"snoozed" json:"-"`
	Spam          httpkit.Flag  `query:"spam" json:"-"`
	CreatedFrom   paging.Moment `query:"createdFrom" json:"-"`
	CreatedBefore paging.Moment `query:"createdBefore" json:"-"`
	Snippets      bool          `query:"snippets" json:"-"`
	Mentioned     string        `query:"mentioned" json:"-"`
}

// Validate refuses a cursor of another order.
func (i inbox) Validate() error {
	_, err := i.window()
	return err
}

// window returns the requested part of the list in its order.
func (i inbox) window() (paging.Following, error) {
	return i.In(i.Sort, paging.Newest, paging.Oldest, paging.Waiting, paging.Rated, paging.Best)
}

// filter returns the filter for a caller, as that of list. Spam is left out unless it is requested. A list of changes
// has it, because a row that has become spam is a change.
func (i inbox) filter(me id.User) (conversations.Filter, error) {
	f, err := i.list.filter(me)
	f.Tags, f.Waiting, f.Snoozed, f.Spam = i.Tag, i.Waiting.Ptr(), i.Snoozed.Ptr(), i.Spam.Ptr()
	f.Commented, f.Overdue = i.Commented.Ptr(), i.Overdue.Ptr()
	f.CreatedFrom, f.CreatedBefore = time.Time(i.CreatedFrom), time.Time(i.CreatedBefore)
	if f.Spam == nil && !i.Follows() {
		f.Spam = new(bool)
	}
	if err != nil {
		return f, err
	}
	if f.Teams, err = id.ParseTeams(i.TeamID); err != nil {
		return f, fault.Bad("teamId", err.Error())
	}
	return f, nil
}

// mentioned returns the user whose mentions are requested, or nil. A program that asks for its own has none.
func (i inbox) mentioned(p identity.Principal) (*id.User, error) {
	switch i.Mentioned {
	case "":
		return nil, nil
	case "me":
		return &p.UserID, nil
	}
	users, err := id.ParseAssignees([]string{i.Mentioned}, 0)
	if err != nil || users.None {
		return nil, fault.Bad("mentioned", "must be me or the number of a user")
	}
	return &users.Users[0], nil
}
