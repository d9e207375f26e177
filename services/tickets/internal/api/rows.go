package api

import (
	"context"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/tickets"
)

// mountRows adds the list for agents and its counts to the route table.
func mountRows(r *httpkit.Router, chain operation.Chain, s *tickets.Service) {
	httpkit.Handle(r, "GET /tickets/rows", 200, operation.New(chain, "tickets.list_rows", authz.ProRead,
		func(ctx context.Context, req rows) (paging.Page[row], error) {
			caller := identity.From(ctx)
			filter, err := req.filter(caller.UserID)
			if err != nil {
				return paging.Page[row]{}, err
			}
			window, err := req.window()
			if err != nil {
				return paging.Page[row]{}, err
			}
			found, err := s.List(ctx, caller.Website, filter, window)
			return paging.Envelope(window.Window, found, rowViewsOf(found.Rows)), err
		}))
	httpkit.Handle(r, "GET /tickets/counts", 200, operation.New(chain, "tickets.count_tickets", authz.ProRead,
		func(ctx context.Context, _ operation.None) (counts, error) {
			caller := identity.From(ctx)
			c, err := s.Counts(ctx, caller.Website, caller.UserID)
			return countsOf(c), err
		}))
}

// rows selects a page of rows for agents.
type rows struct {
	list
	Sort          paging.Sort   `query:"sort" json:"-"`
	Tag           httpkit.List  `query:"tag" json:"-"`
	Channel       httpkit.List  `query:"channel" json:"-"`
	CreatedFrom   paging.Moment `query:"createdFrom" json:"-"`
	CreatedBefore paging.Moment `query:"createdBefore" json:"-"`
}

// Validate refuses a cursor of another order.
func (r rows) Validate() error {
	_, err := r.window()
	return err
}

// window returns the requested part of the list in its order.
func (r rows) window() (paging.Following, error) {
	return r.In(r.Sort, paging.Newest, paging.Oldest, paging.Active, paging.Urgent, paging.Best)
}

// maxTags is the number of tags in a filter.
const maxTags = 20

// filter returns the filter for a caller, as that of list. Unlike there, a wrong status or priority is refused.
func (r rows) filter(me id.User) (tickets.Filter, error) {
	f, err := r.list.filter(me)
	if err != nil {
		return f, err
	}
	var wrong fault.Problems
	f.Tags, f.CreatedFrom, f.CreatedBefore = r.Tag, time.Time(r.CreatedFrom), time.Time(r.CreatedBefore)
	wrong.Check(len(f.Tags) <= maxTags, "tag", "must be at most 20")
	for _, status := range f.Statuses {
		wrong.Check(status.Valid(), "status", "must be one or several of NEW, OPEN, PENDING, RESOLVED, CLOSED")
	}
	for _, priority := range f.Priorities {
		wrong.Check(priority.Valid(), "priority", "must be one or several of LOW, MEDIUM, HIGH, URGENT")
	}
	for _, name := range r.Channel {
		channel := tickets.Channel(name)
		wrong.Check(slices.Contains(tickets.Channels, channel), "channel",
			"must be one or several of WIDGET, CONSOLE, API, EMAIL")
		f.Channels = append(f.Channels, channel)
	}
	return f, wrong.Err()
}

// row is a ticket as the list for agents shows it.
type row struct {
	ID             id.Ticket        `json:"id,string"`
	ConversationID *id.Conversation `json:"conversationId"`
	Title          string           `json:"title"`
	Excerpt        string           `json:"excerpt"`
	Status         tickets.Status   `json:"status"`
	Priority       tickets.Priority `json:"priority"`
	Channel        *tickets.Channel `json:"channel"`
	Tags           []string         `json:"tags"`
	Requester      requester        `json:"requester"`
	Assignee       *tickets.User    `json:"assignee"`
	LastAnswer     *answer          `json:"lastAnswer"`
	Messages       int64            `json:"messages"`
	CreatedAt      time.Time        `json:"createdAt"`
	UpdatedAt      time.Time        `json:"updatedAt"`
}

// requester is the author of a ticket.
type requester struct {
	VisitorToken *string `json:"visitorToken"`
	Name         *string `json:"name"`
	Email        *string `json:"email"`
	Verified     bool    `json:"verified"`
}

// answer is the beginning of the last message that isn't a note.
type answer struct {
	Content     string              `json:"content"`
	MessageType tickets.MessageType `json:"messageType"`
	AuthorKind  tickets.AuthorKind  `json:"authorKind"`
	UserID      *id.User            `json:"userId"`
	CreatedAt   time.Time           `json:"createdAt"`
}

func rowViewsOf(details []tickets.Detail) []row {
	views := make([]row, len(details))
	for i, d := range details {
		views[i] = row{
			ID:             d.ID,
			ConversationID: d.ConversationID,
			Title:          d.Title,
			Excerpt:        d.Excerpt(),
			Status:         d.Status,
			Priority:       d.Priority,
			Tags:           d.Tags,
			Requester:      requester(d.Requester()),
			Assignee:       d.Assignee,
			Messages:       d.MessageCount,
			CreatedAt:      d.CreatedAt,
			UpdatedAt:      d.UpdatedAt,
		}
		if d.Channel != "" {
			views[i].Channel = &d.Channel
		}
		if a := d.LastAnswer; a != nil {
			views[i].LastAnswer = &answer{a.Content, a.Type, a.AuthorKind, a.UserID, a.CreatedAt}
		}
	}
	return views
}

// counts is the number of tickets of each view.
type counts struct {
	Mine       *int64 `json:"mine"`
	Unassigned int64  `json:"unassigned"`
	Active     int64  `json:"active"`
	Urgent     int64  `json:"urgent"`
	New        int64  `json:"new"`
	Open       int64  `json:"open"`
	Pending    int64  `json:"pending"`
	Resolved   int64  `json:"resolved"`
	Closed     int64  `json:"closed"`
}

func countsOf(c tickets.Counts) counts {
	return counts{
		Mine:       c.Mine,
		Unassigned: c.Unassigned,
		Active:     c.Active,
		Urgent:     c.Urgent,
		New:        c.ByStatus[tickets.StatusNew],
		Open:       c.ByStatus[tickets.StatusOpen],
		Pending:    c.ByStatus[tickets.StatusPending],
		Resolved:   c.ByStatus[tickets.StatusResolved],
		Closed:     c.ByStatus[tickets.StatusClosed],
	}
}
