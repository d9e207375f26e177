package statistics

import (
	"math"

	"fivechat.dev/libs/contract"
)

// Counters are the sums over all events of one website.
type Counters struct {
	TotalConversations    int64 `bson:"totalConversations"`
	OpenConversations     int64 `bson:"openConversations"`
	TotalMessages         int64 `bson:"totalMessages"` // of visitors and users, without system messages
	TotalVisitors         int64 `bson:"totalVisitors"`
	AnsweredConversations int64 `bson:"answeredConversations"`
	// total over the answered conversations, including erased ones
	ResponseSeconds float64 `bson:"responseSeconds"`
}

// Add returns the sum of both.
func (c Counters) Add(d Counters) Counters {
	return Counters{
		c.TotalConversations + d.TotalConversations, c.OpenConversations + d.OpenConversations,
		c.TotalMessages + d.TotalMessages,
		c.TotalVisitors + d.TotalVisitors, c.AnsweredConversations + d.AnsweredConversations,
		c.ResponseSeconds + d.ResponseSeconds,
	}
}

// negative returns the counters with negated values.
func (c Counters) negative() Counters {
	return Counters{
		-c.TotalConversations, -c.OpenConversations, -c.TotalMessages, -c.TotalVisitors, -c.AnsweredConversations,
		-c.ResponseSeconds,
	}
}

// AverageResponseTime is the mean time to the first response over the answered conversations, in seconds with one
// decimal. It is 0 without any.
func (c Counters) AverageResponseTime() float64 {
	if c.AnsweredConversations == 0 {
		return 0
	}
	return math.Round(c.ResponseSeconds/float64(c.AnsweredConversations)*10) / 10
}

// Delta returns the amounts that the event adds to its website's counters. Events that aren't counted add nothing.
func (e Event) Delta() Counters {
	switch d := e.Counts.(type) {
	case contract.ConversationOpenedCounts:
		return Counters{TotalConversations: 1, OpenConversations: 1}
	case contract.ConversationUpdatedCounts:
		return Counters{OpenConversations: isOpen(d.Status) - isOpen(d.From)}
	case contract.ConversationErasedCounts: // it still counts in the total
		return Counters{OpenConversations: -isOpen(d.From)}
	case contract.MessageCreatedCounts:
		c := Counters{TotalMessages: one(d.Sender == contract.SenderVisitor || d.Sender == contract.SenderUser)}
		if d.FirstResponseSeconds != nil {
			c.AnsweredConversations, c.ResponseSeconds = 1, *d.FirstResponseSeconds
		}
		return c
	case contract.ConversationsImportedCounts:
		return Counters{
			TotalConversations:    d.Conversations,
			OpenConversations:     d.Open,
			TotalMessages:         d.Messages,
			AnsweredConversations: d.Answered,
			ResponseSeconds:       d.ResponseSeconds,
		}
	case contract.VisitorCreatedCounts:
		return Counters{TotalVisitors: 1}
	case contract.VisitorsImportedCounts:
		return Counters{TotalVisitors: d.Visitors}
	default:
		return Counters{}
	}
}

// isOpen is 1 for the status in which a conversation counts as open, else 0.
func isOpen(s contract.ConversationStatus) int64 { return one(s == contract.ConversationStatusOpen) }

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
