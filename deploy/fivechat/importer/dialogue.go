package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oapi-codegen/nullable"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/libs/kernel/excerpt"
)

// maxText is the maximum length of a message in bytes. A longer text becomes several messages.
const maxText = 64 << 10

// dialogue is a line of the file; its names are the file's.
type dialogue struct {
	ID       key        `json:"id"`
	Topics   []string   `json:"topics"`
	Visitor  *person    `json:"visitor"`
	Status   string     `json:"status"` // in any case
	ClosedAt *time.Time `json:"closedAt"`
	Assignee string     `json:"assignee"`
	Summary  *string    `json:"summary"`
	Rating   *rating    `json:"rating"`
	Turns    []turn     `json:"turns"`
}

type rating struct {
	Stars    int        `json:"stars"`
	Feedback *string    `json:"feedback"`
	At       *time.Time `json:"at"`
}

type person struct {
	Key     key            `json:"key"`
	Name    string         `json:"name"`
	Context map[string]any `json:"context"` // numbers keep their literals
}

type turn struct {
	From  string     `json:"from"`
	Text  string     `json:"text"`
	At    *time.Time `json:"at"`
	Agent string     `json:"agent"`
}

// key is an id in the source: a text, or a number.
type key string

// UnmarshalJSON implements json.Unmarshaler.
func (k *key) UnmarshalJSON(b []byte) error {
	var number json.Number
	if b[0] != '"' && json.Unmarshal(b, &number) == nil {
		*k = key(number)
		return nil
	}
	return json.Unmarshal(b, (*string)(k))
}

// parse reads a line. It may end with a comma, as in a list.
func parse(number int, b []byte) (line, error) {
	l := line{number: number, size: len(b)}
	if !utf8.Valid(b) {
		return l, errors.New("is not UTF-8, nor UTF-16 with a byte order mark")
	}
	var d dialogue
	b = bytes.TrimSuffix(bytes.TrimSpace(b), []byte{','})
	if !json.Valid(b) {
		return l, json.Unmarshal(b, &d) // it says where
	}
	if err := decode(b, &d); err != nil {
		return l, err
	}
	if strings.TrimSpace(string(d.ID)) == "" {
		return l, errors.New("has no id")
	}
	if err := d.repair(); err != nil {
		return l, err
	}
	l.row = d.row()
	return l, nil
}

// repair leaves out turns without text and those of the system, splits long texts, and completes and orders the times.
func (d *dialogue) repair() error {
	var turns []turn
	for i, t := range d.Turns {
		switch strings.ToLower(t.From) {
		case "visitor", "agent":
			t.From = strings.ToLower(t.From)
		case "bot":
			t.From = "agent"
		case "system":
			continue
		default:
			return fmt.Errorf("turns.%d.from is %q: it must be visitor, agent, bot or system", i, t.From)
		}
		if strings.TrimSpace(t.Text) != "" {
			turns = append(turns, t.split()...)
		}
	}
	if len(turns) == 0 {
		return errors.New("has no turns with a text")
	}
	completeTimes(turns)
	slices.SortStableFunc(turns, func(a, b turn) int {
		if a.At == nil {
			return 0
		}
		return a.At.Compare(*b.At)
	})
	d.Turns = turns
	return nil
}

// split returns the turn as turns whose texts fit into messages. It splits behind a line or a word if one ends in the
// second half of the text.
func (t turn) split() (all []turn) {
	rest := t.Text
	for len(rest) > maxText {
		part := excerpt.Cut(rest, maxText)
		if end := strings.LastIndexAny(part, " \n"); end >= maxText/2 {
			part = part[:end+1]
		}
		if rest = rest[len(part):]; strings.TrimSpace(part) != "" {
			t.Text = part
			all = append(all, t)
		}
	}
	if t.Text = rest; strings.TrimSpace(rest) != "" {
		all = append(all, t)
	}
	return all
}

// completeTimes gives turns without a time that of the turn above, or of the first turn that has one. If none has, it
// does nothing.
func completeTimes(turns []turn) {
	first := slices.IndexFunc(turns, func(t turn) bool { return t.At != nil })
	if first < 0 {
		return
	}
	last := turns[first].At
	for i := range turns {
		if turns[i].At == nil {
			turns[i].At = last
		}
		last = turns[i].At
	}
}

// row returns what the server gets. Members that aren't set are left out.
func (d *dialogue) row() api.ImportRow {
	row := api.ImportRow{
		Key: string(d.ID), Assignee: set(d.Assignee), Turns: make([]api.ImportTurn, len(d.Turns)),
		Status: (*api.ImportRowStatus)(set(strings.ToUpper(d.Status))), Summary: nullableOf(d.Summary),
		ClosedAt: nullableOf(d.ClosedAt),
	}
	if r := d.Rating; r != nil {
		row.Rating = &api.ImportRating{Stars: r.Stars, Feedback: nullableOf(r.Feedback), At: nullableOf(r.At)}
	}
	if len(d.Topics) > 0 {
		row.Topics = &d.Topics
	}
	if v := d.Visitor; v != nil {
		row.Visitor = &api.ImportVisitor{Key: string(v.Key), Name: set(v.Name)}
		if len(v.Context) > 0 {
			row.Visitor.Context = &v.Context
		}
	}
	for i, t := range d.Turns {
		row.Turns[i] = api.ImportTurn{From: api.ImportTurnFrom(t.From), Text: t.Text, At: t.At, Agent: set(t.Agent)}
	}
	return row
}

// set returns a pointer to a text that isn't empty, or nil.
func set(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func nullableOf[T any](v *T) nullable.Nullable[T] {
	if v == nil {
		return nil
	}
	return nullable.NewNullableWithValue(*v)
}
