package tickets

import (
	"context"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// maxTerms is the number of terms that a ticket is found by. If it is reached, the terms of the newest messages stay.
const maxTerms = 6_000

// Search has the terms that a ticket is found by: those of its number, title, description and address first, then those
// of its messages, up to maxTerms.
type Search struct {
	Terms   []string `bson:"terms"` // indexed
	Heard   []string `bson:"heard"` // the terms of the messages, kept for changes of the other texts
	Version int64    `bson:"version,omitempty"`
}

// indexed returns the ticket with the terms of its own texts as they are now, and of its messages so far.
func (t Ticket) indexed() Ticket {
	texts := []string{strconv.FormatInt(int64(t.ID), 10), t.Title, t.Description}
	for _, text := range []*string{t.Email, t.Summary} {
		if text != nil {
			texts = append(texts, *text)
		}
	}
	own := searchterms.Of(maxTerms, append(texts, t.Tags...)...)
	heard := t.Search.Heard
	t.Search = Search{merge(own, heard[max(0, len(heard)-max(0, maxTerms-len(own))):]), heard, searchterms.Version}
	return t
}

// withMessage returns the ticket with the terms of one more message.
func (t Ticket) withMessage(content string) Ticket {
	heard := merge(t.Search.Heard, searchterms.Of(maxTerms, content))
	t.Search.Heard = heard[max(0, len(heard)-maxTerms):]
	return t.indexed()
}

// merge returns the different terms of both lists in order.
func merge(a, b []string) []string {
	seen := make(map[string]bool, len(a)+len(b))
	merged := make([]string, 0, len(a)+len(b))
	for _, list := range [][]string{a, b} {
		for _, w := range list {
			if !seen[w] {
				seen[w] = true
				merged = append(merged, w)
			}
		}
	}
	return merged
}

// searchFields are the fields of a search, beside those of all lists.
var searchFields = []string{"status", "priority", "assignee"}

// read returns the filter with the conditions of its search.
func (f Filter) read() (Filter, error) {
	var err error
	f.Query, err = searchquery.Read(f.Search, searchFields, nil, f.add)
	f.Query.Between(f.CreatedFrom, f.CreatedBefore)
	return f, err
}

// add adds the condition of a field. Conditions on one value, like the status, replace those of the parameters.
func (f *Filter) add(q *searchquery.Query, field searchquery.Field) (err error) {
	switch field.Name {
	case "status":
		status := Status(strings.ToUpper(field.Value))
		if !status.Valid() {
			return q.Wrong(field, "must be new, open, pending, resolved or closed")
		}
		f.Statuses = []Status{status}
	case "priority":
		priority := Priority(strings.ToUpper(field.Value))
		if !priority.Valid() {
			return q.Wrong(field, "must be low, medium, high or urgent")
		}
		f.Priorities = []Priority{priority}
	case "assignee":
		if f.Assignees, err = id.ParseAssignees([]string{field.Value}, f.Me); err != nil {
			return q.Wrong(field, "must be the number of an agent, none, or, for persons, me")
		}
	default:
		return q.Add(field)
	}
	return err
}

// list is List for a filter whose search is read.
func (s *Service) list(
	ctx context.Context, t tenant.ID, f Filter, w paging.Following,
) (paging.Slice[Ticket], error) {
	find := func(q searchquery.Query, w paging.Following) (paging.Slice[Ticket], error) {
		f.Query = q
		return s.store.List(ctx, t, f, w)
	}
	return searchquery.List(f.Query, w, find, func(one Ticket, missing searchquery.Missing) (bool, error) {
		if missing.Read(one.Title) || missing.Read(one.Description) {
			return true, nil
		}
		return s.hasPhrases(ctx, one, missing)
	})
}

func (s *Service) hasPhrases(ctx context.Context, one Ticket, missing searchquery.Missing) (bool, error) {
	return searchquery.ReadPages(missing, func(after id.TicketMessage) ([]Message, bool, error) {
		return s.store.Messages(ctx, one.WebsiteID, one.ID, after)
	}, func(m Message) (id.TicketMessage, string) { return m.ID, m.Content })
}

// IndexVersion is the version of what Reindex sets. The second part is that of the members beside the terms.
const IndexVersion = searchterms.Version<<8 + 1

// Reindex analyses up to limit tickets after a number again: those that were analysed by an older version, or all. It
// also sets their place in the order of priorities. It returns the number of the last one, and false if no further one
// exists.
func (s *Service) Reindex(ctx context.Context, after, limit int64, all bool) (last int64, more bool, err error) {
	rows, more, err := s.store.Analysed(ctx, id.Ticket(after), limit)
	if err != nil {
		return after, false, err
	}
	last = after
	for _, one := range rows {
		last = int64(one.ID)
		if !all && one.Search.Version >= searchterms.Version && !one.Urgency.IsZero() {
			continue
		}
		err := s.store.Index(ctx, one, func(stored Ticket, messages []Message) Ticket {
			stored.Search.Heard, stored.Urgency = nil, stored.PlaceByPriority()
			for _, m := range messages {
				stored.Search.Heard = merge(stored.Search.Heard, searchterms.Of(0, m.Content))
			}
			stored.Search.Heard = stored.Search.Heard[max(0, len(stored.Search.Heard)-maxTerms):]
			return stored.indexed()
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return after, false, err
		}
	}
	return last, more, nil
}

// Newest returns the number of the newest ticket of all websites, 0 if there is none.
func (s *Service) Newest(ctx context.Context) (int64, error) { return s.store.Newest(ctx) }
