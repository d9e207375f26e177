package harness

import (
	"encoding/json"
	"maps"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"time"
)

// World is a website with one object of every kind that an operation can be about.
type World struct {
	*Website
	Caller              Session // the visitor of the conversation and the ticket
	Quiet               Session // a visitor who has written nothing
	Conversation        string  // its token: it has one message of the visitor and one of an agent
	Ticket              string  // its id
	User                Object
	Tag                 string
	Webhook             string // its id: its endpoint accepts everything, but no event is sent to it
	Note                string // the id of a note on the conversation, which a program wrote
	VisitorNote         string // the id of a note about the visitor, which a program wrote
	CannedReply         string // the id of a shared one, which a program wrote
	View, Macro, TeamID string // likewise
	Delivery            string // the id of an accepted delivery to it
	Mail                string // the id of an e-mail with an attachment in the ticket; of none without the plan PRO
	File                string // the id of the visitor's file, a picture that a message carries
	FileSignature       string // the signature of its address
	ThumbnailSignature  string // the signature of the address of its thumbnail
}

// World creates a website with one object of every kind. The ticket is the visitor's own, which needs no plan.
func (s System) World(t testing.TB, plan string) *World {
	t.Helper()
	w := &World{Website: s.Website(t, plan)}
	w.Caller = w.Visit(t, Map{"name": "Vera Visitor"})
	w.Quiet = w.Visit(t, nil)
	w.Conversation = w.openWithFile(t, "Where is my parcel?")
	w.Reply(t, w.Conversation, "On its way.")
	w.Note = w.NewNote(t, w.Conversation)
	w.VisitorNote = w.NewVisitorNote(t, w.Caller.Token)
	w.CannedReply, w.View, w.Macro = w.NewCannedReply(t), w.NewView(t), w.NewMacro(t)
	w.TeamID = w.NewTeam(t)
	w.User = w.NewUser(t)
	w.Tag = Unique("tag-")
	w.Agent().Do(t, "PUT", "/tags/"+w.Tag, Map{"names": Map{"de": "Pakete"}}).Want(t, 200)
	w.Webhook = PathID(w.NewWebhook(t, acceptingURL(), "visitors.imported").Int("id"))
	w.Delivery = w.NewDelivery(t, w.Webhook)
	w.Ticket = w.Caller.Send(t, 201, "POST", "/internal/visitors/tickets", Map{"title": "Lost parcel"}).Text("id")
	w.Mail = w.NewMail(t, w.Ticket)
	return w
}

// Objects returns the names of the objects by kind.
func (w *World) Objects() map[string]string {
	return map[string]string{
		"conversation": w.Conversation, "visitor": w.Caller.Token, "quiet": w.Quiet.Token, "client": w.ClientToken,
		"ticket": w.Ticket, "user": PathID(w.User.Int("id")), "tag": w.Tag, "webhook": w.Webhook, "delivery": w.Delivery,
		"note": w.Note, "visitorNote": w.VisitorNote, "cannedReply": w.CannedReply, "view": w.View, "macro": w.Macro,
		"mail": w.Mail,
		"team": w.TeamID,
		"file": w.File, "fileSignature": w.FileSignature, "thumbnailSignature": w.ThumbnailSignature,
	}
}

// NewMail delivers an e-mail with an attachment to a ticket, and returns its id once it is filed. Without the plan PRO,
// or where the system receives no mail that the tests know of, it returns the id of none.
func (w *Website) NewMail(t testing.TB, ticket string) string {
	t.Helper()
	if w.Plan != Pro || w.SMTPAddr == "" {
		return PathID(UnknownID)
	}
	to := w.Agent().Get(t, "/tickets/"+ticket).Text("uniqueEmailAddress")
	subject := Unique("parcel ")
	mail := "From: vera@customer.example\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThe bill.\r\n" +
		"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=bill.pdf\r\n\r\n" +
		"%PDF\r\n--b--\r\n"
	if err := smtp.SendMail(w.SMTPAddr, nil, "vera@customer.example", []string{to}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
	number := ""
	Eventually(t, 20*time.Second, "the e-mail in its ticket", func() (bool, any) {
		all := w.Agent().Get(t, "/tickets/"+ticket+"/mail").List("data")
		for _, one := range all {
			if one.Text("subject") == subject && one.M["messageId"] != nil {
				number = one.Text("id")
			}
		}
		return number != "", all
	})
	return number
}

// NewCannedReply stores a shared canned reply, and returns its id.
func (w *Website) NewCannedReply(t testing.TB) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/canned-replies",
		Map{"shortcut": Unique("hello-"), "title": "Greeting", "text": "Hello {{visitor.name|there}}!"}).
		Int("id"))
}

// NewView stores a shared view, and returns its id.
func (w *Website) NewView(t testing.TB) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/views", Map{"name": "Parcels"}).Int("id"))
}

// NewMacro stores a shared macro, and returns its id.
func (w *Website) NewMacro(t testing.TB) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/macros",
		Map{"name": "Parcel", "actions": Map{"addTags": []string{"parcel"}}}).Int("id"))
}

// NewTeam creates a team without members, and returns its id.
func (w *Website) NewTeam(t testing.TB) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/teams", Map{"name": "Support"}).Int("id"))
}

// NewNote writes a private note on a conversation, and returns its id.
func (w *Website) NewNote(t testing.TB, conversation string) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/conversations/"+conversation+"/notes", Map{"content": "A regular."}).
		Int("id"))
}

// NewVisitorNote writes a private note about a visitor, and returns its id.
func (w *Website) NewVisitorNote(t testing.TB, visitor string) string {
	t.Helper()
	return PathID(w.Agent().Send(t, 201, "POST", "/visitors/"+visitor+"/notes", Map{"content": "A regular."}).Int("id"))
}

// Another creates another object of the kind that a path is about, for the same visitor. It returns the names with the
// new one.
func (w *World) Another(t testing.TB, path string) map[string]string {
	t.Helper()
	names := w.Objects()
	switch {
	case strings.Contains(path, "{cannedReply}"):
		names["cannedReply"] = w.NewCannedReply(t)
	case strings.Contains(path, "{view}"):
		names["view"] = w.NewView(t)
	case strings.Contains(path, "{macro}"):
		names["macro"] = w.NewMacro(t)
	case strings.Contains(path, "{team}"):
		names["team"] = w.NewTeam(t)
	case strings.Contains(path, "{note}"):
		names["note"] = w.NewNote(t, w.Conversation)
	case strings.Contains(path, "{visitorNote}"):
		names["visitorNote"] = w.NewVisitorNote(t, w.Caller.Token)
	case strings.Contains(path, "{quiet}"):
		names["quiet"] = w.Visit(t, nil).Token
	case strings.Contains(path, "{visitor}"):
		names["visitor"] = w.Visit(t, nil).Token
	case strings.Contains(path, "{conversation}"):
		names["conversation"] = w.Caller.Open(t, "Hello")
	case strings.Contains(path, "{mail}"):
		names["mail"] = w.NewMail(t, w.Ticket)
	case strings.Contains(path, "{ticket}"):
		names["ticket"] = w.Caller.Send(t, 201, "POST", "/internal/visitors/tickets", Map{"title": "x"}).Text("id")
	case strings.Contains(path, "{user}"):
		names["user"] = PathID(w.NewUser(t).Int("id"))
	case strings.Contains(path, "{tag}"):
		names["tag"] = Unique("tag-")
		w.Agent().Do(t, "PUT", "/tags/"+names["tag"], Map{"names": Map{}}).Want(t, 200)
	case strings.Contains(path, "{delivery}"):
		names["delivery"] = w.NewDelivery(t, w.Webhook)
	case strings.Contains(path, "{webhook}"):
		names["webhook"] = PathID(w.NewWebhook(t, acceptingURL(), "visitors.imported").Int("id"))
	default:
		t.Fatalf("%s has no object of a known kind", path)
	}
	return names
}

// Unknown returns well-formed names of each kind that no object has.
func (w *World) Unknown() map[string]string {
	return map[string]string{
		"conversation": Lookalike(w.Conversation), "visitor": Lookalike(w.Caller.Token),
		"quiet": Lookalike(w.Quiet.Token), "client": Unique("wgt_nobody"),
		"ticket": PathID(UnknownID), "user": PathID(UnknownID),
		"tag": Unique("tag-"), "webhook": PathID(UnknownID), "delivery": PathID(UnknownID),
		"note": PathID(UnknownID), "visitorNote": PathID(UnknownID), "cannedReply": PathID(UnknownID),
		"view": PathID(UnknownID), "macro": PathID(UnknownID), "mail": PathID(UnknownID),
		"team": PathID(UnknownID),
		"file": PathID(UnknownID), "fileSignature": w.FileSignature, "thumbnailSignature": w.ThumbnailSignature,
	}
}

// Malformed returns names of each kind that no object can have.
func Malformed() map[string]string {
	return map[string]string{
		"conversation": "no-token", "visitor": "no.token", "quiet": "no.token", "client": "no.token",
		"ticket": "no-number", "user": "no-number",
		"tag":     "%20",
		"webhook": "no-number", "delivery": "no-number", "note": "no-number",
		"visitorNote": "no-number", "cannedReply": "no-number", "view": "no-number", "macro": "no-number",
		"mail": "no-number", "team": "no-number", "file": "no-number",
	}
}

// Fill replaces the {kind} placeholders of a path, or of the strings in a body, by names.
func Fill[T any](v T, names map[string]string) T { return fill(v, names).(T) }

func fill(v any, names map[string]string) any {
	switch v := v.(type) {
	case string:
		for kind, name := range names {
			v = strings.ReplaceAll(v, "{"+kind+"}", name)
		}
		return v
	case Map:
		if v == nil {
			return v
		}
		out := Map{}
		for k, e := range v {
			out[k] = fill(e, names)
		}
		return out
	case []Map:
		out := make([]Map, len(v))
		for i, e := range v {
			out[i] = fill(e, names).(Map)
		}
		return out
	default:
		return v
	}
}

// State returns everything that the website's agent can see, to compare before and after. Presence is left out, because
// it changes by itself.
func (w *World) State(t testing.TB) string {
	t.Helper()
	paths := []string{
		"/conversations?limit=100", "/conversations/" + w.Conversation,
		"/conversations/" + w.Conversation + "/notes", "/visitors?limit=100", "/visitors/" + w.Caller.Token,
		"/visitors/" + w.Caller.Token + "/notes",
		"/widgets/" + w.ClientToken, "/users", "/tags", "/webhooks", "/webhooks/" + w.Webhook + "/deliveries",
	}
	if w.Plan == Pro {
		paths = append(paths, "/tickets?limit=100", "/tickets/"+w.Ticket)
	}
	var b strings.Builder
	for _, p := range paths {
		a := w.Agent().Do(t, "GET", p, nil).Want(t, 200)
		b.WriteString(p + " " + Render(a.Value(), "online") + "\n")
	}
	return b.String()
}

// Render returns a decoded JSON value as text with sorted members, without the omitted ones.
func Render(v any, omit ...string) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if !slices.Contains(omit, k) {
				members = append(members, k+":"+Render(v[k], omit...))
			}
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		rows := make([]string, len(v))
		for i, e := range v {
			rows[i] = Render(e, omit...)
		}
		return "[" + strings.Join(rows, ",") + "]"
	default:
		b, _ := json.Marshal(v)
		return string(b)
	}
}
