// Package contract has the events of Fivechat, as the OpenAPI document declares them: their types, their data, and the
// facts about them. Services that publish, count, stream or deliver events share these definitions.
//
// Begin with Data, which a service publishes, and Facts. events.gen.go is generated from the schemas of the document
// that have the extension x-event (api-gateway/openapi/events.yaml). To add or change an event, change the document.
//
// Invariant: JSON of these types is what clients and webhooks receive, and what logs store. The package isn't for
// clients, which have types of their own (libs/client, libs/web), and doesn't know how events are stored or sent.
package contract

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// EventType is the name of a type of events, such as conversation.rated.
type EventType string

// Data is what an event says. Its JSON is the member data of the event.
type Data interface {
	EventType() EventType
}

// Counts are the members of an event's data that statistics counts. They don't identify a visitor. They are all that
// an erasure leaves of an event.
type Counts interface{ isCounts() }

// Facts is what the document declares about a type of events.
type Facts struct {
	Type             EventType
	Transient        bool     // sent to connected streams and never stored
	ShownToVisitor   bool     // the visitor of the conversation receives it
	NeedsPro         bool     // agents receive it with the plan PRO only
	Webhooks         bool     // webhooks can subscribe to it
	AnnouncesErasure bool     // receivers must delete their copies; webhooks deliver it after the erasure too
	Counts           []string // the members of Counts
}

var byType = func() map[EventType]Facts {
	all := make(map[EventType]Facts, len(events))
	for _, f := range events {
		all[f.Type] = f
	}
	return all
}()

// FactsOf returns the facts about a type. A type that this version doesn't know was published by a newer one. Such an
// event isn't shown to visitors, and needs the plan that a known type of its group (the name up to the dot) needs.
func FactsOf(t EventType) Facts {
	if f, known := byType[t]; known {
		return f
	}
	unknown := Facts{Type: t}
	for _, f := range events {
		unknown.NeedsPro = unknown.NeedsPro || f.NeedsPro && group(f.Type) == group(t)
	}
	return unknown
}

func group(t EventType) string {
	name, _, _ := strings.Cut(string(t), ".")
	return name
}

// Types returns the types whose facts fulfil a condition, in the order of the document.
func Types(condition func(Facts) bool) []EventType {
	var all []EventType
	for _, f := range events {
		if condition(f) {
			all = append(all, f.Type)
		}
	}
	return all
}

func decode[C Counts](data []byte) (Counts, error) {
	var c C
	err := json.Unmarshal(data, &c)
	return c, err
}
