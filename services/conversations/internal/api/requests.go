package api

import (
	"errors"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/services/conversations"
)

// MaxImportBody is the maximum size of an import's body in bytes.
const MaxImportBody = 8 << 20

const newsLimit = 200 // messages in one response to a visitor

type byToken struct {
	Token string `path:"token" json:"-"`
	Lang  string `query:"lang" json:"-"`
}

type threadOf struct {
	byToken
	After paging.After `query:"after" json:"-"`
}

// list selects a page of conversations. Invalid values of page, limit and lang are never refused, as documented.
type list struct {
	paging.Following
	Lang       string         `query:"lang" json:"-"`
	Status     string         `query:"status" json:"-"`
	AssigneeID assigneeFilter `query:"assigneeId" json:"-"`
	VisitorID  id.Visitor     `query:"visitorId" json:"-"`
	Search     string         `query:"search" json:"-"`
}

func (l list) filter() conversations.Filter {
	return conversations.Filter{
		Status:     conversations.Status(l.Status),
		AssigneeID: l.AssigneeID.id,
		Unassigned: l.AssigneeID.none,
		VisitorID:  l.VisitorID,
		Search:     l.Search,
	}
}

// assigneeFilter is the assignee in a query: an id, or "none".
type assigneeFilter struct {
	id   id.User
	none bool
}

// UnmarshalText reads an id or the word none.
func (h *assigneeFilter) UnmarshalText(b []byte) error {
	if string(b) == "none" {
		h.none = true
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n <= 0 {
		return errAssigneeFilter
	}
	h.id = id.User(n)
	return nil
}

var errAssigneeFilter = errors.New("must be a positive whole number, or none")

type counts struct {
	Since paging.Moment `query:"since" json:"-"`
}

// Validate requires a time: without one, the request would count all conversations.
func (c counts) Validate() error {
	if time.Time(c.Since).IsZero() {
		return fault.Bad("since", paging.ErrMoment.Error())
	}
	return nil
}

type rate struct {
	Token    string  `path:"token" json:"-"`
	Rating   int64   `json:"rating"`
	Feedback *string `json:"feedback"`
}

type agentMessage struct {
	Token           string   `path:"token" json:"-"`
	Content         string   `json:"content"`
	AuthorID        *id.User `json:"authorId"`
	ClientMessageID string   `json:"clientMessageId"`
}

type visitorMessage struct {
	Token           string `path:"token" json:"-"`
	Content         string `json:"content"`
	ClientMessageID string `json:"clientMessageId"`
}

type open struct {
	Content         string `json:"content"`
	ClientMessageID string `json:"clientMessageId"`
	Continue        bool   `json:"continue"`
}

type update struct {
	Token      string                               `path:"token" json:"-"`
	Status     optional.Value[conversations.Status] `json:"status"`
	AssigneeID optional.Value[id.User]              `json:"assigneeId"`
	Tags       optional.Value[[]string]             `json:"tags"`
	Summary    optional.Value[string]               `json:"summary"`
}

type typing struct {
	Token  string `path:"token" json:"-"`
	Typing *bool  `json:"typing"`
}

// Validate implements the validation of requests in httpkit.
func (t typing) Validate() error {
	if t.Typing == nil {
		return fault.Bad("typing", "must be true or false")
	}
	return nil
}

// read has no body.
type read struct {
	Token string `path:"token" json:"-"`
}

type since struct {
	Token string       `path:"token" json:"-"`
	After paging.After `query:"after" json:"-"`
}

func newsOf(c conversations.View, th conversations.Thread) news {
	n := news{Conversation: c, Users: make([]agent, len(th.Agents))}
	n.Messages, n.HasMore = messagesOf(th)
	for i, m := range n.Messages {
		n.Messages[i] = m.ForVisitor()
	}
	for i, a := range th.Agents {
		n.Users[i] = agent{a.ID, a.Name, a.AvatarURL}
	}
	return n
}

type openOf struct {
	VisitorID id.Visitor `query:"visitorId" json:"-"`
}

// visitorSays is a message that another service posts for a visitor. A token selects the conversation.
type visitorSays struct {
	VisitorID id.Visitor `json:"visitorId"`
	Token     string     `json:"token"`
	open
}

type resolved struct {
	ID        id.Conversation `json:"id"`
	VisitorID id.Visitor      `json:"visitorId"`
}

type importRequest struct {
	Rows []struct {
		Key    string   `json:"key"`
		Topics []string `json:"topics"`
		Turns  []struct {
			From string `json:"from"`
			Text string `json:"text"`
		} `json:"turns"`
	} `json:"rows"`
}

func (r importRequest) rows() conversations.Rows {
	rows := make(conversations.Rows, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = conversations.Row{Key: row.Key, Topics: row.Topics, Turns: make([]conversations.Turn, len(row.Turns))}
		for j, t := range row.Turns {
			rows[i].Turns[j] = conversations.Turn(t)
		}
	}
	return rows
}

type importResult struct {
	Imported int `json:"imported" writer:"kept"`
	Existing int `json:"existing" writer:"kept"`
}

type tagList struct {
	Data []tag `json:"data"`
}

type putTag struct {
	Name  string            `path:"name" json:"-"`
	Names map[string]string `json:"names"`
}

type deleteTag struct {
	Name string `path:"name" json:"-"`
}

type deletedTag struct {
	Name    string `json:"name" writer:"kept"`
	Deleted bool   `json:"deleted" writer:"kept"`
}

type ofUser struct {
	ID id.User `path:"id" json:"-"`
}

// unassigned reports whether there may be more to unassign.
type unassigned struct {
	More bool `json:"more"`
}
