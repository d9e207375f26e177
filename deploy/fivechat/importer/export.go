package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// gatherer turns lines into rows. A line with a dialogue is a row. In an export, messages follow their conversation, so
// its row is complete when the next one starts. Agents and visitors come before all conversations.
type gatherer struct {
	open     *dialogue // a conversation that more messages may follow
	number   int       // its line
	size     int       // bytes of its texts
	isExport bool
	ended    bool
	agents   map[int64]string // addresses
	visitors map[int64]person
	left     func(kind string)
}

func newGatherer(left func(kind string)) *gatherer {
	return &gatherer{agents: map[int64]string{}, visitors: map[int64]person{}, left: left}
}

// kinds are the rows of an export that are read.
var kinds = map[string]bool{"user": true, "visitor": true, "conversation": true, "message": true}

// record is a line of an export of one of the kinds.
type record struct {
	ID    int64  `json:"id"`
	Token string `json:"token"`

	// of a user
	Email string `json:"email"`

	// of a visitor
	Name     string  `json:"name"`
	Context  string  `json:"context"` // an object in JSON
	Identity *member `json:"identity"`

	// of a conversation
	Tags       []string   `json:"tags"`
	Status     string     `json:"status"`
	ClosedAt   *time.Time `json:"closedAt"`
	VisitorID  int64      `json:"visitorId"`
	AssigneeID int64      `json:"assigneeId"`
	Summary    *string    `json:"summary"`
	Rating     *int       `json:"rating"`
	Feedback   *string    `json:"feedback"`
	RatedAt    *time.Time `json:"ratedAt"`

	// of a message
	SenderType string     `json:"senderType"`
	Content    string     `json:"content"`
	UserID     int64      `json:"userId"`
	CreatedAt  *time.Time `json:"createdAt"`
}

// member is the identity of a visitor.
type member struct {
	UserID string `json:"userId"`
	Email  string `json:"email"`
}

var errTorn = errors.New("the export is incomplete: its last conversation was skipped")

// addLine gives the row that a line completes, or nil.
func (g *gatherer) addLine(number int, b []byte) (*line, error) {
	if !bytes.HasPrefix(b, []byte(`{"kind":`)) {
		if text := string(bytes.TrimSpace(b)); text == "[" || text == "]" {
			return nil, nil
		}
		l, err := parse(number, b)
		return &l, err
	}
	g.isExport = true
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, err
	}
	var r record
	if kinds[head.Kind] {
		if err := decode(b, &r); err != nil {
			return nil, err
		}
	}
	if head.Kind == "message" {
		return nil, g.add(r)
	}
	done, at := g.open, g.number
	g.open = nil
	switch head.Kind {
	case "conversation":
		g.begin(number, r)
	case "user":
		g.agents[r.ID] = r.Email
	case "visitor":
		g.visitors[r.ID] = r.visitor()
	case "end":
		g.ended = true
	default:
		g.left(head.Kind)
	}
	if done == nil || done.repair() != nil { // without a text, there is nothing to import
		return nil, nil
	}
	return &line{number: at, row: done.row(), size: g.size}, nil
}

// decode decodes an object. The numbers of free objects keep their literals.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(into)
}

// visitor returns the visitor of a record. What the page or the website has said of them is kept as facts.
func (r record) visitor() person {
	p := person{Key: key(r.Token), Name: r.Name, Context: map[string]any{}}
	if err := decode([]byte(r.Context), &p.Context); err != nil {
		p.Context = map[string]any{}
	}
	if i := r.Identity; i != nil {
		for name, value := range map[string]string{"userId": i.UserID, "email": i.Email} {
			if _, there := p.Context[name]; value != "" && !there {
				p.Context[name] = value
			}
		}
	}
	return p
}

func (g *gatherer) begin(number int, r record) {
	g.number, g.size = number, 0
	g.open = &dialogue{
		ID: key(r.Token), Topics: r.Tags, Status: r.Status, Assignee: g.agents[r.AssigneeID], Summary: r.Summary,
		ClosedAt: r.ClosedAt,
	}
	if r.Rating != nil {
		g.open.Rating = &rating{*r.Rating, r.Feedback, r.RatedAt}
	}
	if v, known := g.visitors[r.VisitorID]; known {
		g.open.Visitor = &v
	}
}

// add appends a message to the open conversation.
func (g *gatherer) add(r record) error {
	if g.open == nil {
		return nil
	}
	if g.size += len(r.Content); g.size > maxLine {
		g.open = nil
		return errLong
	}
	t := turn{From: strings.ToLower(r.SenderType), Text: r.Content, At: r.CreatedAt}
	if r.SenderType == "USER" {
		t.From, t.Agent = "agent", g.agents[r.UserID]
	}
	g.open.Turns = append(g.open.Turns, t)
	return nil
}

// end says whether the input ended where it should.
func (g *gatherer) end() error {
	if g.isExport && !g.ended {
		return errTorn
	}
	return nil
}
