package assigner

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

var errAway = errors.New("accounts is away")

// fake assigns each conversation that it gets, but none of the website 2, for which it fails.
type fake struct {
	queued  []string
	waiting []tenant.ID
	tried   []tenant.ID
}

func (f *fake) Enqueue(_ context.Context, t tenant.ID, tokens []string) (int, error) {
	if t == storetest.Tenant(2) {
		return 0, errAway
	}
	f.queued = append(f.queued, tokens...)
	return len(tokens), nil
}

func (f *fake) Waiting(_ context.Context, after tenant.ID) ([]tenant.ID, error) {
	begin := 0
	if !after.IsZero() {
		begin = slices.Index(f.waiting, after) + 1
	}
	return f.waiting[begin:min(len(f.waiting), begin+conversations.WaitingBatch)], nil
}

func (f *fake) AssignQueued(_ context.Context, t tenant.ID) (int, error) {
	f.tried = append(f.tried, t)
	if t == storetest.Tenant(2) {
		return 0, errAway
	}
	return 1, nil
}

func newTask(t *testing.T, f *fake, leads bool) (Task, *int) {
	t.Helper()
	elections := 0
	return New(f, func(context.Context) (bool, error) {
		elections++
		return leads, nil
	}, storetest.Telemetry(t, "conversations")), &elections
}

func happened(website int64, typ contract.EventType, token, members string) outbox.Record {
	return outbox.Record{
		Website: storetest.Tenant(website), Type: typ,
		Data: `{"conversation":{"token":"` + token + `",` + members,
	}
}

// TestOpenedConversationsAreQueued: those that a visitor opens, that are open again, and that get a team, without an
// assignee. A website that fails doesn't hold up the others, and its records are applied again.
func TestOpenedConversationsAreQueued(t *testing.T) {
	t.Parallel()
	const open = `"status":"OPEN"`
	records := []outbox.Record{
		happened(1, contract.ConversationOpened, "opened", open+`}}`),
		happened(1, contract.ConversationOpened, "by an agent", open+`,"firstMessageAt":"2024-01-15T12:00:00.000Z"}}`),
		happened(1, contract.ConversationOpened, "assigned", open+`,"assigneeId":5}}`),
		happened(1, contract.ConversationUpdated, "reopened", open+`},"from":"CLOSED","status":"OPEN"}`),
		happened(1, contract.ConversationUpdated, "back", open+`,"assigneeId":5},"from":"CLOSED","status":"OPEN"}`),
		happened(1, contract.ConversationUpdated, "unassigned", open+`},"from":"OPEN","status":"OPEN"}`),
		happened(1, contract.ConversationUpdated, "closed", `"status":"CLOSED"},"from":"OPEN","status":"CLOSED"}`),
		happened(1, contract.InboxUpdated, "for a team", open+`},"spam":false,"teamId":3,"teamChanged":true}`),
		happened(1, contract.InboxUpdated, "for the team of", open+
			`,"assigneeId":5},"spam":false,"teamId":3,"teamChanged":true}`),
		happened(1, contract.InboxUpdated, "for no team", open+`},"spam":false,"teamChanged":true}`),
		happened(1, contract.InboxUpdated, "snoozed", open+
			`},"spam":false,"teamId":3,"teamChanged":true,"snoozedUntil":"2024-01-15T12:00:00.000Z"}`),
		happened(1, contract.InboxUpdated, "back in the team", open+`},"spam":false,"teamId":3}`),
		happened(1, contract.MessageCreated, "written", open+`}}`),
		happened(1, contract.ConversationOpened, "not JSON", ``),
		{Website: storetest.Tenant(1), Type: contract.ConversationUpdated, Data: `{"from":"CLOSED","status":"OPEN"}`},
	}
	f, want := &fake{}, []string{"opened", "reopened", "for a team"}
	task, _ := newTask(t, f, true)
	if err := task.Apply(t.Context(), records); err != nil || !slices.Equal(f.queued, want) {
		t.Errorf("%v are queued: %v", f.queued, err)
	}
	records = append(records, happened(2, contract.ConversationOpened, "theirs", open+`}}`))
	if err := task.Apply(t.Context(), records); !errors.Is(err, errAway) || len(f.queued) != 6 {
		t.Errorf("%v are queued: %v", f.queued, err)
	}
	if n := testutil.ToFloat64(task.assigned); n != 6 {
		t.Errorf("%v are counted", n)
	}
}

// TestLeaderAssignsWhatWaits: in all websites in turn, also after one that fails. Another replica assigns nothing, and
// the lease is asked for only if something waits.
func TestLeaderAssignsWhatWaits(t *testing.T) {
	t.Parallel()
	var many []tenant.ID
	for i := range int64(conversations.WaitingBatch + 3) {
		many = append(many, storetest.Tenant(i+10))
	}
	failing := []tenant.ID{storetest.Tenant(2)}
	for name, c := range map[string]struct {
		waiting   []tenant.ID
		leads     bool
		tried     []tenant.ID
		elections int
		err       error
	}{
		"nothing waits": {nil, true, nil, 0, nil},
		"another leads": {many, false, nil, 3, nil},
		"many wait":     {many, true, slices.Concat(many, many[:conversations.WaitingBatch]), 3, nil},
		"one fails":     {failing, true, slices.Repeat(failing, 3), 3, errAway},
	} {
		f := &fake{waiting: c.waiting}
		task, elections := newTask(t, f, c.leads)
		var last tenant.ID
		var err error
		for range 3 {
			last, err = task.assign(t.Context(), last)
		}
		if !slices.Equal(f.tried, c.tried) || *elections != c.elections || !errors.Is(err, c.err) {
			t.Errorf("%s: %v tried, %d elections, %v", name, f.tried, *elections, err)
		}
	}
}
