package visitors

import (
	"context"
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// maxTerms is the number of terms that a visitor is found by.
const maxTerms = 100

// MaxCounted is how many rows of a list with conditions are counted. Counting reads an index entry for each.
const MaxCounted = 10_000

// Search has the terms that searches find a visitor by: those of the name, and of the website's user.
type Search struct {
	Terms   []string `bson:"terms"` // indexed
	Version int64    `bson:"version"`
}

// Indexed returns the visitor with the terms of the facts that are known now.
func (v Visitor) Indexed() Visitor {
	v.Search = &Search{searchterms.Of(maxTerms, v.facts()...), searchterms.Version}
	return v
}

// IsFoundLike reports whether searches find the visitor by the same texts as another one.
func (v Visitor) IsFoundLike(other Visitor) bool { return slices.Equal(v.facts(), other.facts()) }

// facts are the texts that searches find the visitor by.
func (v Visitor) facts() []string {
	facts := []string{v.Name}
	if i := v.Identity; i != nil {
		facts = append(facts, i.UserID, i.Email, i.Name)
	}
	return facts
}

// Select selects visitors of a list for agents. Zero fields don't select.
type Select struct {
	Online   *bool
	Verified *bool
	Blocked  *bool  // whether the team has blocked them
	Page     string // the beginning of the path of the page that they are on
	Search   string
}

// filter returns the filter of a selection.
func (s *Service) filter(sel Select, order paging.Order) (f Filter, err error) {
	if f.Query, err = searchquery.Read(sel.Search, nil, nil, addField); err != nil {
		return f, err
	}
	online := sel.Online
	if sel.Page != "" {
		if online != nil && !*online {
			return f, fault.Bad("pagePath", "can't be combined with online=false: only visitors who are online have a page")
		}
		online = new(bool)
		*online = true
	}
	f.Verified, f.Blocked, f.Page = sel.Verified, sel.Blocked, sel.Page
	since := s.now().Add(-onlineFor)
	switch {
	case online != nil && *online:
		f.SeenSince = since
	case online != nil:
		f.UnseenSince = since
	}
	if len(f.Query.Clauses) > 0 && order == paging.Seen && f.SeenSince.IsZero() { // no index has both
		return f, fault.Bad("sort", "must be newest or oldest in a search for words, unless online=true")
	}
	return f, nil
}

// addField adds the condition of a field of a search.
func addField(q *searchquery.Query, field searchquery.Field) error {
	if field.Name == "tag" {
		return q.Wrong(field, "visitors have no tags")
	}
	return q.Add(field)
}

// Rows returns a window of a website's visitors, in its order.
func (s *Service) Rows(
	ctx context.Context, t tenant.ID, sel Select, w paging.Following,
) (paging.Slice[Visitor], error) {
	f, err := s.filter(sel, w.Order)
	if err != nil {
		return paging.Slice[Visitor]{}, err
	}
	find := func(q searchquery.Query, w paging.Following) (paging.Slice[Visitor], error) {
		f.Query = q
		return s.store.List(ctx, t, f, w)
	}
	return searchquery.List(f.Query, w, find, func(v Visitor, missing searchquery.Missing) (bool, error) {
		return slices.ContainsFunc(v.facts(), missing.Read), nil
	})
}

// Counts is how many visitors a website has, and how many are online.
type Counts struct {
	Total  int64 `json:"total"`
	Online int64 `json:"online"`
}

// Counts returns the number of the website's visitors.
func (s *Service) Counts(ctx context.Context, t tenant.ID) (c Counts, err error) {
	if c.Total, err = s.store.Total(ctx, t); err != nil {
		return c, err
	}
	c.Online, err = s.Online(ctx, t)
	return c, err
}

// maxReindexTries bounds the attempts to analyse a visitor during changes.
const maxReindexTries = 5

// Reindex analyses up to limit visitors after a number again: those that were analysed by an older version, or all. It
// returns the number of the last one, and false if no further one exists.
func (s *Service) Reindex(ctx context.Context, after, limit int64, all bool) (last int64, more bool, err error) {
	rows, more, err := s.store.Analysed(ctx, id.Visitor(after), limit)
	if err != nil {
		return after, false, err
	}
	last = after
	for _, v := range rows {
		last = int64(v.ID)
		if !all && v.Search != nil && v.Search.Version >= searchterms.Version {
			continue
		}
		if err := s.reindex(ctx, v.WebsiteID, v.ID); err != nil {
			return after, false, err
		}
	}
	return last, more, nil
}

// Newest returns the number of the newest visitor of all websites, 0 if there is none.
func (s *Service) Newest(ctx context.Context) (int64, error) { return s.store.Newest(ctx) }

func (s *Service) reindex(ctx context.Context, t tenant.ID, visitor id.Visitor) error {
	for range maxReindexTries {
		found, err := s.store.ByIDs(ctx, t, []id.Visitor{visitor})
		if err != nil || len(found) == 0 { // erased
			return err
		}
		if done, err := s.store.SetTerms(ctx, found[0]); done || err != nil {
			return err
		}
	}
	return nil
}
