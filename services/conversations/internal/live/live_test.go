package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/transient"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/storetest"
)

var (
	one, two = storetest.Tenant(1), storetest.Tenant(2)
	noon     = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
)

// log is a source in memory.
type log struct {
	mu      sync.Mutex
	records []outbox.Record
	away    bool

	manyConversations bool // more than can be read
}

func (l *log) add(t tenant.ID, typ contract.EventType, data string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pos := int64(len(l.records) + 1)
	l.records = append(l.records, outbox.Record{
		ID:      fmt.Sprint("id", pos),
		Website: t,
		Type:    typ,
		At:      noon,
		Data:    data,
		Pos:     pos,
	})
}

func (l *log) read(pos, limit int64, wanted func(outbox.Record) bool) ([]outbox.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return nil, fault.Away("the log", context.DeadlineExceeded)
	}
	var found []outbox.Record
	for _, r := range l.records {
		if r.Pos > pos && int64(len(found)) < limit && wanted(r) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (l *log) After(_ context.Context, pos, limit int64) ([]outbox.Record, error) {
	return l.read(pos, limit, func(outbox.Record) bool { return true })
}

func (l *log) Of(_ context.Context, t tenant.ID, pos, limit int64) ([]outbox.Record, error) {
	return l.read(pos, limit, func(r outbox.Record) bool { return r.Website == t })
}

func (l *log) Head(context.Context) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return 0, fault.Away("the log", context.DeadlineExceeded)
	}
	return int64(len(l.records)), nil
}

// VisitorEvents implements VisitorEvents. It returns the latest first, because the interface promises no order.
func (l *log) VisitorEvents(
	_ context.Context, t tenant.ID, visitor id.Visitor, behind int64, take func([]outbox.Record) error,
) (bool, error) {
	found, err := l.read(behind, math.MaxInt64, func(r outbox.Record) bool {
		e, err := ofRecord(r)
		return err == nil && r.Website == t && e.about == visitorOf(visitor)
	})
	slices.Reverse(found)
	if err != nil || l.manyConversations {
		return false, err
	}
	for _, r := range found {
		if err := take([]outbox.Record{r}); err != nil {
			return true, err
		}
	}
	return true, nil
}

// about is the data of an event in a visitor's conversation.
func about(visitor int64, text string) string {
	return fmt.Sprintf(`{"conversation":{"visitorId":%d},"text":%q}`, visitor, text)
}

// hub is a Hub over two logs, and a server of its streams.
type hub struct {
	*Hub
	t       *testing.T
	logs    []*log
	url     string
	keyring *identity.Keyring
}

func start(t *testing.T) hub {
	t.Helper()
	logs := []*log{{}, {}}
	keys, err := identity.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	tele := storetest.Telemetry(t, "conversations")
	h := New([]feed.Feed{{Name: "a", Log: logs[0]}, {Name: "b", Log: logs[1]}}, logs[0], nil, tele)
	router := httpkit.NewRouter(tele, keys)
	h.Mount(router)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close) // it waits for the streams, which end with the hub or their clients
	t.Cleanup(h.Drain)
	return hub{h, t, logs, server.URL, keys}
}

// run runs the hub until the test ends.
func (h hub) run() hub {
	ctx, cancel := context.WithCancel(context.Background())
	var task sync.WaitGroup
	task.Go(func() { _ = h.Run(ctx) })
	h.t.Cleanup(func() { cancel(); task.Wait() })
	return h
}

func agent(t tenant.ID, plan identity.Plan) identity.Principal {
	return identity.Principal{Kind: identity.Token, Website: t, Level: identity.Read, Plan: plan}
}

func visitor(t tenant.ID, of id.Visitor) identity.Principal {
	return identity.Principal{Kind: identity.Visitor, Website: t, VisitorID: of}
}

// stream is an open stream.
type stream struct {
	t    *testing.T
	in   *bufio.Scanner
	resp *http.Response
}

func (h hub) ask(p identity.Principal, id string) *http.Response {
	h.t.Helper()
	path := "/events"
	if p.Kind == identity.Visitor {
		path = "/visitor/events"
	}
	req, err := http.NewRequestWithContext(h.t.Context(), "GET", h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	assertion, err := h.keyring.Sign(p)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set(identity.Header, assertion)
	if id != "" {
		req.Header.Set(lastEventID, id)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (h hub) open(p identity.Principal, id string) stream {
	h.t.Helper()
	resp := h.ask(p, id)
	if resp.StatusCode != 200 {
		h.t.Fatalf("answers %s", resp.Status)
	}
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, 1<<20)
	return stream{h.t, in, resp}
}

// want fails the test unless the next frames have these lines. The end of the stream is "".
func (s stream) want(lines ...string) {
	s.t.Helper()
	for _, want := range lines {
		got := ""
		for s.in.Scan() {
			if got = s.in.Text(); got != "" && got != ":" {
				break
			}
		}
		if got != want {
			s.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// end closes a stream and waits until the hub has removed it.
func (h hub) end(s stream) {
	h.mu.Lock()
	before := h.readers
	h.mu.Unlock()
	s.resp.Body.Close()
	for tick := time.Tick(time.Millisecond); ; <-tick {
		h.mu.Lock()
		now := h.readers
		h.mu.Unlock()
		if now < before {
			return
		}
	}
}

// shown returns the data of an event as its visitor sees it.
func shown(content string) string {
	data, err := visitorData([]byte(content))
	if err != nil {
		panic(err)
	}
	return string(data)
}

func data(id, typ, content string) string {
	return fmt.Sprintf(`data: {"id":%q,"type":%q,"at":"2024-01-15T12:00:00.000Z","data":%s}`, id, typ, content)
}

func TestEventsReachTheReadersTheyConcern(t *testing.T) {
	t.Parallel()
	h := start(t)
	const (
		theirs, others, free, pro, elsewhere = "their visitor", "another visitor", "agent", "pro agent", "another website"
	)
	readers := map[string]stream{
		theirs: h.open(visitor(one, 7), ""), others: h.open(visitor(one, 8), ""), free: h.open(agent(one, identity.Free), ""),
		pro: h.open(agent(one, identity.Pro), ""), elsewhere: h.open(agent(two, identity.Pro), ""),
	}
	for _, s := range readers {
		s.want("id: 0.0", "event: ready", `data: {"resumed":false}`)
	}
	for i, c := range []struct {
		website   tenant.ID
		typ       string
		data      string
		receivers []string
	}{
		{one, "message.created", about(7, "a"), []string{theirs, free, pro}},
		{one, "message.created", about(8, "b"), []string{others, free, pro}},
		{one, "typing", about(7, "c"), []string{theirs, free, pro}},
		{one, "conversations.imported", `{"conversations":2}`, []string{free, pro}},
		{one, "visitor.updated", `{"visitorId":7}`, []string{free, pro}},
		{one, "secret.of.agents", about(7, "d"), []string{free, pro}},
		{one, "ticket.created", `{"ticketId":"1"}`, []string{pro}},
		{two, "message.created", about(7, "e"), []string{elsewhere}},
		{one, "message.created", "no JSON\nevent: injected", nil},
		{one, "message.created", about(0, "f"), []string{free, pro}},
	} {
		h.logs[0].add(c.website, contract.EventType(c.typ), c.data)
		records, err := h.logs[0].After(t.Context(), int64(i), 1)
		if err != nil {
			t.Fatal(err)
		}
		h.deliverBatch(t.Context(), 0, records)
		for name, s := range readers {
			content := c.data
			if slices.Contains(c.receivers, name) {
				if name == theirs || name == others {
					content = shown(content)
				}
				s.want(fmt.Sprintf("id: %d.0", i+1), "event: "+c.typ, data(fmt.Sprint("id", i+1), c.typ, content))
			}
		}
	}
	h.Drain()
	for _, s := range readers {
		s.want("") // no other event arrived
	}
}

// TestVisitorsDontSeeThatAProgramPosted: nor what else only agents see. The rest of the event is the same.
func TestVisitorsDontSeeThatAProgramPosted(t *testing.T) {
	t.Parallel()
	byProgram := true
	content, err := json.Marshal(contract.MessageCreatedData{
		Conversation: contract.Conversation{WebsiteID: one, Token: "conv_k", Tags: []string{"refund"}},
		Message:      contract.Message{Content: "On its way.", ByProgram: &byProgram},
		Sender:       contract.SenderUser,
		ByProgram:    &byProgram,
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := shown(string(content))
	for _, hidden := range []string{"byProgram", "refund"} {
		if !strings.Contains(string(content), hidden) || strings.Contains(seen, hidden) {
			t.Errorf("a visitor sees %s: %s", hidden, seen)
		}
	}
	if !strings.Contains(seen, "On its way.") || !strings.Contains(seen, "conv_k") {
		t.Errorf("a visitor sees %s", seen)
	}
}

func TestTransientEventsHaveNoID(t *testing.T) {
	t.Parallel()
	h := start(t)
	s, agents := h.open(visitor(one, 7), ""), h.open(agent(one, identity.Free), "")
	s.want("id: 0.0", "event: ready", `data: {"resumed":false}`)
	agents.want("id: 0.0", "event: ready", `data: {"resumed":false}`)
	h.deliverTransient(transient.Event{
		Website: one,
		Visitor: 8,
		Type:    "typing",
		At:      noon,
		Data:    []byte(`{"typing":true}`),
	})
	h.deliverTransient(transient.Event{Website: one, Visitor: 7, Type: "visitor.online", At: noon, Data: []byte(`{}`)})
	h.deliverTransient(transient.Event{
		Website: one,
		Visitor: 7,
		Type:    "typing",
		At:      noon,
		Data:    []byte(`{"typing":false}`),
	})
	s.want("event: typing", data("", "typing", `{"typing":false}`))
	agents.want("event: typing", data("", "typing", `{"typing":true}`), "event: visitor.online")
}
