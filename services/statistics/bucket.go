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

// Bucket is what happened in a span of time: on a website, or by one of its agents, whose bucket has their messages, first
// responses and ratings alone.
type Bucket struct {
	Opened          int64         `bson:"opened,omitempty"`   // conversations
	Imported        int64         `bson:"imported,omitempty"` // conversations; what was said in them was said at other times, and is in no bucket
	Closed          int64         `bson:"closed,omitempty"`   // how often a conversation was closed
	VisitorMessages int64         `bson:"visitorMessages,omitempty"`
	AgentMessages   int64         `bson:"agentMessages,omitempty"`
	Visitors        int64         `bson:"visitors,omitempty"`    // new ones
	Stars           map[int]int64 `bson:"stars,omitempty"`       // ratings by stars, 1 to 5; each conversation's last one
	Responses       Sketch        `bson:"responses,omitempty"`   // from a conversation's first visitor message to its first agent message
	Resolutions     Sketch        `bson:"resolutions,omitempty"` // from a conversation's beginning to its closing
}

// Add counts another bucket in.
func (t *Bucket) Add(other Bucket) {
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
func (t Bucket) Ratings() (n int64, average float64) {
	sum := int64(0)
	for stars, times := range t.Stars {
		n, sum = n+times, sum+int64(stars)*times
	}
	if n == 0 {
		return 0, 0
	}
	return n, float64(sum) / float64(n)
}

// BucketKey is where a bucket is kept: a website's own (agent 0) or one of its agents', in a quarter of an hour.
type BucketKey struct {
	Website tenant.ID
	Agent   int64
	Quarter Quarter
}

// Buckets is what events add to buckets.
type Buckets map[BucketKey]Bucket

// take adds what one event adds.
func (all Buckets) addEvent(e Event) {
	d := e.Data
	switch e.Type {
	case "conversation.opened":
		all.add(e, 0, e.At, Bucket{Opened: 1})
	case "conversations.imported":
		all.add(e, 0, e.At, Bucket{Imported: d.Conversations})
	case "visitor.created":
		all.add(e, 0, e.At, Bucket{Visitors: 1})
	case "conversation.updated":
		if d.From == counted && d.Status != counted {
			all.add(e, 0, e.At, Bucket{Closed: 1, Resolutions: spans(d.ResolutionSeconds)})
		}
	case "message.created":
		all.both(e, d.AgentID, e.At, Bucket{
			VisitorMessages: one(d.Sender == "VISITOR"),
			AgentMessages:   one(d.Sender == "USER"),
			Responses:       spans(d.FirstResponseSeconds),
		})
	case "conversation.rated":
		at := e.At
		if d.RatedAt != nil {
			at = *d.RatedAt
		}
		all.both(e, d.AgentID, at, Bucket{Stars: map[int]int64{d.Rating: 1}})
		if p := d.Previous; p != nil { // a later rating takes the place of the one before
			all.both(e, p.AgentID, p.RatedAt, Bucket{Stars: map[int]int64{p.Rating: -1}})
		}
	}
}

// both adds to the website's bucket and to an agent's, where there is one.
func (all Buckets) both(e Event, agent int64, at time.Time, t Bucket) {
	all.add(e, 0, at, t)
	if agent > 0 {
		all.add(e, agent, at, t)
	}
}

func (all Buckets) add(e Event, agent int64, at time.Time, t Bucket) {
	key := BucketKey{e.Website, agent, QuarterOf(at)}
	sum := all[key]
	sum.Stars = maps.Clone(sum.Stars)
	sum.Add(t)
	all[key] = sum
}
