package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// eventSchema returns a document with the event thing.done, whose schema has an extension, and whose data has members.
func eventSchema(extension, required, members string) string {
	return `
components:
  schemas:
    Event: {description: An event.}
    WebhookEvents: {type: array}
    Person:
      type: object
      required: [visitorId]
      properties: {visitorId: {type: integer}, note: {type: [string, "null"]}}
    Colour: {type: string, enum: [RED, DARK_BLUE], description: Of a thing.}
    thing.done:
      description: Done.
      x-event: ` + extension + `
      type: object
      required: [id, type, at, data]
      properties:
        id: {type: string}
        type: {type: string, const: thing.done}
        at: {type: string, format: date-time}
        data: {type: object, required: [` + required + `], properties: {` + members + `}}
`
}

// read writes a document to a folder, and reads its schemas.
func read(t *testing.T, document string) schemas {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := readSchemas(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestContractOfAnEvent: the Go types of an event have its members in the order of the document, and its facts.
func TestContractOfAnEvent(t *testing.T) {
	t.Parallel()
	s := read(t, eventSchema(
		"{visitor: person.visitorId, plan: PRO, webhooks: true, counts: [colour, size]}", "person, colour, ticketId, urls",
		`size: {type: number}, person: {$ref: "#/components/schemas/Person"}, ticketId: {type: string, pattern: "^[0-9]+$"},
		 colour: {$ref: "#/components/schemas/Colour"}, urls: {type: array, items: {type: string}},
		 before: {type: object, required: [at], properties: {at: {type: string, format: date-time}}}`,
	))
	all, err := s.events()
	if err != nil {
		t.Fatal(err)
	}
	made, err := contractSource(s, all)
	if err != nil {
		t.Fatal(err)
	}
	source := strings.Join(strings.Fields(string(made)), " ")
	for _, want := range []string{
		`ThingDone EventType = "thing.done"`,
		`{ Type: ThingDone, NeedsPro: true, Webhooks: true, Counts: []string{"colour", "size"}, }`,
		"type ThingDoneData struct { Size *float64 `json:\"size,omitzero\"` Person Person `json:\"person\"` " +
			"TicketID id.Ticket `json:\"ticketId,string\"` Colour Colour `json:\"colour\"` Urls []string `json:\"urls\"` " +
			"Before *ThingDoneBefore `json:\"before,omitzero\"` }",
		"type ThingDoneCounts struct { Size *float64 `json:\"size,omitzero\"` Colour Colour `json:\"colour\"` }",
		"type Person struct { VisitorID id.Visitor `json:\"visitorId\"` Note *string `json:\"note,omitzero\"` }",
		`ColourDarkBlue Colour = "DARK_BLUE"`,
		"case ThingDone: return decode[ThingDoneCounts](data)",
		"cmp.Or(about.Person.VisitorID)",
	} {
		if !strings.Contains(source, want) {
			t.Errorf("no %s in\n%s", want, made)
		}
	}
	decoder, err := clientSource(all)
	if err != nil || !strings.Contains(string(decoder), "case NameThingDone:\n\t\treturn decode[api.ThingDone](e)") {
		t.Errorf("the client's decoder: %s, %v", decoder, err)
	}
	const begin, end = "<!-- events -->\n", "<!-- end of events -->\n"
	page, err := withTable("Before.\n"+begin+"old\n"+end+"After.\n", "events", eventTable(all))
	row := "| `thing.done` | Done. | `person`, `ticketId`, `colour`, `urls`; optional `size`, `before` " +
		"| agents (PRO), webhooks |\n"
	if err != nil || !strings.Contains(page, row) || !strings.HasPrefix(page, "Before.\n") ||
		!strings.HasSuffix(page, "\n"+end+"After.\n") || strings.Contains(page, "old") {
		t.Errorf("the page is %s, %v", page, err)
	}
	if page, err := withTable("no table", "events", ""); err == nil {
		t.Errorf("a page without a table becomes %s", page)
	}
}

// TestEventsAreListedWithoutTheirFacts: the bundle lists all events in one schema, and doesn't have the extensions.
func TestEventsAreListedWithoutTheirFacts(t *testing.T) {
	t.Parallel()
	document := eventSchema("{webhooks: true}", "", "size: {type: number}")
	doc, err := bundled(t, document)
	if err != nil {
		t.Fatal(err)
	}
	all, err := read(t, document).events()
	if err != nil {
		t.Fatal(err)
	}
	completeEvents(doc, all)
	text, err := json.Marshal(doc["components"].(object)["schemas"].(object))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"oneOf":[{"$ref":"#/components/schemas/thing.done"}]`) ||
		!strings.Contains(string(text), `"maxItems":1`) ||
		strings.Contains(string(text), eventExtension) {
		t.Errorf("the schemas are %s", text)
	}
}

func TestInvalidEventsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ extension, members, want string }{
		"an unknown fact":          {"{webhook: true}", "", "webhook"},
		"an unknown plan":          {"{plan: FREE}", "", "FREE"},
		"a counted member missing": {"{counts: [size]}", "", "size"},
		"a counted visitor":        {"{visitor: visitorId, counts: [visitorId]}", "visitorId: {type: integer}", "erasure"},
		"a counted object": {
			"{visitor: person.visitorId, counts: [person]}", `person: {$ref: "#/components/schemas/Person"}`, "erasure",
		},
		"a counted text":             {"{counts: [name]}", "name: {type: string}", "erasure"},
		"a visitor undeclared":       {"{}", "visitorId: {type: integer}", "visitorId"},
		"a nested visitor":           {"{}", `person: {$ref: "#/components/schemas/Person"}`, "person.visitorId"},
		"a visitor that isn't in it": {"{visitor: visitorId}", "", "visitorId"},
		"transient and delivered":    {"{transient: true, webhooks: true}", "", "transient"},
	} {
		if _, err := read(t, eventSchema(c.extension, "", c.members)).events(); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := strings.Replace(eventSchema("{}", "", ""), "const: thing.done", "const: thing.begun", 1)
	if _, err := read(t, wrong).events(); err == nil {
		t.Error("an event with another's type isn't refused")
	}
}
