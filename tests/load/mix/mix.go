// Package mix contains the requests of Fivechat's users: one table of the operations of each kind of user, and a site
// with visitors, conversations and tickets that the operations are about. The load generator and the measurement of
// operations' costs share it.
package mix

import "strings"

// Mix is the requests of one kind of user, in their proportions.
type Mix struct {
	Name       string
	Rate       float64 // default, in requests per second: two cores serve it easily
	Streams    int     // visitors' event streams that stay open meanwhile
	Operations []Operation
}

// Operation is a user's request. In its path and body, names in braces are replaced by values of the site (Site.fill).
type Operation struct {
	Name   string
	Weight int // its share of the mix's requests
	As     Caller
	Method string
	Path   string
	Body   string // "" for none
	Status int    // the expected status
	Learns learns // what later requests can be about
	Known  bool   // sends the last ETag
}

// Caller is the credential of a request.
type Caller int

// The callers.
const (
	Nobody   Caller = iota
	Visitor         // of the drawn chat
	Newcomer        // a visitor whose session began lately
	Agent           // a token with READ_WRITE
)

// learns stores parts of the response to a visitor's request, or to another caller's.
type learns func(t *Site, by visitor, answer []byte)

// Mixes are the kinds of users, in the order in which they are measured.
var Mixes = []Mix{
	{Name: "widget", Rate: 1000, Operations: []Operation{
		{Name: "settings", Weight: 1, Method: "GET", Path: "/widgets/{client}", Status: 200},
		{Name: "settings_known", Weight: 4, Method: "GET", Path: "/widgets/{client}", Status: 304, Known: true},
	}},
	{Name: "visitor", Rate: 100, Streams: 100, Operations: []Operation{
		{
			Name: "session", Weight: 1, Method: "POST", Path: "/visitor/sessions", Body: `{"clientToken":"{client}"}`,
			Status: 201, Learns: (*Site).learnVisitor,
		},
		{
			Name: "open", Weight: 1, As: Newcomer, Method: "POST", Path: "/visitor/conversations", Body: said, Status: 201,
			Learns: (*Site).learnChat,
		},
		{
			Name: "say", Weight: 6, As: Visitor, Method: "POST", Path: "/visitor/conversations/{chat}/messages", Body: said,
			Status: 201,
		},
		{
			Name: "answered", Weight: 4, As: Agent, Method: "POST", Path: "/conversations/{chat}/messages", Body: said,
			Status: 201,
		},
		{Name: "poll", Weight: 6, As: Visitor, Method: "GET", Path: "/visitor/conversations/{chat}/messages", Status: 200},
		{Name: "read", Weight: 2, As: Visitor, Method: "POST", Path: "/visitor/conversations/{chat}/read", Status: 204},
	}},
	{Name: "agent", Rate: 100, Operations: []Operation{
		{Name: "list", Weight: 4, As: Agent, Method: "GET", Path: "/conversations", Status: 200},
		{Name: "get", Weight: 6, As: Agent, Method: "GET", Path: "/conversations/{conversation}", Status: 200},
		{
			Name: "post", Weight: 6, As: Agent, Method: "POST", Path: "/conversations/{conversation}/messages", Body: said,
			Status: 201,
		},
		{Name: "read", Weight: 2, As: Agent, Method: "POST", Path: "/conversations/{conversation}/read", Status: 204},
		{
			Name: "close", Weight: 2, As: Agent, Method: "PATCH", Path: "/conversations/{in turn}",
			Body: `{"status":"{open or closed}"}`, Status: 200,
		},
	}},
	{Name: "integration", Rate: 100, Operations: []Operation{
		{Name: "page", Weight: 2, As: Agent, Method: "GET", Path: "/conversations?limit=50&page={page}", Status: 200},
		{
			Name: "cursor", Weight: 6, As: Agent, Method: "GET", Path: "/conversations?limit=50&cursor={cursor}", Status: 200,
			Learns: cursor("cursor", nextCursor),
		},
		{
			Name: "export_conversations", Weight: 2, As: Agent, Method: "GET",
			Path: "/export/conversations?limit=50&cursor={conversations}", Status: 200,
			Learns: cursor("conversations", exportCursor),
		},
		{
			Name: "export_messages", Weight: 2, As: Agent, Method: "GET", Path: "/export/messages?limit=50&cursor={messages}",
			Status: 200, Learns: cursor("messages", exportCursor),
		},
		{Name: "current", Weight: 6, As: Agent, Method: "GET", Path: "/statistics/current", Status: 200},
		{Name: "history", Weight: 2, As: Agent, Method: "GET", Path: "/statistics/history?interval=day", Status: 200},
	}},
	{Name: "desk", Rate: 100, Operations: []Operation{
		{Name: "list", Weight: 6, As: Agent, Method: "GET", Path: "/tickets?status=NEW&priority={priority}", Status: 200},
		{Name: "search", Weight: 4, As: Agent, Method: "GET", Path: "/tickets?search={word}", Status: 200},
		{Name: "get", Weight: 6, As: Agent, Method: "GET", Path: "/tickets/{ticket}", Status: 200},
		{
			Name: "patch", Weight: 3, As: Agent, Method: "PATCH", Path: "/tickets/{ticket}",
			Body: `{"priority":"{priority}","description":"{words}"}`, Status: 200,
		},
		{
			Name: "create", Weight: 1, As: Agent, Method: "POST", Path: "/tickets",
			Body: `{"title":"{words}","description":"{words}"}`, Status: 201, Learns: (*Site).learnTicket,
		},
	}},
}

// said is the body of a message. It begins with the time when it was due, so that a receiver knows its delay.
const said = `{"content":"{due} {words}"}`

// Find returns the mixes of a comma-separated list of names. A name may be one operation of a mix, as in "agent/list".
// "" means all mixes.
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

// Turns is the order of a mix's operations: each as often as its weight, spread as evenly as possible. The turns
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

// Each returns each operation of mixes as a mix of its own, without streams.
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
