package tickets_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/tickets"
)

// memory is a Store for tests of the use cases. The requirements of Store are tested over a real one.
type memory struct {
	mu       sync.Mutex
	ids      int64
	tickets  map[int64]tickets.Ticket
	messages []tickets.Message
	filter   tickets.Filter                      // of the last List
	meddle   func(tickets.Ticket) tickets.Ticket // a concurrent change, just before Save
}

func (m *memory) TicketID(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids++
	return m.ids, nil
}

func (m *memory) MessageID(ctx context.Context) (int64, error) { return m.TicketID(ctx) }

func (m *memory) Create(_ context.Context, made tickets.Ticket) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tickets[made.ID] = made
	return nil
}

func (m *memory) Get(_ context.Context, t tenant.ID, id int64) (tickets.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.tickets[id]
	if !ok || one.WebsiteID != t {
		return tickets.Ticket{}, fault.Missing("ticket")
	}
	return one, nil
}

func (m *memory) List(
	_ context.Context, t tenant.ID, f tickets.Filter, _ paging.Following,
) (paging.Slice[tickets.Ticket], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.filter = f
	var found paging.Slice[tickets.Ticket]
	for _, one := range m.tickets {
		if one.WebsiteID == t && (f.Status == "" || f.Status == one.Status) && (f.Priority == "" ||
			f.Priority == one.Priority) && !slices.ContainsFunc(f.Words, func(w string) bool {
			return !slices.Contains(one.Search.Terms, w)
		}) {
			found.Rows = append(found.Rows, one)
		}
	}
	found.Total = int64(len(found.Rows))
	return found, nil
}

func (m *memory) ByIDs(ctx context.Context, t tenant.ID, ids []int64) (found []tickets.Ticket, cut bool, _ error) {
	for _, id := range ids {
		if one, err := m.Get(ctx, t, id); err == nil {
			found = append(found, one)
		}
	}
	return found, false, nil
}

func (m *memory) Messages(_ context.Context, t tenant.ID, ticketID, after int64) ([]tickets.Message, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tickets.Message
	for _, one := range m.messages {
		if one.WebsiteID == t && one.TicketID == ticketID && one.ID > after {
			found = append(found, one)
		}
	}
	return found, false, nil
}

func (m *memory) Save(
	ctx context.Context, t tenant.ID, id int64, change func(tickets.Ticket) tickets.Ticket,
) (tickets.Ticket, error) {
	stored, err := m.Get(ctx, t, id)
	if err != nil {
		return stored, err
	}
	if m.meddle != nil {
		stored = m.meddle(stored)
	}
	saved := change(stored)
	return saved, m.Create(ctx, saved)
}

func (m *memory) AddMessage(
	ctx context.Context, msg tickets.Message, change func(tickets.Ticket) (tickets.Ticket, error),
) error {
	stored, err := m.Get(ctx, msg.WebsiteID, msg.TicketID)
	if err != nil {
		return err
	}
	changed, err := change(stored)
	if err != nil {
		return err
	}
	m.messages = append(m.messages, msg)
	return m.Create(ctx, changed)
}

func (m *memory) Delete(ctx context.Context, t tenant.ID, id int64) error {
	_, err := m.Get(ctx, t, id)
	delete(m.tickets, id)
	return err
}

// people are all three siblings. If away is set, each returns it.
type people struct {
	users         map[int64]tickets.User
	visitors      []tickets.Visitor
	conversations map[string]tickets.Conversation
	noWebsite     bool
	away          error
	plan          identity.Plan
	said          []said
	sayFails      error
}

// said is a message that was posted for a visitor.
type said struct {
	visitorID    int64
	token        *string
	content, key string
}

func (p *people) Website(_ context.Context, t tenant.ID) (tickets.Website, error) {
	if p.noWebsite {
		return tickets.Website{}, fault.Missing("website")
	}
	return tickets.Website{ID: t.Int64(), Name: "Shop", URL: "https://shop.example", Plan: p.plan}, p.away
}

func (p *people) Users(_ context.Context, _ tenant.ID, ids []int64) ([]tickets.User, error) {
	var found []tickets.User
	for _, id := range ids {
		if u, ok := p.users[id]; ok {
			found = append(found, u)
		}
	}
	return found, p.away
}

func (p *people) Visitors(_ context.Context, _ tenant.ID, ids []int64) ([]tickets.Visitor, error) {
	var found []tickets.Visitor
	for _, v := range p.visitors {
		if slices.Contains(ids, v.ID) {
			found = append(found, v)
		}
	}
	return found, p.away
}

func (p *people) VisitorByToken(_ context.Context, _ tenant.ID, token string) (tickets.Visitor, error) {
	for _, v := range p.visitors {
		if v.Token == token {
			return v, nil
		}
	}
	return tickets.Visitor{}, fault.Missing("visitor")
}

func (p *people) ConversationByToken(_ context.Context, _ tenant.ID, token string) (tickets.Conversation, error) {
	c, ok := p.conversations[token]
	if !ok {
		return c, fault.Missing("conversation")
	}
	return c, nil
}

func (p *people) Say(
	_ context.Context, _ tenant.ID, visitorID int64, token *string, content, key string,
) (tickets.Conversation, error) {
	if p.sayFails != nil {
		return tickets.Conversation{}, p.sayFails
	}
	p.said = append(p.said, said{visitorID, token, content, key})
	return tickets.Conversation{ID: 71, VisitorID: visitorID}, nil
}

// desk is a Service over fakes. User 5 works there, visitors 7 and 8 exist, and conv_7 belongs to 7.
type desk struct {
	*tickets.Service
	store  *memory
	people *people
	site   tenant.ID
}

func newDesk(t *testing.T) desk {
	t.Helper()
	site, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	store := &memory{tickets: map[int64]tickets.Ticket{}}
	p := &people{
		users: map[int64]tickets.User{5: {ID: 5, Name: "Ada", Email: "ada@shop.example"}},
		visitors: []tickets.Visitor{
			{ID: 7, Token: "vis_7", Name: "Brave Otter"}, {ID: 8, Token: "vis_8", Name: "Calm Fox"},
		},
		conversations: map[string]tickets.Conversation{"conv_7": {ID: 70, VisitorID: 7}},
	}
	return desk{tickets.New(store, p, p, p, "mail.example"), store, p, site}
}

func (d desk) create(t *testing.T, draft tickets.Draft) tickets.Detail {
	t.Helper()
	if draft.Title == "" {
		draft.Title = "Broken lamp"
	}
	made, err := d.Create(t.Context(), d.site, draft)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// fields returns the names of the members in an Invalid fault.
func fields(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	if !fault.Is(err, fault.Invalid) {
		t.Fatalf("got %v, want an Invalid fault", err)
	}
	var names []string
	for _, f := range fault.From(err).Fields {
		names = append(names, f.Field)
	}
	return names
}
