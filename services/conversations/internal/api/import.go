package api

import (
	"time"

	"fivechat.dev/libs/kernel/visitorcontext"
	"fivechat.dev/services/conversations"
)

type importRequest struct {
	Rows []importRow `json:"rows"`
}

type importRow struct {
	Key      string               `json:"key"`
	Topics   []string             `json:"topics"`
	Visitor  *importVisitor       `json:"visitor"`
	Status   conversations.Status `json:"status"`
	ClosedAt *time.Time           `json:"closedAt"`
	Assignee string               `json:"assignee"`
	Summary  *string              `json:"summary"`
	Rating   *importRating        `json:"rating"`
	Turns    []importTurn         `json:"turns"`
}

type importVisitor struct {
	Key     string                 `json:"key"`
	Name    string                 `json:"name"`
	Context visitorcontext.Context `json:"context"`
}

type importRating struct {
	Stars    int64      `json:"stars"`
	Feedback *string    `json:"feedback"`
	At       *time.Time `json:"at"`
}

type importTurn struct {
	From  string     `json:"from"`
	Text  string     `json:"text"`
	At    *time.Time `json:"at"`
	Agent string     `json:"agent"`
}

func (r importRequest) rows() conversations.Rows {
	rows := make(conversations.Rows, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = row.row()
	}
	return rows
}

func (r importRow) row() conversations.Row {
	row := conversations.Row{
		Key: r.Key, Topics: r.Topics, Status: r.Status, ClosedAt: r.ClosedAt, Assignee: r.Assignee, Summary: r.Summary,
		Visitor: (*conversations.ImportVisitor)(r.Visitor),
		Turns:   make([]conversations.Turn, len(r.Turns)),
	}
	if rating := r.Rating; rating != nil {
		row.Rating = &conversations.ImportRating{
			Rating: conversations.Rating{Stars: rating.Stars, Feedback: rating.Feedback}, At: rating.At,
		}
	}
	for i, t := range r.Turns {
		row.Turns[i] = conversations.Turn(t)
	}
	return row
}
