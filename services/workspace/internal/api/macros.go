package api

import (
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/services/workspace"
)

type listMacros struct{ paging.Window }

type newMacro struct {
	sharing
	Name    string             `json:"name"`
	Actions *workspace.Actions `json:"actions"`
}

// Validate requires the actions. Those that are absent do nothing.
func (n newMacro) Validate() error {
	if n.Actions == nil {
		return fault.Bad("actions", "must be an object")
	}
	return nil
}

func (n newMacro) draft(common workspace.Item) workspace.Macro {
	return workspace.Macro{Item: common, Name: n.Name, Actions: *n.Actions}
}

type macroPatch struct {
	byID
	Name    optional.Value[string]            `json:"name"`
	Actions optional.Value[workspace.Actions] `json:"actions"`
}

// Validate refuses null, which only members that can be absent have.
func (p macroPatch) Validate() error {
	if p.Actions.Null {
		return fault.Bad("actions", "must be an object")
	}
	return nil
}

func (p macroPatch) on(m *workspace.Macro) {
	set(&m.Name, p.Name)
	set(&m.Actions, p.Actions)
}

// macro is a macro as agents and programs see it.
type macro struct {
	itemView
	Name    string            `json:"name"`
	Actions workspace.Actions `json:"actions"`
}

// actionsBytes approximates the JSON size of the tags of a macro: 40 names of 64 bytes, each perhaps escaped.
const actionsBytes = 16 << 10

// JSONBytes implements paging.Sized.
func (m macro) JSONBytes() int {
	return viewBytes + actionsBytes + replyBytes(m.Actions.Reply)
}

func replyBytes(text *string) int {
	if text == nil {
		return 0
	}
	return searchterms.JSONLength(*text)
}

func macroOf(m workspace.Macro) macro { return macro{itemOf(m.Item), m.Name, m.Actions} }
