package waker

import (
	"context"
	"errors"
	"testing"

	"fivechat.dev/services/conversations"
)

// fake has a number of conversations that are due.
type fake struct {
	due, woken int
	fails      error
}

func (f *fake) DueSnoozes(context.Context) ([]conversations.Conversation, error) {
	return make([]conversations.Conversation, min(f.due, conversations.WakeBatch)), nil
}

func (f *fake) Wake(_ context.Context, due []conversations.Conversation) (int, error) {
	if f.fails != nil {
		return 0, f.fails
	}
	f.due -= len(due)
	f.woken += len(due)
	return len(due), nil
}

// TestLeaderWakesAllThatAreDue: another replica wakes none, and asks for the lease only if some are due. A failure ends
// the round, so that it isn't repeated without a pause.
func TestLeaderWakesAllThatAreDue(t *testing.T) {
	t.Parallel()
	failure := errors.New("the store is away")
	for name, c := range map[string]struct {
		due     int
		leads   bool
		fails   error
		woken   int
		elected bool
	}{
		"none is due":      {0, true, nil, 0, false},
		"many are due":     {2*conversations.WakeBatch + 1, true, nil, 2*conversations.WakeBatch + 1, true},
		"another leads":    {3, false, nil, 0, true},
		"the store fails":  {3, true, failure, 0, true},
		"a batch is whole": {conversations.WakeBatch, true, nil, conversations.WakeBatch, true},
	} {
		f, elected := &fake{due: c.due, fails: c.fails}, false
		n, err := Task{Service: f, Leading: func(context.Context) (bool, error) {
			elected = true
			return c.leads, nil
		}}.wake(t.Context())
		if n != c.woken || f.woken != c.woken || elected != c.elected || !errors.Is(err, c.fails) {
			t.Errorf("%s: %d woken, asked for the lease: %t, %v", name, n, elected, err)
		}
	}
}
