package api

import (
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/services/workspace"
)

type newView struct {
	sharing
	Name     string               `json:"name"`
	Filter   workspace.ViewFilter `json:"filter"`
	Sort     *string              `json:"sort"`
	Position int64                `json:"position"`
}

func (n newView) draft(common workspace.Item) workspace.View {
	v := workspace.View{Item: common, Name: n.Name, Filter: n.Filter, Sort: workspace.Newest, Position: n.Position}
	if n.Sort != nil {
		v.Sort = *n.Sort
	}
	return v
}

type viewPatch struct {
	byID
	Name     optional.Value[string]               `json:"name"`
	Filter   optional.Value[workspace.ViewFilter] `json:"filter"`
	Sort     optional.Value[string]               `json:"sort"`
	Position optional.Value[int64]                `json:"position"`
}

// Validate refuses null, which only members that can be absent have.
func (p viewPatch) Validate() error {
	var wrong fault.Problems
	wrong.Check(!p.Filter.Null, "filter", "must be an object")
	wrong.Check(!p.Position.Null, "position", "must be a whole number")
	return wrong.Err()
}

func (p viewPatch) on(v *workspace.View) {
	set(&v.Name, p.Name)
	set(&v.Filter, p.Filter)
	set(&v.Sort, p.Sort)
	set(&v.Position, p.Position)
}

// view is a saved view as agents and programs see it.
type view struct {
	itemView
	Name     string               `json:"name"`
	Filter   workspace.ViewFilter `json:"filter"`
	Sort     string               `json:"sort" writer:"kept"`
	Position int64                `json:"position"`
}

func viewOf(v workspace.View) view {
	return view{itemView: itemOf(v.Item), Name: v.Name, Filter: v.Filter, Sort: v.Sort, Position: v.Position}
}

type viewList struct {
	Data []view `json:"data"`
}
