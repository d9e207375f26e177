package workspace

import (
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
)

// The bounds of macros.
const (
	MaxMacros   = 500           // of one website, shared and own ones together
	MaxMacrosOf = 200           // shared ones, and those of one user
	maxSnooze   = 366 * 24 * 60 // minutes
)

// Macro is what an agent does with a conversation in one step. The order of its actions has no meaning: a client
// applies all of them in one transaction, as a message with a change, or as a change.
type Macro struct {
	Item    `bson:"inline"`
	Name    string  `bson:"name"`
	Actions Actions `bson:"actions"`
}

// Actions are what a macro does. Nil fields do nothing.
type Actions struct {
	Reply         *string  `bson:"reply,omitempty"         json:"reply,omitempty"` // a text with variables
	Status        *string  `bson:"status,omitempty"        json:"status,omitempty"`
	AssigneeID    *string  `bson:"assigneeId,omitempty"    json:"assigneeId,omitempty"` // a number, "me" or "none"
	TeamID        *string  `bson:"teamId,omitempty"        json:"teamId,omitempty"`     // a number, or "none"
	AddTags       []string `bson:"addTags,omitempty"       json:"addTags,omitempty"`
	RemoveTags    []string `bson:"removeTags,omitempty"    json:"removeTags,omitempty"`
	SnoozeMinutes *int64   `bson:"snoozeMinutes,omitempty" json:"snoozeMinutes,omitempty"`
}

func (m *Macro) check(wrong *fault.Problems) {
	checkName(wrong, "name", m.Name)
	m.Actions.check(wrong)
}

func (m *Macro) audited() map[string]any { return map[string]any{"name": m.Name} }

func (m *Macro) complete() {}

func (a Actions) check(wrong *fault.Problems) {
	if a.Reply != nil {
		wrong.Check(strings.TrimSpace(*a.Reply) != "", "actions.reply", "must not be blank")
		checkText(wrong, "actions.reply", *a.Reply)
	}
	if a.Status != nil {
		checkStatus(wrong, "actions.status", *a.Status)
	}
	if a.AssigneeID != nil {
		_, err := id.ParseAssignees([]string{*a.AssigneeID}, anyUser)
		wrong.Check(err == nil, "actions.assigneeId", "must be the number of a user, me or none")
	}
	if a.TeamID != nil {
		_, err := id.ParseTeams([]string{*a.TeamID})
		wrong.Check(err == nil, "actions.teamId", "must be the number of a team, or none")
	}
	checkTags(wrong, "actions.addTags", a.AddTags)
	checkTags(wrong, "actions.removeTags", a.RemoveTags)
	if minutes := a.SnoozeMinutes; minutes != nil {
		wrong.Check(*minutes >= 1 && *minutes <= maxSnooze, "actions.snoozeMinutes", "must be 1 minute to 366 days")
		wrong.Check(a.Status == nil || *a.Status != "CLOSED", "actions.snoozeMinutes",
			"must be absent if the conversation is closed")
	}
}
