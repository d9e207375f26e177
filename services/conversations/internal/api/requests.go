package api

import (
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
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
	Lang       string       `query:"lang" json:"-"`
	Status     httpkit.List `query:"status" json:"-"`
	AssigneeID httpkit.List `query:"assigneeId" json:"-"`
	Rating     httpkit.List `query:"rating" json:"-"`
	VisitorID  id.Visitor   `query:"visitorId" json:"-"`
	Search     string       `query:"search" json:"-"`
}

// filter returns the filter for a caller. me is the user that a person is; it is 0 for a program.
func (l list) filter(me id.User) (conversations.Filter, error) {
	f := conversations.Filter{VisitorID: l.VisitorID, Me: me, Search: l.Search}
	for _, status := range l.Status {
		f.Statuses = append(f.Statuses, conversations.Status(status))
	}
	for _, stars := range l.Rating {
		n, err := strconv.ParseInt(stars, 10, 64)
		if err != nil || n < 1 || n > conversations.MaxStars {
			return f, fault.Bad("rating", "must be whole numbers from 1 to 5, with commas between")
		}
		f.Ratings = append(f.Ratings, n)
	}
	var err error
	if f.Assignees, err = id.ParseAssignees(l.AssigneeID, me); err != nil {
		return f, fault.Bad("assigneeId", err.Error())
	}
	return f, nil
}

type inboxRowOf struct{ byToken }

type ownList struct{ paging.Window }

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
	Token           string      `path:"token" json:"-"`
	Content         string      `json:"content"`
	AuthorID        *id.User    `json:"authorId"`
	ClientMessageID string      `json:"clientMessageId"`
	Attachments     []id.File   `json:"attachments"`
	Assign          bool        `json:"assign"`
	IfLast          *id.Message `json:"ifLast"`
	Change          bulkChange  `json:"change"`
}

// Validate implements the validation of requests in httpkit.
func (m agentMessage) Validate() error {
	if m.IfLast != nil && *m.IfLast <= 0 {
		return fault.Bad("ifLast", "must be the id of a message")
	}
	return nil
}

// ifLast returns the message that must be the last one of an agent, or 0.
func (m agentMessage) ifLast() id.Message {
	if m.IfLast == nil {
		return 0
	}
	return *m.IfLast
}

// patch returns the change that is made after the message. As in every POST, null is like absent, except where it is a
// value: no assignee, no team, and no snooze.
func (m agentMessage) patch() conversations.Patch {
	p := m.Change.patch()
	p.Status.Set = p.Status.Set && !p.Status.Null
	p.Spam.Set, p.Spam.Null = p.Spam.Set && !p.Spam.Null, false
	return p
}

type visitorMessage struct {
	Token           string    `path:"token" json:"-"`
	Content         string    `json:"content"`
	ClientMessageID string    `json:"clientMessageId"`
	Attachments     []id.File `json:"attachments"`
}

type open struct {
	Content         string    `json:"content"`
	ClientMessageID string    `json:"clientMessageId"`
	Attachments     []id.File `json:"attachments"`
	Continue        bool      `json:"continue"`
}

type update struct {
	Token string `path:"token" json:"-"`
	change
	Tags    optional.Value[[]string] `json:"tags"`
	Summary optional.Value[string]   `json:"summary"`
}

func (u update) patch() conversations.Patch {
	p := u.change.patch()
	p.Tags, p.Summary = u.Tags, u.Summary
	return p
}

// change is what one conversation and several can be changed by.
type change struct {
	Status     optional.Value[conversations.Status] `json:"status"`
	AssigneeID optional.Value[id.User]              `json:"assigneeId"`
	// Members of the inbox's row, not of the documented conversation.
	SnoozedUntil optional.Value[time.Time] `json:"snoozedUntil"`
	Spam         optional.Value[bool]      `json:"spam"`
	TeamID       optional.Value[id.Team]   `json:"teamId"`
}

func (c change) patch() conversations.Patch {
	return conversations.Patch{
		Status:       c.Status,
		AssigneeID:   c.AssigneeID,
		SnoozedUntil: c.SnoozedUntil,
		Spam:         c.Spam,
		TeamID:       c.TeamID,
	}
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

func (a api) newsOf(c conversations.View, th conversations.Thread) news {
	n := news{Conversation: c, Users: make([]agent, len(th.Agents))}
	n.Messages, n.HasMore = a.messagesOf(th)
	for i, m := range n.Messages {
		n.Messages[i] = m.ForVisitor()
	}
	for i, u := range th.Agents {
		n.Users[i] = agent{u.ID, u.Name, u.AvatarURL}
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

type attachedFilesOf struct {
	IDs httpkit.IDs[id.File] `query:"ids" json:"-"`
}

type attachedFiles struct {
	IDs []id.File `json:"ids"`
}
