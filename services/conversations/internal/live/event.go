package live

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/libs/transport/httpkit"
)

// event is an event with its frames, which are made when the first reader needs them.
type event struct {
	website tenant.ID
	about   audience // the visitor that it concerns; agents if there is none
	facts   contract.Facts
	envelope
	forAgents, forVisitor *frame
}

// frame is the text of an event's frame without its id. While it is queued for readers or being sent, its bytes count
// towards the website's share, once for all readers.
type frame struct {
	website tenant.ID
	text    string
	holders atomic.Int32
}

// hold adds a holder of the frame. It reports whether the website's share had room.
func (f *frame) hold(bytes *shares[tenant.ID]) bool {
	if f.holders.Add(1) == 1 && !bytes.acquire(f.website, int64(len(f.text))) {
		f.holders.Add(-1)
		return false
	}
	return true
}

// release undoes a successful hold.
func (f *frame) release(bytes *shares[tenant.ID]) {
	if f.holders.Add(-1) == 0 {
		bytes.release(f.website, int64(len(f.text)))
	}
}

// envelope is the data of every frame.
type envelope struct {
	ID   string             `json:"id"` // the same on every delivery; "" for transient events
	Type contract.EventType `json:"type"`
	At   time.Time          `json:"at"`
	Data json.RawMessage    `json:"data"`
}

// ofRecord converts a record of a log. An erased record becomes an empty event, which no reader receives; so does one
// whose data can't be read, with an error.
func ofRecord(r outbox.Record) (event, error) {
	if r.Erased {
		return event{}, nil
	}
	visitor, err := contract.VisitorID([]byte(r.Data))
	if err != nil {
		return event{}, err
	}
	e := envelope{ID: r.ID, Type: r.Type, At: r.At, Data: json.RawMessage(r.Data)}
	about := agents
	if visitor != 0 {
		about = visitorOf(visitor)
	}
	return event{website: r.Website, about: about, facts: contract.FactsOf(r.Type), envelope: e}, nil
}

// ofTransient converts a transient event, which no log contains.
func ofTransient(f transient.Event) event {
	return event{
		website:  f.Website,
		about:    visitorOf(f.Visitor),
		facts:    contract.FactsOf(f.Type),
		envelope: envelope{Type: f.Type, At: f.At, Data: f.Data},
	}
}

// frameFor returns the frame for a reader. It is made once for all agents and once for the visitor.
func (e *event) frameFor(r *reader) (*frame, error) {
	if !r.isVisitor {
		return e.make(&e.forAgents, e.envelope)
	}
	if e.forVisitor != nil {
		return e.forVisitor, nil
	}
	shown := e.envelope
	var err error
	if shown.Data, err = visitorData(e.Data); err != nil {
		return nil, err
	}
	return e.make(&e.forVisitor, shown)
}

func (e *event) make(made **frame, shown envelope) (*frame, error) {
	if *made == nil {
		text, err := frameOf(string(shown.Type), shown)
		if err != nil {
			return nil, err
		}
		*made = &frame{website: e.website, text: text}
	}
	return *made, nil
}

// visitorData returns an event's data without the parts that visitors may not see.
func visitorData(data json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	if members["conversation"] == nil && members["message"] == nil {
		return data, nil
	}
	if err := show[contract.Conversation](members, "conversation"); err != nil {
		return nil, err
	}
	if err := show[contract.Message](members, "message"); err != nil {
		return nil, err
	}
	delete(members, "byProgram") // it repeats a member of the message that only agents see
	delete(members, "assignedAutomatically")
	return httpkit.Encode(members)
}

// show replaces a member, if it is there, by its view for visitors.
func show[V interface{ ForVisitor() V }](members map[string]json.RawMessage, name string) error {
	if members[name] == nil {
		return nil
	}
	var v V
	if err := json.Unmarshal(members[name], &v); err != nil {
		return err
	}
	var err error
	members[name], err = httpkit.Encode(v.ForVisitor())
	return err
}

// frameOf returns a frame without an id. The JSON is on one line, so it can't end the frame early.
func frameOf(kind string, data any) (string, error) {
	b, err := httpkit.Encode(data)
	return "event: " + kind + "\ndata: " + string(b) + "\n\n", err
}

// concerns reports whether a reader receives the event.
func (e *event) concerns(r *reader) bool {
	switch {
	case r.website != e.website:
		return false
	case r.isVisitor:
		return r.audience == e.about && e.facts.ShownToVisitor
	default:
		return r.pro || !e.facts.NeedsPro
	}
}
