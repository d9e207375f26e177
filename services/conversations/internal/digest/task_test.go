package digest

import (
	"context"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// records is a log in memory.
type records []outbox.Record

func (r records) After(_ context.Context, pos, limit int64) ([]outbox.Record, error) {
	return r[pos:min(int64(len(r)), pos+limit)], nil
}

func (r records) Of(ctx context.Context, _ tenant.ID, pos, limit int64) ([]outbox.Record, error) {
	return r.After(ctx, pos, limit)
}

func (r records) Head(context.Context) (int64, error) { return int64(len(r)), nil }

// fakeStore is the positions, and a store that records which conversations were read. All of them are open, except
// those with the token none, which don't exist. While away is set, every read fails.
type fakeStore struct {
	conversations.Store
	pos    int64
	away   bool
	looked []string // website and token
}

func (d *fakeStore) Digested(context.Context) (int64, error) { return d.pos, nil }

func (d *fakeStore) SetDigested(_ context.Context, pos int64) error {
	d.pos = pos
	return nil
}

func (d *fakeStore) Get(_ context.Context, t tenant.ID, token string) (conversations.Conversation, error) {
	d.looked = append(d.looked, t.String()+"/"+token)
	switch {
	case d.away:
		return conversations.Conversation{}, fault.Away("the store", context.DeadlineExceeded)
	case token == "none":
		return conversations.Conversation{}, fault.Missing("conversation")
	}
	return conversations.Conversation{Status: conversations.Open}, nil
}

// replica returns a Task of its own over a database that replicas share.
func replica(t *testing.T, db *mongokit.DB, said records, d *fakeStore) Task {
	t.Helper()
	return Task{
		Log: outbox.NewLog(db, storetest.Telemetry(t, "conversations")), Feed: feed.Feed{Name: "conversations", Log: said},
		Positions: d,
		Service:   conversations.New(d, nil, nil, nil, Local{}, time.Now),
		Telemetry: storetest.Telemetry(t, "conversations"),
	}
}

func happened(pos int64, website int64, typ contract.EventType, data string) outbox.Record {
	return outbox.Record{Pos: pos, Website: storetest.Tenant(website), Type: typ, Data: data}
}

func became(token, from, status string) string {
	return `{"conversation":{"token":"` + token + `"},"from":"` + from + `","status":"` + status + `"}`
}

var day = records{
	happened(1, 1, contract.ConversationUpdated, became("a", "OPEN", "CLOSED")),
	happened(2, 1, contract.ConversationUpdated, became("digested", "CLOSED", "CLOSED")),
	happened(3, 1, contract.ConversationUpdated, became("assigned", "OPEN", "OPEN")),
	happened(4, 1, contract.ConversationUpdated, became("reopened", "CLOSED", "OPEN")),
	happened(5, 1, contract.MessageCreated, became("written", "OPEN", "CLOSED")),
	happened(6, 1, contract.ConversationUpdated, "not JSON"),
	happened(7, 1, contract.ConversationUpdated, became("none", "OPEN", "CLOSED")),
	happened(8, 2, contract.ConversationUpdated, became("b", "OPEN", "CLOSED")),
	happened(9, 1, contract.ConversationUpdated, became("written", "OPEN", "OPEN")),
}

func TestTaskDigestsClosedConversations(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "conversations")
	d := &fakeStore{}
	task := replica(t, db, day, d)
	storetest.Ready(t, db)
	for range 2 { // the second time there are no new records
		if err := task.follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"1/a", "1/none", "2/b"}; !slices.Equal(d.looked, want) || d.pos != 9 {
		t.Errorf("looked at %v, up to %d", d.looked, d.pos)
	}
}

func TestTaskRetriesAfterFailure(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "conversations")
	d := &fakeStore{away: true}
	task := replica(t, db, day, d)
	storetest.Ready(t, db)
	if err := task.follow(t.Context()); !fault.Is(err, fault.Unavailable) || d.pos != 0 ||
		!slices.Equal(d.looked, []string{"1/a"}) {
		t.Fatalf("%v, at %d, looked at %v", err, d.pos, d.looked)
	}
	d.away = false
	if err := task.follow(t.Context()); err != nil || d.pos != 9 ||
		!slices.Equal(d.looked, []string{"1/a", "1/a", "1/none", "2/b"}) {
		t.Errorf("%v, at %d, looked at %v", err, d.pos, d.looked)
	}
}

func TestTaskOnlyRunsOnTheLeader(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "conversations")
	first, second := &fakeStore{}, &fakeStore{}
	leader, other := replica(t, db, day, first), replica(t, db, day, second)
	storetest.Ready(t, db)
	if held, err := leader.Log.Leading(t.Context()); err != nil || !held {
		t.Fatal(held, err)
	}
	if err := other.follow(t.Context()); err != nil || second.pos != 0 || len(second.looked) != 0 {
		t.Errorf("%v, at %d, looked at %v", err, second.pos, second.looked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := leader.Run(ctx); err != nil || first.pos != 0 {
		t.Errorf("ended: %v, at %d", err, first.pos)
	}
}
