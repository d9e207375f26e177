package statistics

import (
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

// Event is an event of a website.
type Event struct {
	Website tenant.ID
	Type    string
	At      time.Time
	Data    Data
}

// Data has the members of all counted events. Each type has only some of them.
type Data struct {
	Sender string `json:"sender"` // message.created: VISITOR, USER or SYSTEM
	// message.created: time to the first response, if it is that
	FirstResponseSeconds *float64 `json:"firstResponseSeconds"`
	// message.created, conversation.rated: the agent that it counts for, 0 for none
	AgentID int64  `json:"agentId"`
	From    string `json:"from"`   // conversation.updated and .erased: the status before
	Status  string `json:"status"` // conversation.updated: the status after
	// conversation.updated: age of the conversation, if it closes it
	ResolutionSeconds *float64 `json:"resolutionSeconds"`

	Rating   int        `json:"rating"`   // conversation.rated: 1 to 5, as are the next two
	RatedAt  *time.Time `json:"ratedAt"`  // nil if it is the event's time
	Previous *Rated     `json:"previous"` // the rating that it replaces

	Conversations   int64   `json:"conversations"` // conversations.imported, as are the next four
	Open            int64   `json:"open"`
	Messages        int64   `json:"messages"`
	Answered        int64   `json:"answered"`
	ResponseSeconds float64 `json:"responseSeconds"`
	Visitors        int64   `json:"visitors"` // visitors.imported
}

// Rated is a previous rating.
type Rated struct {
	Rating  int       `json:"rating"`
	RatedAt time.Time `json:"ratedAt"`
	AgentID int64     `json:"agentId"`
}

// Delta has the amounts that events add to counters and buckets.
type Delta struct {
	Counters map[tenant.ID]Counters // without websites whose counters don't change
	Buckets  Buckets
}

// Project returns the amounts that a batch of events adds.
func Project(events []Event) Delta {
	d := Delta{map[tenant.ID]Counters{}, Buckets{}}
	for _, e := range events {
		d.Buckets.addEvent(e)
		if sum := d.Counters[e.Website].Add(e.Delta()); sum != (Counters{}) {
			d.Counters[e.Website] = sum
		} else {
			delete(d.Counters, e.Website)
		}
	}
	return d
}
