package statistics

import (
	"fmt"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/tenant"
)

// Event is an event of a website.
type Event struct {
	Website tenant.ID
	At      time.Time
	Counts  contract.Counts // nil if the event's type isn't counted
}

// NewEvent makes the event of a type from its data, which is JSON.
func NewEvent(t tenant.ID, typ contract.EventType, at time.Time, data string) (Event, error) {
	counts, err := contract.DecodeCounts(typ, []byte(data))
	if err != nil {
		return Event{}, fmt.Errorf("statistics: decode %s: %w", typ, err)
	}
	return Event{Website: t, At: at, Counts: counts}, nil
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
