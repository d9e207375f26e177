package statistics

import (
	"maps"
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

// Quarter is a quarter of an hour, counted from the beginning of 1970 in UTC. All time zones of today are whole quarters
// away from UTC (Kathmandu 5:45, Lord Howe 10:30 or 11), so an hour or a day of any of them is a run of quarters.
type Quarter int64

// Quarters of a day.
const Quarters = 96

const quarter = 15 * time.Minute

// QuarterOf gives the quarter in which a moment lies.
func QuarterOf(at time.Time) Quarter { return Quarter(floor(at.Unix(), int64(quarter/time.Second))) }

// Begin is the quarter's first moment.
func (q Quarter) Begin() time.Time { return time.Unix(int64(q)*int64(quarter/time.Second), 0).UTC() }

// Day gives the day in UTC on which the quarter lies, counted from the beginning of 1970, and its place in it.
func (q Quarter) Day() (day int64, place int) {
	day = floor(int64(q), Quarters)
	return day, int(int64(q) - day*Quarters)
}

// OnDay gives the quarter at a place of a day.
func OnDay(day int64, place int) Quarter { return Quarter(day*Quarters + int64(place)) }

func floor(n, by int64) int64 {
	if n < 0 {
		return (n+1)/by - 1
	}
	return n / by
}

// Tally is what happened in a span of time: on a website, or by one of its agents, whose tally has their messages, first
// responses and ratings alone.
type Tally struct {
	Opened          int64         `bson:"opened,omitempty"`   // conversations
	Imported        int64         `bson:"imported,omitempty"` // conversations; what was said in them was said at other times, and is in no tally
	Closed          int64         `bson:"closed,omitempty"`   // how often a conversation was closed
	VisitorMessages int64         `bson:"visitorMessages,omitempty"`
	AgentMessages   int64         `bson:"agentMessages,omitempty"`
	Visitors        int64         `bson:"visitors,omitempty"`    // new ones
	Stars           map[int]int64 `bson:"stars,omitempty"`       // ratings by stars, 1 to 5; each conversation's last one
	Responses       Sketch        `bson:"responses,omitempty"`   // from a conversation's first visitor message to its first agent message
	Resolutions     Sketch        `bson:"resolutions,omitempty"` // from a conversation's beginning to its closing
}

// Add counts another tally in.
func (t *Tally) Add(other Tally) {
	t.Opened += other.Opened
	t.Imported += other.Imported
	t.Closed += other.Closed
	t.VisitorMessages += other.VisitorMessages
	t.AgentMessages += other.AgentMessages
	t.Visitors += other.Visitors
	t.Stars = map[int]int64(Sketch(t.Stars).add(other.Stars))
	t.Responses = t.Responses.add(other.Responses)
	t.Resolutions = t.Resolutions.add(other.Resolutions)
}

// Ratings gives how many ratings there are and their mean, 0 where there are none.
func (t Tally) Ratings() (n int64, average float64) {
	sum := int64(0)
	for stars, times := range t.Stars {
		n, sum = n+times, sum+int64(stars)*times
	}
	if n == 0 {
		return 0, 0
	}
	return n, float64(sum) / float64(n)
}

// Place is where a tally is kept: a website's own (agent 0) or one of its agents', in a quarter of an hour.
type Place struct {
	Website tenant.ID
	Agent   int64
	Quarter Quarter
}

// Tallies is what events add to tallies.
type Tallies map[Place]Tally

// take adds what one event adds.
func (all Tallies) take(e Event) {
	d := e.Data
	switch e.Type {
	case "conversation.opened":
		all.add(e, 0, e.At, Tally{Opened: 1})
	case "conversations.imported":
		all.add(e, 0, e.At, Tally{Imported: d.Conversations})
	case "visitor.created":
		all.add(e, 0, e.At, Tally{Visitors: 1})
	case "conversation.updated":
		if d.From == counted && d.Status != counted {
			all.add(e, 0, e.At, Tally{Closed: 1, Resolutions: spans(d.ResolutionSeconds)})
		}
	case "message.created":
		all.both(e, d.AgentID, e.At, Tally{
			VisitorMessages: one(d.Sender == "VISITOR"), AgentMessages: one(d.Sender == "USER"), Responses: spans(d.FirstResponseSeconds)})
	case "conversation.rated":
		at := e.At
		if d.RatedAt != nil {
			at = *d.RatedAt
		}
		all.both(e, d.AgentID, at, Tally{Stars: map[int]int64{d.Rating: 1}})
		if p := d.Previous; p != nil { // a later rating takes the place of the one before
			all.both(e, p.AgentID, p.RatedAt, Tally{Stars: map[int]int64{p.Rating: -1}})
		}
	}
}

// both adds to the website's tally and to an agent's, where there is one.
func (all Tallies) both(e Event, agent int64, at time.Time, t Tally) {
	all.add(e, 0, at, t)
	if agent > 0 {
		all.add(e, agent, at, t)
	}
}

func (all Tallies) add(e Event, agent int64, at time.Time, t Tally) {
	place := Place{e.Website, agent, QuarterOf(at)}
	sum := all[place]
	sum.Stars = maps.Clone(sum.Stars)
	sum.Add(t)
	all[place] = sum
}
