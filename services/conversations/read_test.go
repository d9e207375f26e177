package conversations_test

import (
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/conversations"
)

// TestPositionsAreBounded: beyond MaxReaders, the position that is furthest back is dropped.
func TestPositionsAreBounded(t *testing.T) {
	t.Parallel()
	c := conversations.Conversation{Heard: 200, ReadTo: conversations.Positions{}}
	for n := range conversations.MaxReaders {
		c.ReadTo[conversations.ReaderKey(id.User(n+1))] = int64(n + 10)
	}
	for name, k := range map[string]struct {
		user    id.User
		heard   int64
		moves   bool
		dropped string
	}{
		"a new reader":                {500, 200, true, "1"},
		"a reader with a position":    {7, 200, true, ""},
		"a reader who has read it":    {1, 10, false, ""},
		"nothing is there to be read": {500, 0, false, ""},
	} {
		c.Heard = k.heard
		if moves, dropped := c.NextReader(k.user); moves != k.moves || dropped != k.dropped {
			t.Errorf("%s: moves %v, drops %q", name, moves, dropped)
		}
	}
}
