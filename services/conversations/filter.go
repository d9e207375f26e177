package conversations

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
)

// Filter selects conversations of a list. Zero fields don't filter.
type Filter struct {
	Statuses  []Status // one of them
	Assignees id.Assignees
	Teams     []*id.Team // one of them; nil is no team
	Ratings   []int64    // one of them, in stars
	VisitorID id.Visitor
	Mentioned *id.User // a user who hasn't seen that a note mentions them; zero has no conversations
	Tags      []string // one of them, by stored name
	Waiting   *bool    // whether the visitor waits for an answer
	Overdue   *bool    // whether something was due before Now
	Now       time.Time
	Rated     bool  // only conversations whose time of rating is known
	Commented *bool // whether the visitor has commented on the rating
	Snoozed   *bool
	Spam      *bool
	// Created from, and before, a time.
	CreatedFrom, CreatedBefore time.Time
	Me                         id.User // the person who searches: assignee:me
	Search                     string  // the text of a search; List reads it into the fields below

	Query searchquery.Query // words of the conversation's messages and of the facts about its visitor, tags, times
}

// searchFields are the fields of a search, beside those of all lists.
var searchFields = []string{"status", "assignee", "team", "rating", "from"}

// Validate returns an Invalid fault that lists every wrong field.
func (f Filter) Validate() error {
	var wrong fault.Problems
	for _, s := range f.Statuses {
		wrong.Check(s.Valid(), "status", "must be OPEN, CLOSED or both")
	}
	wrong.Check(len(f.Tags) <= MaxTags, "tag", "must be at most 20")
	return wrong.Err()
}

// Matches reports whether a conversation with this status, folder and assignee meets the conditions on them.
func (f Filter) Matches(status Status, folder Folder, assignee *id.User) bool {
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, status)) && f.Assignees.Has(assignee) &&
		(f.Snoozed == nil || *f.Snoozed == (folder == Snoozed)) && (f.Spam == nil || *f.Spam == (folder == Spam))
}

// read validates the filter, and returns it with the conditions of its search.
func (f Filter) read() (Filter, error) {
	if err := f.Validate(); err != nil {
		return f, err
	}
	var err error
	f.Query, err = searchquery.Read(f.Search, searchFields, []string{"from"}, f.add)
	f.Query.Between(f.CreatedFrom, f.CreatedBefore)
	return f, err
}

// add adds the condition of a field. Conditions on one value, like the status, replace those of the parameters.
func (f *Filter) add(q *searchquery.Query, field searchquery.Field) (err error) {
	switch field.Name {
	case "status":
		status := Status(strings.ToUpper(field.Value))
		if !status.Valid() {
			return q.Wrong(field, "must be open or closed")
		}
		f.Statuses = []Status{status}
	case "assignee":
		if f.Assignees, err = id.ParseAssignees([]string{field.Value}, f.Me); err != nil {
			return q.Wrong(field, "must be the number of an agent, none, or, for persons, me")
		}
	case "team":
		if f.Teams, err = id.ParseTeams([]string{field.Value}); err != nil {
			return q.Wrong(field, "must be the number of a team, or none")
		}
	case "rating":
		stars, err := strconv.ParseInt(field.Value, 10, 64)
		if err != nil || stars < 1 || stars > MaxStars {
			return q.Wrong(field, "must be a number from 1 to 5")
		}
		f.Ratings = []int64{stars}
	case "from":
		addVisitor(q, field)
	default:
		return q.Add(field)
	}
	return err
}

// addVisitor adds conditions on what is known about the visitor.
func addVisitor(q *searchquery.Query, field searchquery.Field) {
	facts := searchterms.Clauses(field.Value, false)
	for _, c := range facts {
		for i, term := range c.Terms {
			c.Terms[i] = visitorMark + term
		}
	}
	if field.Without {
		q.Without = append(q.Without, facts)
	} else {
		q.Clauses = append(q.Clauses, facts...)
	}
}

// visitorMark begins the terms of facts about a visitor, which are stored beside the plain ones.
const visitorMark = "@"

// VisitorTerms returns the terms of the facts about a visitor, up to maxVisitorTerms.
func VisitorTerms(v Visitor) []string {
	facts := []string{v.Name}
	if i := v.Identity; i != nil {
		facts = append(facts, i.UserID)
		for _, text := range []*string{i.Email, i.Name} {
			if text != nil {
				facts = append(facts, *text)
			}
		}
	}
	terms := searchterms.Of(maxVisitorTerms, facts...)
	for _, term := range terms {
		terms = append(terms, visitorMark+term)
	}
	return terms
}
