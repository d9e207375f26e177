package importer

import (
	"bytes"
	"encoding/json"
	"errors"

	"fivechat.dev/libs/client/api"
)

// gatherer turns lines into rows. A line with a dialogue is a row. In an export, messages follow their conversation, so
// its row is complete when the next one starts.
type gatherer struct {
	open  *line // a conversation that more messages may follow
	other bool  // it is an export
	ended bool  // whose end has come
}

// record is a line of an export, as far as it is imported.
type record struct {
	Kind       string   `json:"kind"`
	Token      string   `json:"token"`
	Tags       []string `json:"tags"`
	SenderType string   `json:"senderType"`
	Content    string   `json:"content"`
}

var errTorn = errors.New("the export is incomplete: its last conversation was skipped")

// addLine gives the row that a line completes, or nil.
func (g *gatherer) addLine(number int, text []byte) (*line, error) {
	if !bytes.HasPrefix(text, []byte(`{"kind":`)) {
		l, err := parse(number, text)
		return &l, err
	}
	g.other = true
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	if r.Kind == "message" {
		return nil, g.add(r)
	}
	done := g.open
	if g.open = nil; r.Kind == "conversation" {
		g.open = &line{number: number, row: row{ID: r.Token, Topics: r.Tags}}
	}
	g.ended = r.Kind == "end"
	if done == nil || len(done.row.Turns) == 0 {
		return nil, nil
	}
	return done, nil
}

// add appends a message to the open conversation. It skips messages of the system.
func (g *gatherer) add(r record) error {
	if g.open == nil || r.SenderType == "SYSTEM" {
		return nil
	}
	if g.open.size += len(r.Content); g.open.size > maxLine {
		g.open = nil
		return errLong
	}
	from := api.ImportTurnFromAgent
	if r.SenderType == "VISITOR" {
		from = api.ImportTurnFromVisitor
	}
	g.open.row.Turns = append(g.open.row.Turns, api.ImportTurn{From: from, Text: r.Content})
	return nil
}

// end says whether the input ended where it should.
func (g *gatherer) end() error {
	if g.other && !g.ended {
		return errTorn
	}
	return nil
}
