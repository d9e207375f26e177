package live

import (
	"encoding/json"
	"strings"
	"time"

	"fivechat.dev/libs/events"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/conversations"
)

// event is what happened, as readers are told of it.
type event struct {
	website tenant.ID
	visitor int64 // whose conversation it happened to, 0 for nobody's
	kind    string
	frame   string // all of the frame but its id
}

// envelope is the data of every frame.
type envelope struct {
	ID   string          `json:"id"` // the same on every delivery; "" for what is fleeting
	Type string          `json:"type"`
	At   time.Time       `json:"at"`
	Data json.RawMessage `json:"data"`
}

// forVisitors are the types of which a visitor is told, where they are about a conversation of theirs.
var forVisitors = map[string]bool{
	conversations.ConversationOpened: true, conversations.ConversationUpdated: true, conversations.ConversationRated: true,
	conversations.ConversationRead: true, conversations.MessageCreated: true, conversations.Typing: true,
}

// ofRecord makes the event of a log's record. One whose data cannot be read, or has been erased, is shown to nobody.
func ofRecord(r events.Record) (event, error) {
	if r.Erased {
		return event{}, nil
	}
	var about struct {
		Conversation struct {
			VisitorID int64 `json:"visitorId"`
		} `json:"conversation"`
	}
	if err := r.Decode(&about); err != nil {
		return event{}, err
	}
	return newEvent(r.Website, about.Conversation.VisitorID, envelope{r.ID, r.Type, r.At, json.RawMessage(r.Data)})
}

// ofFleeting makes the event of what no log keeps.
func ofFleeting(f events.Fleeting) (event, error) {
	return newEvent(f.Website, f.Visitor, envelope{"", f.Type, f.At, f.Data})
}

func newEvent(t tenant.ID, visitor int64, e envelope) (event, error) {
	frame, err := frameOf(e.Type, e)
	return event{t, visitor, e.Type, frame}, err
}

// frameOf gives a frame without an id. JSON on one line cannot end it early.
func frameOf(kind string, data any) (string, error) {
	b, err := httpkit.Encode(data)
	return "event: " + kind + "\ndata: " + string(b) + "\n\n", err
}

// concerns says whether a reader is told of the event.
func (e event) concerns(r *reader) bool {
	switch {
	case r.website != e.website:
		return false
	case r.visitor != 0:
		return r.visitor == e.visitor && forVisitors[e.kind]
	default:
		return r.pro || !strings.HasPrefix(e.kind, "ticket.")
	}
}
