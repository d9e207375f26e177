package api

import (
	"net/url"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/conversations"
)

// messagesOf returns the messages of a thread that fit into one response, and whether more follow.
func (a api) messagesOf(th conversations.Thread) (views []conversations.MessageView, more bool) {
	views = make([]conversations.MessageView, len(th.Messages))
	for i, m := range th.Messages {
		views[i] = a.s.View(m)
	}
	views, cut := paging.Fit(views)
	return views, cut || th.HasMore
}

// linkNext returns the Link header for the next page of messages, or "" if there is none.
func linkNext(at *url.URL, messages []conversations.MessageView, more bool) string {
	if !more {
		return ""
	}
	return paging.Link(at, "next", "after", strconv.FormatInt(int64(messages[len(messages)-1].ID), 10))
}

// thread is a conversation with its messages, for agents.
type thread struct {
	Conversation conversations.View          `json:"conversation"`
	Messages     []conversations.MessageView `json:"messages"`
	// more messages follow; request them with after=<last id>
	HasMore bool                   `json:"hasMore,omitzero"`
	Visitor *conversations.Visitor `json:"visitor"`
	Users   []conversations.Agent  `json:"users"`
	of      version.Of
}

// Links returns the link to the next page of messages.
func (t thread) Links(at *url.URL) string { return linkNext(at, t.Messages, t.HasMore) }

// Revision is the version of the conversation in the thread.
func (t thread) Revision() version.Of { return t.of }

// changed is a conversation after a change.
type changed struct {
	conversations.View
	of version.Of
}

// Revision is the version of the conversation in the response.
func (c changed) Revision() version.Of { return c.of }

// ownOf returns a conversation as responses to its own visitor show it.
func ownOf(c conversations.Conversation) changed {
	return changed{c.View(time.Now(), nil, "").ForVisitor(), c.Revision()}
}

// agent is the part of an agent that visitors see.
type agent struct {
	ID        id.User `json:"id"`
	Name      string  `json:"name"`
	AvatarURL *string `json:"avatarUrl"`
}

// news is the messages after a given one, for visitors.
type news struct {
	Conversation conversations.View          `json:"conversation"`
	Messages     []conversations.MessageView `json:"messages"`
	Users        []agent                     `json:"users"`
	HasMore      bool                        `json:"hasMore"` // more messages follow; request them with after=<last id>
}

// Links returns the link to the next page of messages.
func (n news) Links(at *url.URL) string { return linkNext(at, n.Messages, n.HasMore) }

// posted is a posted message. The status is 201, or 200 if it had been posted before.
type posted struct {
	conversations.MessageView
	fresh bool
}

// HTTPStatus is 201 for a new message, 200 for a repeated one.
func (p posted) HTTPStatus() int { return createdOr200(p.fresh) }

// opened is a new conversation with its first message.
type opened struct {
	Conversation conversations.View        `json:"conversation"`
	Message      conversations.MessageView `json:"message"`
	fresh        bool
}

// HTTPStatus is 201 for a new conversation, 200 for a repeated one.
func (o opened) HTTPStatus() int { return createdOr200(o.fresh) }

func createdOr200(fresh bool) int {
	if fresh {
		return 201
	}
	return 200
}

// tag is an entry of the catalogue.
type tag struct {
	Name  string            `json:"name" writer:"kept"`
	Names map[string]string `json:"names"`
}

func tagOf(t conversations.Tag) tag { return tag{t.Name, t.Names} }
