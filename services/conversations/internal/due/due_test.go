package due

import (
	"context"
	"errors"
	"testing"

	"fivechat.dev/services/conversations"
)

// fake has a number of conversations that are due.
type fake struct {
	due, settled int
	fails        error
}

func (f *fake) find(context.Context) ([]conversations.Conversation, error) {
	return make([]conversations.Conversation, min(f.due, conversations.DueBatch)), nil
}

func (f *fake) settle(_ context.Context, due []conversations.Conversation) (int, error) {
	if f.fails != nil {
		return 0, f.fails
	}
	f.due -= len(due)
	f.settled += len(due)
	return len(due), nil
}

// TestLeaderSettlesAllThatAreDue: another replica settles none, and asks for the lease only if some are due. A failure
// ends the round, so that it isn't repeated without a pause.
func TestLeaderSettlesAllThatAreDue(t *testing.T) {
	t.Parallel()
	failure := errors.New("the store is away")
	for name, c := range map[string]struct {
		due     int
		leads   bool
		fails   error
		settled int
		elected bool
	}{
		"none is due":      {0, true, nil, 0, false},
		"many are due":     {2*conversations.DueBatch + 1, true, nil, 2*conversations.DueBatch + 1, true},
		"another leads":    {3, false, nil, 0, true},
		"the store fails":  {3, true, failure, 0, true},
		"a batch is whole": {conversations.DueBatch, true, nil, conversations.DueBatch, true},
	} {
		f, elected := &fake{due: c.due, fails: c.fails}, false
		n, err := Task{find: f.find, settle: f.settle, leading: func(context.Context) (bool, error) {
			elected = true
			return c.leads, nil
		}}.round(t.Context())
		if n != c.settled || f.settled != c.settled || elected != c.elected || !errors.Is(err, c.fails) {
			t.Errorf("%s: %d settled, asked for the lease: %t, %v", name, n, elected, err)
		}
	}
}
