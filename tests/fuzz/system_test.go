package fuzz_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fivechat.dev/api-gateway/openapi"
	"fivechat.dev/tests/fuzz"
	"fivechat.dev/tests/harness"
)

// TestDocumentedRequests sends requests drawn from the document. A valid one succeeds, or is refused because of its
// object. One with a fault is refused for it. Every response is documented, and none is a 5xx.
func TestDocumentedRequests(t *testing.T) {
	t.Parallel()
	all, d := theDocument(t)
	known := operations(t)
	for _, op := range all {
		by, is := known[op.ID]
		if !is { // pages, which tests/contract requests
			continue
		}
		documented := d.Operations[slices.IndexFunc(d.Operations, func(o *harness.Documented) bool { return o.ID == op.ID })]
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			client := by.Allowed(w)
			statuses := map[int]int{}
			var spare map[string]string // the next object of an operation that ends its object
			rapid.Check(t, func(rt *rapid.T) {
				names := w.Objects()
				if by.Ends && rapid.Bool().Draw(rt, "with an object of its own") {
					if spare == nil {
						spare = w.Another(t, by.Path)
					}
					names = spare
				}
				if op.ID == "beginConversation" { // a file that belongs to no visitor yet
					file := w.Agent().Upload(t, "/files", "parcel.txt", []byte(harness.Unique("a file ")))
					names = maps.Clone(names)
					names["file"] = harness.PathID(file.Int("id"))
				}
				r := op.Draw(rt, values(rt, w, names, op))
				c := client
				if key := r.Header.Get("Idempotency-Key"); key != "" && !strings.HasPrefix(r.Fault, "Idempotency-Key") {
					r.Header.Set("Idempotency-Key", key+harness.Unique("")) // unique, even if the same request is drawn again
				}
				for name, v := range r.Header {
					c = c.With(name, v[0])
				}
				a, err := c.Ask(t.Context(), r.Method, r.Path, body(r, by))
				if err == nil {
					if statuses[a.Status]++; a.Status < 300 {
						spare = nil
					}
					err = fuzz.Judge(documented, r, a)
				}
				if err != nil {
					rt.Fatalf("%v: %.500s\n%s\n%s", err, a.Body, r.Curl(), harness.Logged(a.Header.Get("X-Request-Id")))
				}
			})
			t.Log(statuses)
			if !slices.ContainsFunc([]int{200, 201, 202, 204}, func(s int) bool { return statuses[s] > 0 }) {
				t.Errorf("nothing succeeded: %v", statuses)
			}
		})
	}
}

// uploaded is the content of every file, and uploadedSHA256 its checksum.
const uploaded = "a file"

var uploadedSHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(uploaded)))

func body(r fuzz.Request, by harness.Operation) any {
	if by.IsUpload {
		return harness.Raw{Body: []byte(uploaded), ContentType: "application/octet-stream"}
	}
	if r.Body == nil {
		return nil
	}
	return harness.Raw{Body: r.Body, ContentType: r.Header.Get("Content-Type")}
}

// values returns the values for the document's names in a world.
func values(t *rapid.T, w *harness.World, names map[string]string, op *fuzz.Operation) fuzz.Values {
	user, day := names["user"], 24*time.Hour
	v := fuzz.Values{
		"conversationToken": {names["conversation"]}, "visitorToken": {names["visitor"]}, "clientToken": {w.ClientToken},
		"ticketId": {names["ticket"]}, "userId": {user}, "webhookId": {names["webhook"]}, "deliveryId": {names["delivery"]},
		"mailId": {names["mail"]}, "position": {"1"}, "attachments": {names["file"]},
		"fileId": {names["file"]}, "fileSignature": {names["fileSignature"]}, "fileSHA256": {uploadedSHA256},
		"noteId": {names["note"]}, "visitorNoteId": {names["visitorNote"]},
		"shortcut": {harness.Unique("hello-")}, "shared": {"true"},
		"reply": {"Dear {{visitor.name|customer}}"}, "mentions": {user}, "mentioned": {user, "me"},
		"assigneeId": {user}, "authorId": {user}, "teamId": {names["team"]}, "members": {user}, "visitorId": {
			harness.PathID(w.Caller.ID),
			harness.PathID(harness.UnknownID),
		},
		"websiteClientToken": {w.ClientToken}, "language": {"de", "en", "pt-BR"}, "languageCode": {"de", "en", "pt-BR"},
		"search": {"parcel", "Where is, my parcel?", "где 😀 \u0301", "…", ""}, "exportCursor": {""},
		"lang": {"de", "pt-BR", "x", ""}, "tz": {"UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"},
		"from":  {time.Now().Add(-9 * day).Format(time.DateOnly), time.Now().Add(-9 * day).UTC().Format(time.RFC3339)},
		"to":    {time.Now().Add(-2 * day).Format(time.DateOnly), time.Now().Add(-2 * day).UTC().Format(time.RFC3339)},
		"email": {harness.Unique("una.") + "@shop.example"}, "avatarUrl": {"https://shop.example/una.png"},
		// No process listens there, and no name must be resolved.
		"url":          {"https://127.0.0.1:1/" + harness.Unique("r")},
		"assign":       {"false"}, // true needs an author, which is optional
		"snoozedUntil": {time.Now().Add(day).UTC().Format(time.RFC3339)},
		"sendAt":       {time.Now().Add(day).UTC().Format(time.RFC3339)},
		"events":       {"ticket.*", "message.created", "*"}, "chatFormFields": {"[]", `["name"]`},
		"welcomeMessages": {"[]", `["Hello!"]`, `[{"lang":"de","text":"Hallo!"}]`},
	}
	if op.ID == "getFileThumbnail" {
		v["fileSignature"] = []string{names["thumbnailSignature"]}
	}
	if strings.HasPrefix(op.Path, "/tags/") {
		v["name"] = []string{names["tag"]}
	}
	if strings.HasPrefix(op.Path, "/teams/") {
		v["id"] = []string{names["team"]}
	}
	for path, name := range map[string]string{"/canned-replies/": "cannedReply", "/views/": "view", "/macros": "macro"} {
		if strings.HasPrefix(op.Path, path) {
			v["workspaceItemId"], v["status"] = []string{names[name]}, []string{"OPEN"} // none is snoozed and closed
		}
	}
	if op.ID == "beginConversation" { // another visitor has an open conversation
		v["visitorToken"] = []string{names["quiet"]}
	}
	if op.ID == "openSession" { // a signature that is drawn is wrong
		v["token"], v["userHash"] = []string{""}, []string{""}
	}
	if op.ID == "importConversations" { // the members of a row depend on each other
		v["from"], v["at"] = []string{"agent"}, []string{"2025-03-03T09:00:00Z"}
		v["status"], v["closedAt"] = []string{"CLOSED"}, []string{"2025-03-03T10:00:00Z"}
	}
	if op.ID == "listVisitorRows" { // only visitors who are online have a page
		v["online"] = []string{"true"}
	}
	// A list has several orders. A cursor is valid in only one, and a list of changes has no other. A search for words has
	// two.
	v["sort"] = []string{"newest", "oldest"}
	switch v["cursor"] = []string{""}; rapid.SampledFrom(orders).Draw(t, "order") {
	case "by cursor":
		v["cursor"], v["updatedSince"], v["inboxSort"] = []string{newestFirst}, []string{""}, []string{"newest"}
		v["sort"] = v["inboxSort"]
	case "changes":
		v["inboxSort"], v["sort"] = []string{"newest"}, []string{"newest"}
	case "best first": // by cursor only
		v["inboxSort"], v["shallowPage"], v["updatedSince"] = []string{"best"}, []string{"1"}, []string{""}
	default:
		v["inboxSort"], v["updatedSince"] = []string{"newest", "oldest", "waiting", "rated"}, []string{""}
	}
	return v
}

// orders are the ways in which lists are drawn.
var orders = []string{"by cursor", "changes", "sorted", "best first"}

// newestFirst is a cursor of any list, after row 1 of 2024, in the form of responses.
const newestFirst = "AAABjVYp4AAAAAAAAAAAAQ"

// theDocument returns the operations of the OpenAPI document, as they are drawn and as they are judged.
func theDocument(t *testing.T) ([]*fuzz.Operation, *harness.Document) {
	t.Helper()
	all, err := fuzz.Operations(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	return all, d
}
