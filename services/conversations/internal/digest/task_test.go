package digest

import (
	"context"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// fakeStore is a store that records which conversations were read. All of them are open, except
// those with the token none, which don't exist. While away is set, every read fails.
type fakeStore struct {
	conversations.Store
	away   bool
	looked []string // website and token
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

func newTask(t *testing.T, d *fakeStore) Task {
	t.Helper()
	return Task{
		Service:   conversations.New(d, nil, nil, conversations.Files{}, nil, Local{}, time.Now),
		Telemetry: storetest.Telemetry(t, "conversations"),
	}
}

func happened(pos int64, website int64, typ contract.EventType, data string) outbox.Record {
	return outbox.Record{Pos: pos, Website: storetest.Tenant(website), Type: typ, Data: data}
}

func became(token, from, status string) string {
	return `{"conversation":{"token":"` + token + `"},"from":"` + from + `","status":"` + status + `"}`
}

var day = []outbox.Record{
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
	d := &fakeStore{}
	if err := newTask(t, d).Apply(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1/a", "1/none", "2/b"}; !slices.Equal(d.looked, want) {
		t.Errorf("looked at %v", d.looked)
	}
}

func TestTaskFailsIfTheStoreDoes(t *testing.T) {
	t.Parallel()
	d := &fakeStore{away: true}
	err := newTask(t, d).Apply(t.Context(), day)
	if !fault.Is(err, fault.Unavailable) || !slices.Equal(d.looked, []string{"1/a"}) {
		t.Errorf("%v, looked at %v", err, d.looked)
	}
}
