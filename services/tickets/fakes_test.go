package tickets_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/tickets"
)

// memory is a Store for tests of the use cases. The requirements of Store are tested over a real one.
type memory struct {
	mu       sync.Mutex
	ids      int64
	tickets  map[id.Ticket]tickets.Ticket
	messages []tickets.Message
	filter   tickets.Filter                      // of the last List
	meddle   func(tickets.Ticket) tickets.Ticket // a concurrent change, just before Save
}

func (m *memory) TicketID(context.Context) (id.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids++
	return id.Ticket(m.ids), nil
}

func (m *memory) MessageID(ctx context.Context) (id.TicketMessage, error) {
	n, err := m.TicketID(ctx)
	return id.TicketMessage(n), err
}

func (m *memory) Create(_ context.Context, made tickets.Ticket) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tickets[made.ID] = made
	return nil
}

func (m *memory) Get(_ context.Context, t tenant.ID, ticket id.Ticket) (tickets.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.tickets[ticket]
	if !ok || one.WebsiteID != t {
		return tickets.Ticket{}, fault.Missing("ticket")
	}
	return one, nil
}

func (m *memory) OpenedBy(_ context.Context, t tenant.ID, identity string) (tickets.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.tickets {
		if one.WebsiteID == t && one.OpenedBy != nil && *one.OpenedBy == identity {
			return one, nil
		}
	}
	return tickets.Ticket{}, fault.Missing("ticket")
}

func (m *memory) AtAddress(_ context.Context, address string) (tickets.Ticket, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.tickets {
		if one.UniqueEmailAddress == address {
			return one, nil
		}
	}
	return tickets.Ticket{}, fault.Missing("ticket")
}

func (m *memory) Message(
	ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage,
) (tickets.Message, error) {
	all, _, err := m.Messages(ctx, t, ticket, message-1)
	if err == nil && (len(all) == 0 || all[0].ID != message) {
		err = fault.Missing("ticket message")
	}
	if err != nil {
		return tickets.Message{}, err
	}
	return all[0], nil
}

func (m *memory) List(
	_ context.Context, t tenant.ID, f tickets.Filter, _ paging.Following,
) (paging.Slice[tickets.Ticket], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.filter = f
	var found paging.Slice[tickets.Ticket]
	for _, one := range m.tickets {
		if one.WebsiteID == t && f.Matches(one.Status, one.Priority, one.AssigneeID) &&
			f.Query.Matches(one.Search.Terms) {
			found.Rows = append(found.Rows, one)
		}
	}
	found.Total = int64(len(found.Rows))
	return found, nil
}

func (m *memory) EachCount(
	_ context.Context, t tenant.ID, add func(tickets.Status, tickets.Priority, *id.User, int64),
) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.tickets {
		if one.WebsiteID == t {
			add(one.Status, one.Priority, one.AssigneeID, 1)
		}
	}
	return nil
}

func (*memory) Analysed(context.Context, id.Ticket, int64) ([]tickets.Ticket, bool, error) {
	return nil, false, nil
}

func (*memory) Newest(context.Context) (int64, error) { return 0, nil }

func (m *memory) Index(context.Context, tickets.Ticket, func(tickets.Ticket, []tickets.Message) tickets.Ticket) error {
	return nil
}

func (m *memory) ByIDs(ctx context.Context, t tenant.ID, ids []id.Ticket) (found []tickets.Ticket, cut bool, _ error) {
	for _, ticket := range ids {
		if one, err := m.Get(ctx, t, ticket); err == nil {
			found = append(found, one)
		}
	}
	return found, false, nil
}

func (m *memory) Messages(
	_ context.Context, t tenant.ID, ticket id.Ticket, after id.TicketMessage,
) ([]tickets.Message, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tickets.Message
	for _, one := range m.messages {
		if one.WebsiteID == t && one.TicketID == ticket && one.ID > after {
			found = append(found, one)
		}
	}
	return found, false, nil
}

func (m *memory) Save(
	ctx context.Context, t tenant.ID, ticket id.Ticket, change func(tickets.Ticket) (tickets.Ticket, error),
) (tickets.Ticket, error) {
	stored, err := m.Get(ctx, t, ticket)
	if err != nil {
		return stored, err
	}
	if m.meddle != nil {
		stored = m.meddle(stored)
	}
	saved, err := change(stored)
	if err != nil {
		return saved, err
	}
	return saved, m.Create(ctx, saved)
}

func (m *memory) AddMessage(
	ctx context.Context, msg tickets.Message, change func(tickets.Ticket) (tickets.Ticket, error),
) (tickets.Message, error) {
	stored, err := m.Get(ctx, msg.WebsiteID, msg.TicketID)
	if err != nil {
		return msg, err
	}
	for _, known := range m.messages {
		if msg.MailID() != "" && known.TicketID == msg.TicketID && known.MailID() == msg.MailID() &&
			(known.SenderEmail == nil || msg.SenderEmail == nil || *known.SenderEmail == *msg.SenderEmail) {
			return known, nil
		}
	}
	changed, err := change(stored)
	if err != nil {
		return msg, err
	}
	m.messages = append(m.messages, msg)
	return msg, m.Create(ctx, changed)
}

func (m *memory) Delete(ctx context.Context, t tenant.ID, ticket id.Ticket) error {
	_, err := m.Get(ctx, t, ticket)
	delete(m.tickets, ticket)
	return err
}

// people are all three siblings. If away is set, each returns it.
type people struct {
	users         map[id.User]tickets.User
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
	visitor      id.Visitor
	token        *string
	content, key string
}

func (p *people) Website(_ context.Context, t tenant.ID) (tickets.Website, error) {
	if p.noWebsite {
		return tickets.Website{}, fault.Missing("website")
	}
	return tickets.Website{ID: t, Name: "Shop", URL: "https://shop.example", Plan: p.plan}, p.away
}

func (p *people) Users(_ context.Context, _ tenant.ID, ids []id.User) ([]tickets.User, error) {
	var found []tickets.User
	for _, user := range ids {
		if u, ok := p.users[user]; ok {
			found = append(found, u)
		}
	}
	return found, p.away
}

func (p *people) Visitors(_ context.Context, _ tenant.ID, ids []id.Visitor) ([]tickets.Visitor, error) {
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
	_ context.Context, _ tenant.ID, visitor id.Visitor, token *string, content, key string,
) (tickets.Conversation, error) {
	if p.sayFails != nil {
		return tickets.Conversation{}, p.sayFails
	}
	p.said = append(p.said, said{visitor, token, content, key})
	return tickets.Conversation{ID: 71, VisitorID: visitor}, nil
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
	store := &memory{tickets: map[id.Ticket]tickets.Ticket{}}
	p := &people{
		users: map[id.User]tickets.User{5: {ID: 5, Name: "Ada", Email: "ada@shop.example"}},
		visitors: []tickets.Visitor{
			{ID: 7, Token: "vis_7", Name: "Brave Otter"}, {ID: 8, Token: "vis_8", Name: "Calm Fox"},
		},
		conversations: map[string]tickets.Conversation{"conv_7": {ID: 70, VisitorID: 7}},
	}
	return desk{tickets.New(store, p, p, p, "mail.example", time.Now), store, p, site}
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
