package api

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/changefeed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// MountExport adds the exports of conversations and messages to the route table. log is the service's own event log.
func MountExport(r *httpkit.Router, chain operation.Chain, s *conversations.Service, log changefeed.Log) {
	all, said := conversationExport(api{s}, log), messageExport(api{s}, log)
	httpkit.Handle(r, "GET /export/conversations", 200,
		operation.New(chain, "conversations.export_conversations", authz.Read, all.Answer))
	httpkit.Handle(r, "GET /export/messages", 200,
		operation.New(chain, "conversations.export_messages", authz.Read, said.Answer))
}

func conversationExport(a api, log changefeed.Log) changefeed.Kind {
	return changefeed.Kind{
		Name: "conversations", Log: log, Keys: changedConversations,
		Walk: func(ctx context.Context, t tenant.ID, behind paging.Cursor, limit int64) ([]changefeed.Row, bool, error) {
			found, err := a.s.List(ctx, t, conversations.Filter{}, changefeed.Window(behind, limit))
			rows, err := a.rows(ctx, found.Rows, err)
			return rows, found.More, err
		},
		ByKeys: func(ctx context.Context, t tenant.ID, keys []int64) ([]changefeed.Row, bool, error) {
			found, err := a.s.ByIDs(ctx, t, changefeed.IDs[id.Conversation](keys))
			rows, err := a.rows(ctx, found, err)
			return rows, false, err
		},
		Gone: func(key int64) any { return gone{true, id.Conversation(key)} },
	}
}

func messageExport(a api, log changefeed.Log) changefeed.Kind {
	return changefeed.Kind{
		Name:  "messages",
		Log:   log,
		Keys:  changedMessages,
		Owner: func(key int64) int64 { return int64(conversations.ConversationOf(id.Message(key))) },
		Walk: func(ctx context.Context, t tenant.ID, behind paging.Cursor, limit int64) ([]changefeed.Row, bool, error) {
			found, more, err := a.s.MessagesBehind(ctx, t, id.Message(behind.ID), limit)
			return a.messageRows(found), more, err
		},
		ByKeys: func(ctx context.Context, t tenant.ID, keys []int64) ([]changefeed.Row, bool, error) {
			found, cut, err := a.s.MessagesByIDs(ctx, t, changefeed.IDs[id.Message](keys))
			return a.messageRows(found), cut, err
		},
		Below: func(ctx context.Context, t tenant.ID, conversation, behind, limit int64) ([]changefeed.Row, bool, error) {
			found, more, err := a.s.Messages(ctx, t, id.Conversation(conversation), id.Message(behind), limit)
			return a.messageRows(found), more, err
		},
		Gone:    func(key int64) any { return goneMessages{true, conversations.ConversationOf(id.Message(key))} },
		GoneAll: func(conversation int64) any { return goneMessages{true, id.Conversation(conversation)} },
	}
}

// changedConversations returns the conversations whose exported view a record changes.
func changedConversations(r outbox.Record) (keys []changefeed.Key, err error) {
	shown := true
	switch r.Type {
	case contract.ConversationRead, contract.NoteCreated, contract.NoteUpdated, contract.NoteDeleted:
		shown = false
	case contract.MessageCreated:
		var d contract.MessageCreatedData
		err = r.Decode(&d)
		at := d.Conversation.FirstMessageAt
		shown = at != nil && d.Message.SenderType == conversations.FromAgent && at.Equal(d.Message.CreatedAt)
	case contract.ConversationsImported:
		var d contract.ConversationsImportedData
		err = r.Decode(&d)
		return changefeed.RowKeys(d.ConversationIDs...), err
	}
	if shown {
		keys = changefeed.RowKeys(r.Key)
	}
	return keys, err
}

// changedMessages returns the messages that a record changes. All messages of a conversation are one key: they are
// exported together, so that a deleted conversation is reported once and none of its messages is listed.
func changedMessages(r outbox.Record) (keys []changefeed.Key, err error) {
	switch r.Type {
	case contract.MessageCreated:
		var created contract.MessageCreatedData
		err = r.Decode(&created)
		return changefeed.RowKeys(created.Message.ID), err
	case contract.ConversationRead, contract.NoteCreated, contract.NoteUpdated, contract.NoteDeleted:
		var read contract.ConversationReadData
		err = r.Decode(&read)
		return changefeed.RowKeys(read.MessageIDs...), err
	case contract.ConversationErased:
		return []changefeed.Key{changefeed.AllOf(r.Key)}, nil
	case contract.ConversationsImported:
		var imported contract.ConversationsImportedData
		err = r.Decode(&imported)
		for _, conversation := range imported.ConversationIDs {
			keys = append(keys, changefeed.AllOf(int64(conversation)))
		}
	}
	return keys, err
}

// exported is the row of an export for a conversation.
type exported struct {
	conversations.View
	Feedback *string    `json:"feedback"`
	RatedAt  *time.Time `json:"ratedAt"`
	TeamID   *id.Team   `json:"teamId"`
}

// gone is the row of an export for an erased conversation.
type gone struct {
	Deleted bool            `json:"deleted"`
	ID      id.Conversation `json:"id"`
}

// goneMessages is the row of an export for all messages of an erased conversation.
type goneMessages struct {
	Deleted        bool            `json:"deleted"`
	ConversationID id.Conversation `json:"conversationId"`
}

func (a api) rows(ctx context.Context, found []conversations.Conversation, err error) ([]changefeed.Row, error) {
	if err != nil {
		return nil, err
	}
	views, err := a.views(ctx, found, "")
	rows := make([]changefeed.Row, len(views))
	for i, c := range found[:len(views)] {
		row := exported{views[i], c.Feedback, c.RatedAt, c.TeamID}
		rows[i] = changefeed.Row{Key: int64(c.ID), At: c.UpdatedAt, ID: int64(c.ID), View: row}
	}
	return rows, err
}

func (a api) messageRows(found []conversations.Message) []changefeed.Row {
	rows := make([]changefeed.Row, len(found))
	for i, m := range found {
		rows[i] = changefeed.Row{Key: int64(m.ID), At: m.CreatedAt, ID: int64(m.ID), View: a.s.View(m)}
	}
	return rows
}
