package api

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// excerpt is the beginning of a message.
type excerpt struct {
	Content    string               `json:"content"`
	SenderType conversations.Sender `json:"senderType"`
	UserID     *id.User             `json:"userId"`
	CreatedAt  time.Time            `json:"createdAt"`
}

func excerptOf(c conversations.Conversation) *excerpt {
	if c.Last == nil {
		return nil
	}
	e := excerpt(*c.Last)
	return &e
}

func (a api) inbox(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /inbox", 200, operation.New(chain, "conversations.list_inbox", authz.Read,
		func(ctx context.Context, req inbox) (paging.Page[inboxRow], error) {
			caller := identity.From(ctx)
			filter, err := req.filter(caller.UserID)
			if err == nil {
				filter.Mentioned, err = req.mentioned(caller)
			}
			if err != nil {
				return paging.Page[inboxRow]{}, err
			}
			window, err := req.window()
			if err != nil {
				return paging.Page[inboxRow]{}, err
			}
			found, err := a.s.Inbox(ctx, caller.Website, filter, window, req.Snippets)
			if err != nil {
				return paging.Page[inboxRow]{}, err
			}
			rows, err := a.inboxRows(ctx, found.Rows, req.Lang, caller.UserID)
			return paging.Envelope(window.Window, found, rows), err
		}))
	httpkit.Handle(r, "GET /inbox/counts", 200, operation.New(chain, "conversations.count_inbox", authz.Read,
		func(ctx context.Context, _ operation.None) (inboxCounts, error) {
			caller := identity.From(ctx)
			c, err := a.s.InboxCounts(ctx, caller.Website, caller.UserID)
			return inboxCounts(c), err
		}))
	httpkit.Handle(r, "GET /inbox/{token}", 200, operation.New(chain, "conversations.get_inbox_row", authz.Read,
		func(ctx context.Context, req inboxRowOf) (inboxRow, error) {
			caller := identity.From(ctx)
			row, err := a.s.InboxRow(ctx, caller.Website, req.Token)
			if err != nil {
				return inboxRow{}, err
			}
			rows, err := a.inboxRows(ctx, []conversations.InboxRow{row}, req.Lang, caller.UserID)
			if err != nil {
				return inboxRow{}, err
			}
			return rows[0], nil
		}))
}

// inboxCounts is the number of rows of each view.
type inboxCounts struct {
	Mine       *int64   `json:"mine"`
	Unassigned int64    `json:"unassigned"`
	Open       int64    `json:"open"`
	Waiting    int64    `json:"waiting"`
	Overdue    int64    `json:"overdue"`
	Snoozed    int64    `json:"snoozed"`
	Mentioned  *int64   `json:"mentioned"`
	Closed     int64    `json:"closed"`
	Spam       int64    `json:"spam"`
	AtLeast    []string `json:"atLeast"`
}

// inboxRow is a conversation with what a list for agents shows.
type inboxRow struct {
	Conversation conversations.View     `json:"conversation"`
	Visitor      *conversations.Visitor `json:"visitor"`
	Assignee     *agent                 `json:"assignee"`
	LastMessage  *excerpt               `json:"lastMessage"`
	Unread       int64                  `json:"unread"`
	UnreadByMe   *int64                 `json:"unreadByMe"`
	WaitingSince *time.Time             `json:"waitingSince"`
	SnoozedUntil *time.Time             `json:"snoozedUntil"`
	Spam         bool                   `json:"spam"`
	TeamID       *id.Team               `json:"teamId"`
	Feedback     *string                `json:"feedback"`
	RatedAt      *time.Time             `json:"ratedAt"`
	Snippet      *snippet               `json:"snippet"`
	Notes        int64                  `json:"notes"`
	Mentions     []id.User              `json:"mentions"`

	ResponseDueAt   *time.Time `json:"responseDueAt"`
	ResolutionDueAt *time.Time `json:"resolutionDueAt"`

	ScheduledReply *contract.ScheduledTimes `json:"scheduledReply"`
}

// snippet is the part of a message that a search has found.
type snippet struct {
	MessageID id.Message `json:"messageId"`
	Text      string     `json:"text"`
	Marks     [][2]int   `json:"marks"`
}

// inboxRows returns rows for the user me, or for a program, which is 0.
func (a api) inboxRows(
	ctx context.Context, found []conversations.InboxRow, lang string, me id.User,
) ([]inboxRow, error) {
	cs := make([]conversations.Conversation, len(found))
	for i, row := range found {
		cs[i] = row.Conversation
	}
	views, err := a.views(ctx, cs, lang)
	if err != nil {
		return nil, err
	}
	rows := make([]inboxRow, len(found))
	for i, row := range found {
		rows[i] = inboxRow{
			Conversation: views[i], Visitor: row.Visitor, LastMessage: excerptOf(row.Conversation), Unread: row.Unread,
			WaitingSince: row.WaitingSince, SnoozedUntil: row.SnoozeEnd(), Spam: row.In() == conversations.Spam,
			TeamID:   row.TeamID,
			Feedback: row.Feedback, RatedAt: row.RatedAt,
			Notes: row.Notes, Mentions: append([]id.User{}, row.Mentions...), ScheduledReply: row.Scheduled.Times(),
		}
		if row.Due != nil {
			rows[i].ResponseDueAt, rows[i].ResolutionDueAt = row.Due.Response, row.Due.Resolution
		}
		if me != 0 {
			own := row.UnreadBy(me)
			rows[i].UnreadByMe = &own
		}
		if s := row.Snippet; s != nil {
			rows[i].Snippet = &snippet{s.MessageID, s.Text, s.Marks}
		}
		if row.Assignee != nil {
			rows[i].Assignee = &agent{row.Assignee.ID, row.Assignee.Name, row.Assignee.AvatarURL}
		}
	}
	return rows, nil
}

// ownRow is a conversation in a visitor's list.
type ownRow struct {
	Conversation conversations.View `json:"conversation"`
	LastMessage  *excerpt           `json:"lastMessage"`
}

func ownRowsOf(cs []conversations.Conversation) []ownRow {
	rows := make([]ownRow, len(cs))
	for i, c := range cs {
		rows[i] = ownRow{ownOf(c).View, excerptOf(c)}
	}
	return rows
}
