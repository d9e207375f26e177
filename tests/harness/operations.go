package harness

import (
	"slices"
	"testing"
	"time"
)

// Caller is the credential that an operation requires.
type Caller string

// The credentials. ByRead and ByWrite are bearer tokens that include that level, ByReadWrite one that includes both.
const (
	ByPublic    Caller = "public"
	ByVisitor   Caller = "visitor"
	ByRead      Caller = Read
	ByWrite     Caller = Write
	ByReadWrite Caller = ReadWrite
)

// ByToken reports whether the operation requires an API token.
func (o Operation) ByToken() bool {
	return o.Caller == ByRead || o.Caller == ByWrite || o.Caller == ByReadWrite
}

// Operation is one operation of the edge, with a request that succeeds in a World.
type Operation struct {
	Row int // in the contract; 0 for an addition of this system
	// The path contains {conversation}, {visitor}, {quiet}, {client}, {ticket}, {user}, {tag}, {webhook}, {delivery},
	// {mail}, {note} or {file} for its object.
	Method, Path string
	Caller       Caller
	Pro          bool   // requires the plan PRO
	Status       int    // on success
	Malformed    int    // the status for a malformed object; 0 if the path names none
	Body         Map    // a valid body, or nil
	IsUpload     bool   // the body is a file
	Text         string // the body's text member, or ""
	Mistyped     Map    // one member of a wrong type
	Ends         bool   // it succeeds once per object
	OwnUser      bool   // a person without the role admin does it to their own user only
	OwnWork      bool   // a person without the role admin does it to what they have written themselves only
}

// Name names the operation in tests.
func (o Operation) Name() string { return o.Method + " " + o.Path }

// Operations returns every operation of the edge except the operator's. Reads that need only a path are derived from
// the document.
func Operations() []Operation {
	title := Map{"title": "Broken handle", "description": "It came off."}
	documented := []Operation{
		{Row: 1, Method: "GET", Path: "/health", Caller: ByPublic, Status: 200},
		{Row: 2, Method: "GET", Path: "/conversations", Caller: ByRead, Status: 200},
		{Row: 3, Method: "GET", Path: "/conversations/{conversation}", Caller: ByRead, Status: 200, Malformed: 404},
		{Row: 4, Method: "GET", Path: "/conversations/{conversation}/messages", Caller: ByRead, Status: 200, Malformed: 404},
		{
			Row: 5, Method: "POST", Path: "/conversations/{conversation}/rate", Caller: ByVisitor, Status: 200, Malformed: 404,
			Body: Map{"rating": 4, "feedback": "Quick."}, Text: "feedback", Mistyped: Map{"rating": "four"},
		},
		{Row: 6, Method: "GET", Path: "/visitors/{visitor}", Caller: ByRead, Status: 200, Malformed: 400},
		{
			Row: 7, Method: "PATCH", Path: "/visitors/{visitor}/context", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"name": "Vera", "context": Map{"cart": 3}}, Text: "name", Mistyped: Map{"context": "text"},
		},
		{Row: 8, Method: "GET", Path: "/widgets/{client}", Caller: ByPublic, Status: 200, Malformed: 400},
		{
			Row: 9, Method: "PATCH", Path: "/widgets/{client}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"color": "#123456", "welcomeMessages": "[]"}, Text: "welcomeMessages",
			Mistyped: Map{"chatEnabled": "yes"},
		},
		{Row: 10, Method: "GET", Path: "/statistics/current", Caller: ByRead, Status: 200},
		{Row: 11, Method: "GET", Path: "/tickets", Caller: ByRead, Pro: true, Status: 200},
		{
			Row: 12, Method: "POST", Path: "/tickets", Caller: ByWrite, Pro: true, Status: 201, Body: title, Text: "title",
			Mistyped: Map{"title": 5},
		},
		{Row: 13, Method: "GET", Path: "/tickets/{ticket}", Caller: ByRead, Pro: true, Status: 200, Malformed: 400},
		{
			Row: 14, Method: "PATCH", Path: "/tickets/{ticket}", Caller: ByWrite, Pro: true, Status: 200, Malformed: 400,
			Body: title, Text: "description", Mistyped: Map{"title": true},
		},
		{
			Row: 15, Method: "DELETE", Path: "/tickets/{ticket}", Caller: ByWrite, Pro: true, Status: 200, Malformed: 400,
			Ends: true,
		},
		{
			Row: 16, Method: "PATCH", Path: "/tickets/{ticket}/status", Caller: ByWrite, Pro: true, Status: 200, Malformed: 400,
			Body: Map{"status": "OPEN"}, Text: "status", Mistyped: Map{"status": 1},
		},
		{
			Row: 17, Method: "POST", Path: "/tickets/{ticket}/messages", Caller: ByWrite, Pro: true, Status: 201, Malformed: 400,
			Body: Map{"content": "We are looking."}, Text: "content", Mistyped: Map{"content": Map{}},
		},
		{
			Row: 18, Method: "POST", Path: "/internal/visitors/tickets", Caller: ByVisitor, Status: 201, Body: title,
			Text: "title", Mistyped: Map{"title": 5},
		},
		{Row: 19, Method: "GET", Path: "/widget/{client}", Caller: ByPublic, Status: 200, Malformed: 404},
	}
	listed := slices.Concat(documented, chats(), files(), hidden(), known(), shared(), settings())
	return append(reads(listed), listed...)
}

// chats returns the operations beyond the documented API about chats and statistics.
func chats() []Operation {
	said := Map{"content": "Hello?"}
	return []Operation{
		{
			Method: "POST", Path: "/visitor/sessions", Caller: ByPublic, Status: 201,
			Body: Map{"clientToken": "{client}", "name": "Ned"}, Text: "name", Mistyped: Map{"clientToken": 5},
		},
		{
			Method: "POST", Path: "/visitor/conversations", Caller: ByVisitor, Status: 201, Body: said, Text: "content",
			Mistyped: Map{"content": 5},
		},
		{
			Method: "POST", Path: "/visitor/conversations/{conversation}/messages", Caller: ByVisitor, Status: 201,
			Malformed: 404,
			Body:      said, Text: "content", Mistyped: Map{"content": 5},
		},
		{
			Method: "POST", Path: "/visitor/conversations/{conversation}/typing", Caller: ByVisitor, Status: 204, Malformed: 404,
			Body: Map{"typing": false}, Mistyped: Map{"typing": "yes"},
		},
		{Method: "POST", Path: "/visitor/conversations/{conversation}/read", Caller: ByVisitor, Status: 204, Malformed: 404},
		{
			Method: "POST", Path: "/visitor/conversations/{conversation}/close", Caller: ByVisitor, Status: 200, Malformed: 404,
			Ends: true,
		},
		{
			Method: "POST", Path: "/conversations/{conversation}/messages", Caller: ByWrite, Status: 201, Malformed: 404,
			Body: said, Text: "content", Mistyped: Map{"content": 5},
		},
		{
			Method: "POST", Path: "/visitors/{quiet}/conversations", Caller: ByWrite, Status: 201, Malformed: 400,
			Body: Map{"content": "Can I help you?"}, Text: "content", Mistyped: Map{"assign": "yes"}, Ends: true,
		},
		{
			Method: "PATCH", Path: "/inbox", Caller: ByWrite, Status: 200,
			Body:     Map{"tokens": []string{"conv_none"}, "change": Map{"addTags": []string{"parcel"}}},
			Mistyped: Map{"tokens": "conv_none"},
		},
		{
			Method: "PATCH", Path: "/conversations/{conversation}", Caller: ByWrite, Status: 200, Malformed: 404,
			Body: Map{"summary": "A lost parcel."}, Text: "summary", Mistyped: Map{"tags": "parcels"},
		},
		{
			Method: "POST", Path: "/conversations/{conversation}/typing", Caller: ByWrite, Status: 204, Malformed: 404,
			Body: Map{"typing": false}, Mistyped: Map{"typing": "yes"},
		},
		{Method: "POST", Path: "/conversations/{conversation}/read", Caller: ByWrite, Status: 204, Malformed: 404},
		{Method: "GET", Path: "/conversations/counts?since=2024-01-15T10:30:00.000Z", Caller: ByRead, Status: 200},
		{Method: "GET", Path: "/statistics/history?interval=hour&tz=Asia/Kathmandu", Caller: ByRead, Status: 200},
		{Method: "GET", Path: "/widget-words/ar", Caller: ByPublic, Status: 200},
		{Method: "GET", Path: "/widget-panel/0", Caller: ByPublic, Status: 200},
	}
}

// files returns the operations on files. A file can have any content.
func files() []Operation {
	return []Operation{
		{Method: "POST", Path: "/files?name=parcel.txt", Caller: ByWrite, Status: 201, IsUpload: true},
		{Method: "POST", Path: "/visitor/files?name=parcel.txt", Caller: ByVisitor, Status: 201, IsUpload: true},
		{
			Method: "GET", Path: "/files/{file}/content?signature={fileSignature}", Caller: ByPublic, Status: 200,
			Malformed: 400,
		},
		{
			Method: "GET", Path: "/files/{file}/thumbnail?signature={thumbnailSignature}", Caller: ByPublic, Status: 200,
			Malformed: 400,
		},
	}
}

// hidden returns the operations on what visitors don't see of a conversation.
func hidden() []Operation {
	return []Operation{
		{
			Method: "POST", Path: "/conversations/{conversation}/notes", Caller: ByWrite, Status: 201, Malformed: 404,
			Body: Map{"content": "A regular."}, Text: "content", Mistyped: Map{"mentions": "all"},
		},
		{
			Method: "GET", Path: "/conversations/{conversation}/notes/{note}", Caller: ByRead, Status: 200, Malformed: 400,
		},
		{
			Method: "PATCH", Path: "/conversations/{conversation}/notes/{note}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"content": "A regular."}, Text: "content", Mistyped: Map{"mentions": "all"}, OwnWork: true,
		},
		{
			Method: "DELETE", Path: "/conversations/{conversation}/notes/{note}", Caller: ByWrite, Status: 200, Malformed: 400,
			Ends: true, OwnWork: true,
		},
		{
			Method: "PUT", Path: "/conversations/{conversation}/scheduled-reply", Caller: ByWrite, Status: 200, Malformed: 404,
			Body: Map{"content": "Did it arrive?", "sendAt": time.Now().Add(time.Hour)}, Text: "content",
			Mistyped: Map{"content": 5},
		},
		{
			Method: "DELETE", Path: "/conversations/{conversation}/scheduled-reply", Caller: ByWrite, Status: 204,
			Malformed: 404,
		},
	}
}

// known returns the operations about what a team knows of visitors.
func known() []Operation {
	return []Operation{
		{Method: "PUT", Path: "/visitors/{quiet}/block", Caller: ByWrite, Status: 200, Malformed: 400},
		{Method: "DELETE", Path: "/visitors/{quiet}/block", Caller: ByWrite, Status: 200, Malformed: 400},
		{
			Method: "POST", Path: "/visitors/{visitor}/notes", Caller: ByWrite, Status: 201, Malformed: 400,
			Body: Map{"content": "A regular."}, Text: "content", Mistyped: Map{"content": 5},
		},
		{
			Method: "GET", Path: "/visitors/{visitor}/notes/{visitorNote}", Caller: ByRead, Status: 200, Malformed: 400,
		},
		{
			Method: "PATCH", Path: "/visitors/{visitor}/notes/{visitorNote}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"content": "A regular."}, Text: "content", Mistyped: Map{"content": 5}, OwnWork: true,
		},
		{
			Method: "DELETE", Path: "/visitors/{visitor}/notes/{visitorNote}", Caller: ByWrite, Status: 200, Malformed: 400,
			Ends: true, OwnWork: true,
		},
	}
}

// shared returns the operations about what a team shares.
func shared() []Operation {
	return []Operation{
		{
			Method: "POST", Path: "/canned-replies", Caller: ByWrite, Status: 201,
			Body: Map{"shortcut": "{shortcut}", "title": "Greeting", "text": "Hello {{visitor.name|there}}!"},
			Text: "text", Mistyped: Map{"title": 5},
		},
		{
			Method: "PATCH", Path: "/canned-replies/{cannedReply}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"title": "Greeting"}, Text: "title", Mistyped: Map{"title": 5},
		},
		{
			Method: "DELETE", Path: "/canned-replies/{cannedReply}", Caller: ByWrite, Status: 200, Malformed: 400,
			Ends: true, OwnWork: true,
		},
		{
			Method: "POST", Path: "/canned-replies/{cannedReply}/use", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"values": Map{"visitor.name": "Vera"}}, Mistyped: Map{"values": "Vera"},
		},
		{
			Method: "POST", Path: "/views", Caller: ByWrite, Status: 201, Body: Map{"name": "Parcels", "shared": true},
			Text: "name", Mistyped: Map{"filter": "parcels"},
		},
		{
			Method: "PATCH", Path: "/views/{view}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"filter": Map{"search": "parcel"}}, Mistyped: Map{"position": "first"},
		},
		{
			Method: "DELETE", Path: "/views/{view}", Caller: ByWrite, Status: 200, Malformed: 400, Ends: true, OwnWork: true,
		},
		{
			Method: "POST", Path: "/macros", Caller: ByWrite, Status: 201,
			Body: Map{"name": "Parcel", "actions": Map{"addTags": []string{"parcel"}}}, Text: "name",
			Mistyped: Map{"actions": "close"},
		},
		{
			Method: "PATCH", Path: "/macros/{macro}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"name": "Parcel"}, Text: "name", Mistyped: Map{"name": 5},
		},
		{
			Method: "DELETE", Path: "/macros/{macro}", Caller: ByWrite, Status: 200, Malformed: 400, Ends: true, OwnWork: true,
		},
	}
}

// settings returns the operations beyond the documented API about webhooks, users and tags, and the import.
func settings() []Operation {
	return []Operation{
		{
			Method: "POST", Path: "/teams", Caller: ByWrite, Status: 201,
			Body: Map{"name": "Support", "members": []int{}}, Text: "name", Mistyped: Map{"members": "all"},
		},
		{
			Method: "PATCH", Path: "/teams/{team}", Caller: ByWrite, Status: 200, Malformed: 400,
			Body: Map{"name": "Support"}, Text: "name", Mistyped: Map{"members": 5},
		},
		{Method: "DELETE", Path: "/teams/{team}", Caller: ByWrite, Status: 200, Malformed: 400, Ends: true},
		{
			Method: "POST", Path: "/webhooks", Caller: ByReadWrite, Status: 201,
			Body: Map{"url": "https://receiver.example/{unique}", "events": []string{"ticket.*"}, "description": "CRM"},
			Text: "description", Mistyped: Map{"url": 5},
		},
		{
			Method: "PATCH", Path: "/webhooks/{webhook}", Caller: ByReadWrite, Status: 200, Malformed: 400,
			Body: Map{"description": "CRM"}, Text: "description", Mistyped: Map{"enabled": "yes"},
		},
		{
			Method: "POST", Path: "/webhooks/{webhook}/secret", Caller: ByReadWrite, Status: 200, Malformed: 400,
			Body: Map{"overlapSeconds": 60}, Mistyped: Map{"overlapSeconds": "long"},
		},
		{Method: "POST", Path: "/webhooks/{webhook}/test", Caller: ByReadWrite, Status: 202, Malformed: 400},
		{
			Method: "POST", Path: "/webhooks/{webhook}/deliveries/{delivery}/redeliver", Caller: ByReadWrite, Status: 202,
			Malformed: 400, Ends: true,
		},
		{Method: "DELETE", Path: "/webhooks/{webhook}", Caller: ByWrite, Status: 200, Malformed: 400, Ends: true},
		{Method: "POST", Path: "/visitor/heartbeat", Caller: ByVisitor, Status: 200},
		{
			Method: "POST", Path: "/users/{user}/heartbeat", Caller: ByWrite, Status: 204, Malformed: 400, OwnUser: true,
			Body: Map{"active": true}, Mistyped: Map{"active": "yes"},
		},
		{
			Method: "PUT", Path: "/users/{user}/status", Caller: ByWrite, Status: 200, Malformed: 400, OwnUser: true,
			Body: Map{"status": "away"}, Mistyped: Map{"status": 5},
		},
		{
			Method: "POST", Path: "/users", Caller: ByWrite, Status: 201,
			Body: Map{"name": "Una", "email": "{unique}@shop.example"}, Text: "name", Mistyped: Map{"name": 5},
		},
		{
			Method: "PATCH", Path: "/users/{user}", Caller: ByWrite, Status: 200, Malformed: 400, OwnUser: true,
			Body: Map{"name": "Una"}, Text: "name", Mistyped: Map{"name": 5},
		},
		{Method: "DELETE", Path: "/users/{user}", Caller: ByWrite, Status: 200, Malformed: 400, Ends: true},
		{
			Method: "PUT", Path: "/tags/parcels", Caller: ByWrite, Status: 200,
			Body: Map{"names": Map{"de": "Pakete"}}, Mistyped: Map{"names": "Pakete"},
		},
		{Method: "DELETE", Path: "/tags/{tag}", Caller: ByWrite, Status: 200, Malformed: 404, Ends: true},
		{
			Method: "POST", Path: "/conversations/import", Caller: ByWrite, Status: 200,
			Body: Map{"rows": []Map{History("{unique}")}}, Mistyped: Map{"rows": "none"},
		},
	}
}

// Ask sends the operation's request about the named objects.
func (o Operation) Ask(t testing.TB, c Client, names map[string]string) Answer {
	t.Helper()
	switch {
	case o.IsUpload:
		return c.Do(t, o.Method, Fill(o.Path, names), Raw{ContentType: "text/plain", Body: []byte(Unique("a file "))})
	case o.Body == nil:
		return c.Do(t, o.Method, Fill(o.Path, names), nil)
	}
	return c.Do(t, o.Method, Fill(o.Path, names), o.Good(names))
}

// Good returns a valid body.
func (o Operation) Good(names map[string]string) Map {
	return Fill(Fill(o.Body, names), map[string]string{"unique": Unique("una."), "shortcut": Unique("hello-")})
}

// Allowed returns a client with the credential that the operation requires in w.
func (o Operation) Allowed(w *World) Client {
	switch o.Caller {
	case ByVisitor:
		return w.Caller.Client
	case ByRead:
		return w.Reader()
	case ByWrite:
		return w.Writer()
	case ByReadWrite:
		return w.Agent()
	default:
		return w.Public()
	}
}
