package mix

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// most bounds each list of known objects. Beyond it, new ones replace old ones.
const most = 5_000

// Site holds the objects that operations are about. It learns as it is used, concurrently.
type Site struct {
	server *Client
	token  string // of an agent with READ_WRITE
	client string // the website's client token
	etag   string // of the widget's settings
	texts  []string
	turns  atomic.Int64

	mu            sync.Mutex
	conversations []string // imported ones
	newcomers     []visitor
	chats         []chat
	tickets       []string
	pages         int
	cursors       map[string]string
	replaced      int
}

// chat is a visitor's conversation.
type chat struct {
	visitor
	conversation string
}

// visitor is a visitor's credential.
type visitor struct{ token, secret string }

// draw holds the objects of one request.
type draw struct {
	chat
	due  time.Time
	turn int64 // 0 until it is used
}

func (t *Site) draw(as Caller, due time.Time) draw {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := draw{due: due}
	if len(t.chats) > 0 {
		d.chat = one(t.chats)
	}
	if as == Newcomer {
		d.visitor = one(t.newcomers)
	}
	return d
}

// fill replaces names in braces by values of the site. Other braces stay.
func (t *Site) fill(text string, d *draw) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if value, known := t.value(name, d); known {
			b.WriteString(value)
			text = after
			continue
		}
		b.WriteByte('{')
		text = rest
	}
}

var priorities = []string{"LOW", "MEDIUM", "HIGH", "URGENT"}

func (t *Site) value(name string, d *draw) (string, bool) {
	switch name {
	case "client":
		return t.client, true
	case "chat":
		return d.conversation, true
	case "due":
		return strconv.FormatInt(d.due.UnixNano(), 10), true
	case "words":
		return one(t.texts), true
	case "word":
		words := strings.FieldsFunc(one(t.texts), func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' })
		return one(append(words, "the")), true
	case "in turn", "open or closed", "priority":
		return t.inTurn(name, d), true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch name {
	case "conversation":
		return one(t.conversations), true
	case "ticket":
		return one(t.tickets), true
	case "page":
		return strconv.Itoa(1 + rand.IntN(t.pages)), true
	default:
		value, known := t.cursors[name]
		return url.QueryEscape(value), known
	}
}

// inTurn returns a value that differs with each request, so that every request changes something. Conversations are
// reopened and closed, each twice in a row, and tickets get the next priority.
func (t *Site) inTurn(name string, d *draw) string {
	if d.turn == 0 {
		d.turn = t.turns.Add(1)
	}
	switch name {
	case "in turn":
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.conversations[int(d.turn/2)%len(t.conversations)]
	case "priority":
		return priorities[int(d.turn)%len(priorities)]
	}
	return []string{"OPEN", "CLOSED"}[d.turn%2]
}

// one returns a random element.
func one[T ~[]E, E interface{ chat | visitor | string }](of T) E { return of[rand.IntN(len(of))] }

var (
	visitorToken  = regexp.MustCompile(`vis_[a-z0-9]+`)
	visitorSecret = regexp.MustCompile(`vsec_[a-z0-9]+`)
	conversation  = regexp.MustCompile(`conv_[a-z0-9]+`)
	ticketID      = regexp.MustCompile(`"id":"(\d+)"`)
	nextCursor    = regexp.MustCompile(`"nextCursor":"([^"]+)"`)
	exportCursor  = regexp.MustCompile(`"cursor":"([^"]+)"`)
)

// learnVisitor, learnChat and learnTicket store a new visitor, chat and ticket.
func (t *Site) learnVisitor(_ visitor, answer []byte) {
	add(t, &t.newcomers, visitor{string(visitorToken.Find(answer)), string(visitorSecret.Find(answer))})
}

func (t *Site) learnChat(by visitor, answer []byte) {
	add(t, &t.chats, chat{by, string(conversation.Find(answer))})
}

func (t *Site) learnTicket(_ visitor, answer []byte) {
	if id := ticketID.FindSubmatch(answer); id != nil {
		add(t, &t.tickets, string(id[1]))
	}
}

// cursor stores the next cursor of a list; at its end the list begins again.
func cursor(name string, form *regexp.Regexp) learns {
	return func(t *Site, _ visitor, answer []byte) {
		at := form.FindSubmatch(answer)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.cursors[name] = ""
		if at != nil {
			t.cursors[name] = string(at[1])
		}
	}
}

func add[E interface{ chat | visitor | string }](t *Site, to *[]E, e E) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(*to) < most {
		*to = append(*to, e)
		return
	}
	(*to)[t.replaced%most] = e
	t.replaced++
}
