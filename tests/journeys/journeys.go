// Package journeys is what visitors, agents and importers do from end to end. The journeys run over the system in one
// process here, and over seven separate processes in tests/processes.
package journeys

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// Journey is something that people do, from end to end, on a website of its own.
type Journey struct {
	Name string
	Run  func(*testing.T, harness.System)
}

// All is every journey.
var All = []Journey{
	{"a chat from the first word to the statistics", Chat},
	{"what happened, by the hour", Histories},
	{"a message sent again", SentAgain},
	{"a message sent by many at once", SentAtOnce},
	{"a request sent again", Repeated},
	{"a request sent by many at once", RepeatedAtOnce},
	{"reading on behind a message", ReadingOn},
	{"both sides see it happen", Live},
	{"resuming a stream", Resuming},
	{"following a stream", Following},
	{"a closed conversation is digested", Digested},
	{"tags in several languages", Tags},
	{"an agent takes a conversation", Assignment},
	{"finding conversations", Finding},
	{"following what changes", FollowingChanges},
	{"a second system follows by exports", Exporting},
	{"walking by cursor while others write", Walking},
	{"a busy conversation", Busy},
	{"an import, and again", Import},
	{"imports of the same rows at once", ImportsAtOnce},
	{"a token is revoked", Revocation},
	{"agents come and go", Users},
	{"visitors come and go", Visitors},
	{"who is there", Presence},
	{"the widget is installed", Installed},
}

// Run runs every journey side by side.
func Run(t *testing.T, s harness.System) {
	for _, j := range All {
		t.Run(j.Name, func(t *testing.T) {
			t.Parallel()
			j.Run(t, s)
		})
	}
}
