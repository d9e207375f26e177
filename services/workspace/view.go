package workspace

import (
	"fmt"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchquery"
)

// The bounds of saved views.
const (
	MaxViews    = 1_000 // of one website, shared and own ones together
	MaxViewsOf  = 40    // shared ones, and those of one user
	maxPosition = 1_000
	maxListed   = 20 // values of a list in a filter
	maxTag      = 64 // bytes of the name of a tag
	maxStars    = 5
)

// View is a saved filter of the inbox, with an order.
type View struct {
	Item     `bson:"inline"`
	Name     string     `bson:"name"`
	Filter   ViewFilter `bson:"filter"`
	Sort     string     `bson:"sort"`     // "newest", "oldest" or "waiting"
	Position int64      `bson:"position"` // views are listed by it, then by their creation
}

// ViewFilter has the parameters of GET /inbox. Absent ones don't filter.
type ViewFilter struct {
	Search     string   `bson:"search,omitempty"     json:"search,omitempty"`
	Status     []string `bson:"status,omitempty"     json:"status,omitempty"`
	AssigneeID []string `bson:"assigneeId,omitempty" json:"assigneeId,omitempty"`
	TeamID     []string `bson:"teamId,omitempty"     json:"teamId,omitempty"`
	Tag        []string `bson:"tag,omitempty"        json:"tag,omitempty"`
	Rating     []int64  `bson:"rating,omitempty"     json:"rating,omitempty"`
	Mentioned  *string  `bson:"mentioned,omitempty"  json:"mentioned,omitempty"`
	Waiting    *bool    `bson:"waiting,omitempty"    json:"waiting,omitempty"`
	Overdue    *bool    `bson:"overdue,omitempty"    json:"overdue,omitempty"`
	Snoozed    *bool    `bson:"snoozed,omitempty"    json:"snoozed,omitempty"`
	Spam       *bool    `bson:"spam,omitempty"       json:"spam,omitempty"`
}

// Newest is the order of views that name none.
const Newest = "newest"

// sorts are the orders of the inbox, and searchFields the fields of its search.
var (
	sorts        = []string{Newest, "oldest", "waiting"}
	searchFields = []string{"status", "assignee", "team", "rating", "from"}
)

func (v *View) check(wrong *fault.Problems) {
	checkName(wrong, "name", v.Name)
	wrong.Check(slices.Contains(sorts, v.Sort), "sort", "must be newest, oldest or waiting")
	wrong.Check(v.Position >= 0 && v.Position <= maxPosition, "position", fmt.Sprintf("must be 0 to %d", maxPosition))
	v.Filter.check(wrong)
}

func (v *View) audited() map[string]any { return map[string]any{"name": v.Name} }

func (v *View) complete() {}

// check checks the values as the inbox does, except that it looks up nothing, and leaves the values of the fields of
// a search to the inbox: they can become wrong later.
func (f ViewFilter) check(wrong *fault.Problems) {
	if _, err := searchquery.Parse(f.Search, searchFields...); err != nil {
		wrong.Add("filter.search", fault.From(err).Message)
	}
	for _, status := range f.Status {
		checkStatus(wrong, "filter.status", status)
	}
	if _, err := id.ParseAssignees(f.AssigneeID, anyUser); err != nil {
		wrong.Add("filter.assigneeId", err.Error())
	}
	if _, err := id.ParseTeams(f.TeamID); err != nil {
		wrong.Add("filter.teamId", err.Error())
	}
	checkTags(wrong, "filter.tag", f.Tag)
	for _, stars := range f.Rating {
		wrong.Check(stars >= 1 && stars <= maxStars, "filter.rating", "must be whole numbers from 1 to 5")
	}
	if f.Mentioned != nil {
		mentioned, err := id.ParseAssignees([]string{*f.Mentioned}, anyUser)
		wrong.Check(err == nil && !mentioned.None, "filter.mentioned", "must be me, or the number of a user")
	}
	for field, n := range map[string]int{
		"filter.status": len(f.Status), "filter.assigneeId": len(f.AssigneeID), "filter.rating": len(f.Rating),
		"filter.teamId": len(f.TeamID),
	} {
		wrong.Check(n <= maxListed, field, fmt.Sprintf("must be at most %d", maxListed))
	}
}

// anyUser stands for the person who uses a view or macro, so that me is a correct value.
const anyUser id.User = 1

func checkStatus(wrong *fault.Problems, field, status string) {
	wrong.Check(status == "OPEN" || status == "CLOSED", field, "must be OPEN or CLOSED")
}

func checkTags(wrong *fault.Problems, field string, tags []string) {
	wrong.Check(len(tags) <= maxListed, field, fmt.Sprintf("must be at most %d", maxListed))
	for _, tag := range tags {
		isName := strings.TrimSpace(tag) != "" && len(tag) <= maxTag
		wrong.Check(isName, field, fmt.Sprintf("must be names of 1 to %d bytes", maxTag))
	}
}
