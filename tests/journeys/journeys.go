// Package journeys contains end-to-end scenarios of visitors, agents and importers. Here they run against the system in
// one process; tests/processes runs them against seven separate processes.
package journeys

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// Journey is an end-to-end scenario on a website of its own.
type Journey struct {
	Name string
	Run  func(*testing.T, harness.System)
}

// All are all journeys.
var All = []Journey{
	{"a chat, from its first message to the statistics", Chat},
	{"histories of statistics", Histories},
	{"a repeated message", SentAgain},
	{"a message sent concurrently", SentAtOnce},
	{"a repeated request", Repeated},
	{"a request sent concurrently", RepeatedAtOnce},
	{"reading on after a message", ReadingOn},
	{"live events for both sides", Live},
	{"resuming a stream", Resuming},
	{"following a stream with the client", Following},
	{"a summary of a closed conversation", Digested},
	{"tags in several languages", Tags},
	{"assignment of a conversation", Assignment},
	{"finding conversations", Finding},
	{"the views of the inbox", Inbox},
	{"what is due by the targets", Targets},
	{"the lists of tickets and visitors", Lists},
	{"searching", Searching},
	{"following lists of changes", FollowingChanges},
	{"a second system follows the exports", Exporting},
	{"cursor pagination during writes", Walking},
	{"a busy conversation", Busy},
	{"a repeated import", Import},
	{"concurrent imports of the same rows", ImportsAtOnce},
	{"a token is revoked", Revocation},
	{"agents", Users},
	{"people of a team", People},
	{"second factors", Factors},
	{"a person signs in at an identity provider", AtProvider},
	{"visitors", Visitors},
	{"notes about a visitor", Notes},
	{"the pages of a visit", Visit},
	{"a blocked visitor", Blocked},
	{"a verified visitor on two devices", Identified},
	{"identity claims that aren't proven", Claimed},
	{"devices that identify at once", IdentifiedAtOnce},
	{"verified visitors only", Required},
	{"presence", Presence},
	{"agents are online and away", Statuses},
	{"a rule assigns conversations", Assigning},
	{"a rule assigns conversations of teams", AssigningToTeams},
	{"the widget is installed", Installed},
	{"a ticket by e-mail", Mailing},
	{"files and pictures", Filing},
}

// Run runs all journeys in parallel.
func Run(t *testing.T, s harness.System) {
	for _, j := range All {
		t.Run(j.Name, func(t *testing.T) {
			t.Parallel()
			j.Run(t, s)
		})
	}
}
