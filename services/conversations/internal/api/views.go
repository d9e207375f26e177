package api

import (
	"net/url"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/conversations"
)

// messagesOf gives the messages of a thread that fit into an answer, and whether more follow.
func messagesOf(th conversations.Thread) (views []conversations.MessageView, more bool) {
	views = make([]conversations.MessageView, len(th.Messages))
	for i, m := range th.Messages {
		views[i] = m.View()
	}
	views, cut := paging.Fit(views)
	return views, cut || th.HasMore
}

// linkBehind gives the header Link of an answer with messages, if more follow.
func linkBehind(at *url.URL, messages []conversations.MessageView, more bool) string {
	if !more {
		return ""
	}
	return paging.Link(at, "next", "after", strconv.FormatInt(messages[len(messages)-1].ID, 10))
}

// thread is a conversation with its messages, for agents.
type thread struct {
	Conversation conversations.View          `json:"conversation"`
	Messages     []conversations.MessageView `json:"messages"`
	HasMore      bool                        `json:"hasMore,omitzero"` // messages follow: ask again behind the last one
	Visitor      *conversations.Visitor      `json:"visitor"`
	Users        []conversations.Agent       `json:"users"`
	of           version.Of
}

// Links says where the messages go on.
func (t thread) Links(at *url.URL) string { return linkBehind(at, t.Messages, t.HasMore) }

// Revision is the state of the conversation that the thread shows.
func (t thread) Revision() version.Of { return t.of }

// changed is a conversation as a change has left it.
type changed struct {
	conversations.View
	of version.Of
}

// Revision is the state of the conversation that was answered.
func (c changed) Revision() version.Of { return c.of }

// ownOf gives a conversation as every answer to its own visitor shows it.
func ownOf(c conversations.Conversation) changed {
	return changed{c.View(time.Now(), nil, "").ForVisitor(), c.Revision()}
}

// agent is what a visitor sees of an agent.
type agent struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	AvatarURL *string `json:"avatarUrl"`
}

// news is what came behind a message, for visitors.
type news struct {
	Conversation conversations.View          `json:"conversation"`
	Messages     []conversations.MessageView `json:"messages"`
	Users        []agent                     `json:"users"`
	HasMore      bool                        `json:"hasMore"` // ask again behind the last message
}

// Links says where the messages go on.
func (n news) Links(at *url.URL) string { return linkBehind(at, n.Messages, n.HasMore) }

// posted is a message that answers 201, or 200 where it had been posted before.
type posted struct {
	conversations.MessageView
	fresh bool
}

// HTTPStatus tells a new message from a repeated one.
func (p posted) HTTPStatus() int { return createdOr200(p.fresh) }

// opened is a new conversation and its first message.
type opened struct {
	Conversation conversations.View        `json:"conversation"`
	Message      conversations.MessageView `json:"message"`
	fresh        bool
}

// HTTPStatus tells a new conversation from a repeated one.
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
