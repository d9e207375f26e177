package api

import (
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/services/workspace"
)

type listReplies struct {
	paging.Window
	Search   string `query:"search"   json:"-"`
	Folder   string `query:"folder"   json:"-"`
	Shortcut string `query:"shortcut" json:"-"`
}

type newReply struct {
	sharing
	Shortcut string `json:"shortcut"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Folder   string `json:"folder"`
	Language string `json:"language"`
}

func (n newReply) draft(common workspace.Item) workspace.Reply {
	return workspace.Reply{
		Item: common, Shortcut: n.Shortcut, Title: n.Title, Text: n.Text, Folder: n.Folder, Language: n.Language,
	}
}

type replyPatch struct {
	byID
	Shortcut optional.Value[string] `json:"shortcut"`
	Title    optional.Value[string] `json:"title"`
	Text     optional.Value[string] `json:"text"`
	Folder   optional.Value[string] `json:"folder"`
	Language optional.Value[string] `json:"language"`
}

func (p replyPatch) on(r *workspace.Reply) {
	set(&r.Shortcut, p.Shortcut)
	set(&r.Title, p.Title)
	set(&r.Text, p.Text)
	set(&r.Folder, p.Folder)
	set(&r.Language, p.Language)
}

type use struct {
	byID
	Values workspace.Values `json:"values"`
}

type used struct {
	ID   id.WorkspaceItem `json:"id" writer:"kept"`
	Text string           `json:"text"`
	Uses int64            `json:"uses"`
}

// reply is a canned reply as agents and programs see it.
type reply struct {
	itemView
	Shortcut string  `json:"shortcut"`
	Title    string  `json:"title"`
	Text     string  `json:"text"`
	Folder   *string `json:"folder"`
	Language *string `json:"language"`
	Uses     int64   `json:"uses"`
}

// viewBytes approximates the JSON size of an item without its text.
const viewBytes = 1_000

// JSONBytes implements paging.Sized.
func (r reply) JSONBytes() int { return viewBytes + searchterms.JSONLength(r.Text) }

func replyOf(r workspace.Reply) reply {
	return reply{
		itemView: itemOf(r.Item), Shortcut: r.Shortcut, Title: r.Title, Text: r.Text, Folder: nonEmpty(r.Folder),
		Language: nonEmpty(r.Language), Uses: r.Uses,
	}
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
