package statistics

import (
	"maps"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Quarter is a quarter of an hour, counted from the start of 1970 in UTC. The offsets of all present time zones are
// whole quarters (Kathmandu 5:45, Lord Howe 10:30 or 11). So an hour or a day in any of them is a sequence of quarters.
type Quarter int64

// Quarters is the number of quarters in a day.
const Quarters = 96

const quarter = 15 * time.Minute

// QuarterOf returns the quarter that contains a time.
func QuarterOf(at time.Time) Quarter { return Quarter(floor(at.Unix(), int64(quarter/time.Second))) }

// Begin is the start of the quarter.
func (q Quarter) Begin() time.Time { return time.Unix(int64(q)*int64(quarter/time.Second), 0).UTC() }

// Day returns the UTC day of the quarter, counted from the start of 1970, and the quarter's index in it.
func (q Quarter) Day() (day int64, place int) {
	day = floor(int64(q), Quarters)
	return day, int(int64(q) - day*Quarters)
}

// OnDay returns the quarter with an index in a day.
func OnDay(day int64, place int) Quarter { return Quarter(day*Quarters + int64(place)) }

func floor(n, by int64) int64 {
	if n < 0 {
		return (n+1)/by - 1
	}
	return n / by
}

// Bucket has the sums of a span of time, of a website or of one of its agents. An agent's bucket has only the agent's
// messages, first responses and ratings.
type Bucket struct {
	Opened int64 `bson:"opened,omitempty"` // conversations
	// imported conversations; their messages are from other times, and are in no bucket
	Imported        int64 `bson:"imported,omitempty"`
	Closed          int64 `bson:"closed,omitempty"` // how often a conversation was closed
	VisitorMessages int64 `bson:"visitorMessages,omitempty"`
	AgentMessages   int64 `bson:"agentMessages,omitempty"`
	// Agent messages that programs posted. A website's AgentMessages include them, an agent's don't.
	ByPrograms int64 `bson:"byPrograms,omitempty"`
	Visitors   int64 `bson:"visitors,omitempty"` // new visitors
	// ratings by stars, 1 to 5; the last one of each conversation
	Stars map[int]int64 `bson:"stars,omitempty"`
	// from the first visitor message to the first agent message
	Responses   Sketch `bson:"responses,omitempty"`
	Resolutions Sketch `bson:"resolutions,omitempty"` // from the start of a conversation to its closing
}

// Add adds another bucket.
func (t *Bucket) Add(other Bucket) {
	t.Opened += other.Opened
	t.Imported += other.Imported
	t.Closed += other.Closed
	t.VisitorMessages += other.VisitorMessages
	t.AgentMessages += other.AgentMessages
	t.ByPrograms += other.ByPrograms
	t.Visitors += other.Visitors
	t.Stars = map[int]int64(Sketch(t.Stars).add(other.Stars))
	t.Responses = t.Responses.add(other.Responses)
	t.Resolutions = t.Resolutions.add(other.Resolutions)
}

// Ratings returns the number of ratings and their mean, 0 without any.
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

// BucketKey identifies a bucket in a quarter: of a website or, if OfAgent is set, of its agent Agent.
type BucketKey struct {
	Website tenant.ID
	OfAgent bool
	Agent   id.User
	Quarter Quarter
}

// Buckets are the amounts that events add to buckets.
type Buckets map[BucketKey]Bucket

// addEvent adds the amounts of one event.
func (all Buckets) addEvent(e Event) {
	switch d := e.Counts.(type) {
	case contract.ConversationOpenedCounts:
		all.add(e, e.At, Bucket{Opened: 1})
	case contract.ConversationsImportedCounts:
		all.add(e, e.At, Bucket{Imported: d.Conversations})
	case contract.VisitorCreatedCounts:
		all.add(e, e.At, Bucket{Visitors: 1})
	case contract.ConversationUpdatedCounts:
		if isOpen(d.From) == 1 && isOpen(d.Status) == 0 {
			all.add(e, e.At, Bucket{Closed: 1, Resolutions: spans(d.ResolutionSeconds)})
		}
	case contract.MessageCreatedCounts:
		all.addMessage(e, d)
	case contract.ConversationRatedCounts:
		at := e.At
		if d.RatedAt != nil {
			at = *d.RatedAt
		}
		all.both(e, d.AgentID, at, Bucket{Stars: map[int]int64{int(d.Rating): 1}})
		if p := d.Previous; p != nil { // a later rating replaces the previous one
			all.both(e, p.AgentID, p.RatedAt, Bucket{Stars: map[int]int64{int(p.Rating): -1}})
		}
	}
}

// addMessage adds a message. What a program posts isn't the work of the agent in whose name it does: their bucket only
// counts how many such messages there are. For the website it is an agent message like others.
func (all Buckets) addMessage(e Event, d contract.MessageCreatedCounts) {
	byProgram := d.ByProgram != nil && *d.ByProgram
	t := Bucket{
		VisitorMessages: one(d.Sender == contract.SenderVisitor),
		AgentMessages:   one(d.Sender == contract.SenderUser),
		ByPrograms:      one(byProgram),
		Responses:       spans(d.FirstResponseSeconds),
	}
	all.add(e, e.At, t)
	if byProgram {
		t = Bucket{ByPrograms: 1}
	}
	all.addToAgent(e, d.AgentID, e.At, t)
}

// both adds to the website's bucket, and to an agent's if there is one.
func (all Buckets) both(e Event, agent *id.User, at time.Time, t Bucket) {
	all.add(e, at, t)
	all.addToAgent(e, agent, at, t)
}

// addToAgent adds to an agent's bucket, if there is an agent.
func (all Buckets) addToAgent(e Event, agent *id.User, at time.Time, t Bucket) {
	if agent != nil && *agent > 0 {
		all.addTo(BucketKey{Website: e.Website, OfAgent: true, Agent: *agent, Quarter: QuarterOf(at)}, t)
	}
}

// add adds to the website's bucket.
func (all Buckets) add(e Event, at time.Time, t Bucket) {
	all.addTo(BucketKey{Website: e.Website, Quarter: QuarterOf(at)}, t)
}

func (all Buckets) addTo(key BucketKey, t Bucket) {
	sum := all[key]
	sum.Stars = maps.Clone(sum.Stars)
	sum.Add(t)
	all[key] = sum
}
