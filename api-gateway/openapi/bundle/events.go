package main

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The extensions of schemas. They aren't in the bundle.
const (
	eventExtension = "x-event"
	viewExtension  = "x-view"
)

// facts is the extension x-event of an event's schema: what the services need to know about the event.
//
//	visitor           the path of the visitor's id in the data; without it the data names no visitor
//	shownToVisitor    the visitor of the conversation receives the event too
//	plan              PRO if agents receive it with that plan only
//	webhooks          webhooks can subscribe to it
//	announcesErasure  receivers must delete their copies; webhooks deliver it even after the erasure
//	transient         it is sent to connected streams and never stored
//	counts            statistics counts the event, by these members of its data; an erasure removes all other members
type facts struct {
	Visitor          string   `yaml:"visitor"`
	ShownToVisitor   bool     `yaml:"shownToVisitor"`
	Plan             string   `yaml:"plan"`
	Webhooks         bool     `yaml:"webhooks"`
	AnnouncesErasure bool     `yaml:"announcesErasure"`
	Transient        bool     `yaml:"transient"`
	Counts           []string `yaml:"counts"` // nil if the event isn't counted
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (f *facts) UnmarshalYAML(n *yaml.Node) error {
	type plain facts
	return decodeStrictly(n, (*plain)(f))
}

// view is the extension x-view of a schema that is part of responses and events.
//
//	agentsOnly  members that are empty for visitors
//	writer      members that a token of the level WRITE receives although its request didn't write them
type view struct {
	AgentsOnly []string `yaml:"agentsOnly"`
	Writer     []string `yaml:"writer"`
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *view) UnmarshalYAML(n *yaml.Node) error {
	type plain view
	return decodeStrictly(n, (*plain)(v))
}

// event is an event type with its facts and its data.
type event struct {
	name        string
	description string
	facts
	data schema
}

// events returns the event types of the document, in its order.
func (s schemas) events() ([]event, error) {
	var all []event
	for _, name := range s.names {
		found, err := s.get(name)
		if err != nil {
			return nil, err
		}
		if found.Event == nil {
			continue
		}
		e, err := s.event(name, found)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// envelope are the members of every event.
var envelope = []string{"id", "type", "at", "data"}

func (s schemas) event(name string, of schema) (event, error) {
	e := event{name: name, description: of.Description, facts: *of.Event}
	for _, required := range envelope {
		if _, there := of.Properties.find(required); !there || !slices.Contains(of.Required, required) {
			return e, fmt.Errorf("%s is not a required member", required)
		}
	}
	if typ, _ := of.Properties.find("type"); typ.Const != name {
		return e, fmt.Errorf("its type is %q", typ.Const)
	}
	data, _ := of.Properties.find("data")
	var err error
	if e.data, _, err = s.resolve(data.schema); err != nil {
		return e, err
	}
	return e, s.check(e)
}

// check compares an event's facts with its data.
func (s schemas) check(e event) error {
	for _, name := range e.Counts {
		m, there := e.data.Properties.find(name)
		if !there {
			return fmt.Errorf("it counts %s, which its data doesn't have", name)
		}
		found, _, err := s.resolve(m.schema)
		if err != nil {
			return err
		}
		if isPersonal(m, found) {
			return fmt.Errorf("it counts %s, which can be personal: an erasure would leave it", name)
		}
	}
	visitor, err := s.visitorPath(e.data)
	switch {
	case err != nil:
		return err
	case visitor != e.Visitor:
		return fmt.Errorf("its data names the visitor at %q, %s says %q", visitor, eventExtension, e.Visitor)
	case e.Plan != "" && e.Plan != "PRO":
		return fmt.Errorf("%q is not a plan that events can need", e.Plan)
	case e.Transient && (e.Webhooks || e.AnnouncesErasure || e.Counts != nil):
		return fmt.Errorf("it is transient: nothing can be delivered or counted later")
	}
	return nil
}

// visitorMember is the name of members that identify a visitor.
const visitorMember = "visitorId"

// isPersonal reports whether a member, of which of is the resolved schema, can identify a visitor or have text:
// visitors' ids, shared objects, and strings other than times and enumerated ones.
func isPersonal(m member, of schema) bool {
	text := slices.Contains(of.Types, "string") && of.Enum == nil && of.Format != "date-time"
	return text || strings.HasPrefix(m.name, visitorMember) || m.Ref != "" && of.Properties != nil
}

// visitorPath returns the path in an event's data at which every such event identifies its visitor, or "".
func (s schemas) visitorPath(data schema) (string, error) {
	if m, there := data.Properties.find(visitorMember); there && slices.Equal(m.Types, []string{"integer"}) {
		return visitorMember, nil
	}
	for _, m := range data.Properties {
		inner, _, err := s.resolve(m.schema)
		if err != nil {
			return "", err
		}
		if v, there := inner.Properties.find(visitorMember); there && slices.Equal(v.Types, []string{"integer"}) {
			return m.name + "." + visitorMember, nil
		}
	}
	return "", nil
}

// completeEvents lists all events in the schema Event, sets how many a webhook can subscribe to in WebhookEvents, and
// removes the extensions of all schemas.
func completeEvents(doc object, all []event) {
	components, _ := doc["components"].(object)
	named, _ := components["schemas"].(object)
	for _, one := range named {
		delete(one.(object), eventExtension)
		delete(one.(object), viewExtension)
	}
	if union, there := named["Event"].(object); there {
		var list []any
		for _, e := range all {
			list = append(list, reference("schemas", e.name))
		}
		union["oneOf"] = list
	}
	if subscription, there := named["WebhookEvents"].(object); there {
		most := 0
		for _, e := range all {
			if e.Webhooks {
				most++
			}
		}
		subscription["maxItems"] = most
	}
}

// goName returns the Go name for a name in the document: conversation.rated is ConversationRated, agentId is AgentID.
func goName(name string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '_' }) {
		b.WriteString(exported(part))
	}
	text := b.String()
	for short, long := range initialisms {
		if stem, ends := strings.CutSuffix(text, short); ends {
			return stem + long
		}
	}
	return text
}

// initialisms are the ends of names that Go writes in another way.
var initialisms = map[string]string{"Id": "ID", "Ids": "IDs", "Url": "URL"}
