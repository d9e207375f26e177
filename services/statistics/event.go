package statistics

import (
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

// Event is something that happened on a website.
type Event struct {
	Website tenant.ID
	Type    string
	At      time.Time
	Data    Data
}

// Data is the members of all events that count; each type has its own few.
type Data struct {
	Sender               string   `json:"sender"`               // message.created: VISITOR, USER or SYSTEM
	FirstResponseSeconds *float64 `json:"firstResponseSeconds"` // message.created: it answers the conversation for the first time
	AgentID              int64    `json:"agentId"`              // message.created and conversation.rated: whose it counts as, 0 for nobody's
	From                 string   `json:"from"`                 // conversation.updated and .erased: the status before
	Status               string   `json:"status"`               // conversation.updated: the status after
	ResolutionSeconds    *float64 `json:"resolutionSeconds"`    // conversation.updated: it closes the conversation, which began so long ago

	Rating   int        `json:"rating"`   // conversation.rated: 1 to 5, as are the next two
	RatedAt  *time.Time `json:"ratedAt"`  // nil: when the event was written
	Previous *Rated     `json:"previous"` // the rating whose place it takes

	Conversations   int64   `json:"conversations"` // conversations.imported, as are the next four
	Open            int64   `json:"open"`
	Messages        int64   `json:"messages"`
	Answered        int64   `json:"answered"`
	ResponseSeconds float64 `json:"responseSeconds"`
	Visitors        int64   `json:"visitors"` // visitors.imported
}

// Rated is a rating that was given before.
type Rated struct {
	Rating  int       `json:"rating"`
	RatedAt time.Time `json:"ratedAt"`
	AgentID int64     `json:"agentId"`
}

// Delta is what events add to what is kept.
type Delta struct {
	Counters map[tenant.ID]Counters // websites to whose counters nothing is added are left out
	Buckets  Buckets
}

// Project gives what a batch of events adds.
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
