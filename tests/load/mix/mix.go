// Package mix is what the users of a Fivechat ask of it: one table of the operations of each kind of user, and a town of
// visitors, conversations and tickets that the operations are about. The load generator and the measurement of what
// operations cost share it.
package mix

import "strings"

// Mix is what users of a kind ask, in what proportion.
type Mix struct {
	Name       string
	Rate       float64 // requests a second, where nothing else is asked for: what two cores hold with ease
	Streams    int     // visitors' event streams that are held open meanwhile
	Operations []Operation
}

// Operation is a request that users make. In its path and body, names in braces stand for what the town has (Town.fill).
type Operation struct {
	Name   string
	Weight int // its share of the mix's requests
	As     Caller
	Method string
	Path   string
	Body   string // "" is none
	Status int    // that it is answered with
	Learns learns // what later requests can be about
	Known  bool   // asks whether what is known has changed
}

// Caller is whose credential a request carries.
type Caller int

// The callers.
const (
	Nobody   Caller = iota
	Visitor         // of the chat that is drawn
	Newcomer        // a visitor whose session began lately
	Agent           // a token with READ_WRITE
)

// learns takes what an answer to a visitor's request, or to anybody else's, teaches.
type learns func(t *Town, by visitor, answer []byte)

// Mixes are the kinds of users, in the order in which they are measured.
var Mixes = []Mix{
	{Name: "widget", Rate: 1000, Operations: []Operation{
		{Name: "settings", Weight: 1, Method: "GET", Path: "/widgets/{client}", Status: 200},
		{Name: "settings_known", Weight: 4, Method: "GET", Path: "/widgets/{client}", Status: 304, Known: true},
	}},
	{Name: "visitor", Rate: 100, Streams: 100, Operations: []Operation{
		{Name: "session", Weight: 1, Method: "POST", Path: "/visitor/sessions", Body: `{"clientToken":"{client}"}`, Status: 201, Learns: (*Town).came},
		{Name: "open", Weight: 1, As: Newcomer, Method: "POST", Path: "/visitor/conversations", Body: said, Status: 201, Learns: (*Town).opened},
		{Name: "say", Weight: 6, As: Visitor, Method: "POST", Path: "/visitor/conversations/{chat}/messages", Body: said, Status: 201},
		{Name: "answered", Weight: 4, As: Agent, Method: "POST", Path: "/conversations/{chat}/messages", Body: said, Status: 201},
		{Name: "poll", Weight: 6, As: Visitor, Method: "GET", Path: "/visitor/conversations/{chat}/messages", Status: 200},
		{Name: "read", Weight: 2, As: Visitor, Method: "POST", Path: "/visitor/conversations/{chat}/read", Status: 204},
	}},
	{Name: "agent", Rate: 100, Operations: []Operation{
		{Name: "list", Weight: 4, As: Agent, Method: "GET", Path: "/conversations", Status: 200},
		{Name: "get", Weight: 6, As: Agent, Method: "GET", Path: "/conversations/{conversation}", Status: 200},
		{Name: "post", Weight: 6, As: Agent, Method: "POST", Path: "/conversations/{conversation}/messages", Body: said, Status: 201},
		{Name: "read", Weight: 2, As: Agent, Method: "POST", Path: "/conversations/{conversation}/read", Status: 204},
		{Name: "close", Weight: 2, As: Agent, Method: "PATCH", Path: "/conversations/{in turn}", Body: `{"status":"{open or closed}"}`, Status: 200},
	}},
	{Name: "integration", Rate: 100, Operations: []Operation{
		{Name: "page", Weight: 2, As: Agent, Method: "GET", Path: "/conversations?limit=50&page={page}", Status: 200},
		{Name: "cursor", Weight: 6, As: Agent, Method: "GET", Path: "/conversations?limit=50&cursor={cursor}", Status: 200, Learns: cursor("cursor", nextCursor)},
		{Name: "export_conversations", Weight: 2, As: Agent, Method: "GET", Path: "/export/conversations?limit=50&cursor={conversations}", Status: 200, Learns: cursor("conversations", exportCursor)},
		{Name: "export_messages", Weight: 2, As: Agent, Method: "GET", Path: "/export/messages?limit=50&cursor={messages}", Status: 200, Learns: cursor("messages", exportCursor)},
		{Name: "current", Weight: 6, As: Agent, Method: "GET", Path: "/statistics/current", Status: 200},
		{Name: "history", Weight: 2, As: Agent, Method: "GET", Path: "/statistics/history?interval=day", Status: 200},
	}},
	{Name: "desk", Rate: 100, Operations: []Operation{
		{Name: "list", Weight: 6, As: Agent, Method: "GET", Path: "/tickets?status=NEW&priority={priority}", Status: 200},
		{Name: "search", Weight: 4, As: Agent, Method: "GET", Path: "/tickets?search={word}", Status: 200},
		{Name: "get", Weight: 6, As: Agent, Method: "GET", Path: "/tickets/{ticket}", Status: 200},
		{Name: "patch", Weight: 3, As: Agent, Method: "PATCH", Path: "/tickets/{ticket}", Body: `{"priority":"{priority}","description":"{words}"}`, Status: 200},
		{Name: "create", Weight: 1, As: Agent, Method: "POST", Path: "/tickets", Body: `{"title":"{words}","description":"{words}"}`, Status: 201, Learns: (*Town).ticketed},
	}},
}

// said is the body of a message: it begins with when it was due, so that who hears it knows how long it took.
const said = `{"content":"{due} {words}"}`

// Find gives the mixes of a list of names with commas between; a name may be one operation of a mix, as in "agent/list".
// "" is all of them.
func Find(names string) (found []Mix, unknown string) {
	if names == "" {
		return Mixes, ""
	}
	for name := range strings.SplitSeq(names, ",") {
		before := len(found)
		of, single, _ := strings.Cut(name, "/")
		for _, m := range Mixes {
			if m.Name != of {
				continue
			}
			if single == "" {
				found = append(found, m)
			}
			for _, one := range Each([]Mix{m}) {
				if one.Name == name {
					found = append(found, one)
				}
			}
		}
		if len(found) == before {
			return nil, name
		}
	}
	return found, ""
}

// Turns is the order in which a mix's operations are asked, each as often as it weighs and as evenly as can be. The turns
// repeat.
func (m Mix) Turns() []*Operation {
	all, credit := 0, make([]int, len(m.Operations))
	for _, o := range m.Operations {
		all += o.Weight
	}
	turns := make([]*Operation, all)
	for i := range turns {
		next := 0
		for j, o := range m.Operations {
			if credit[j] += o.Weight; credit[j] > credit[next] {
				next = j
			}
		}
		credit[next] -= all
		turns[i] = &m.Operations[next]
	}
	return turns
}

// Each gives each operation of mixes as a mix of its own, without streams beside it.
func Each(mixes []Mix) (each []Mix) {
	for _, m := range mixes {
		for _, o := range m.Operations {
			name := m.Name
			if len(m.Operations) > 1 {
				name += "/" + o.Name
			}
			each = append(each, Mix{name, m.Rate, 0, []Operation{o}})
		}
	}
	return each
}
