package clients

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/statistics"
)

// Log implements statistics.Source over another service's log.
type Log struct {
	Service string
	outbox.Remote
}

// Name implements statistics.Source.
func (l Log) Name() string { return l.Service }

// Totals implements statistics.Source.
func (l Log) Totals(ctx context.Context, t tenant.ID) (statistics.Totals, error) {
	found, err := l.Remote.Totals(ctx, t)
	if err != nil {
		return statistics.Totals{}, err
	}
	c := found.Counts
	totals := statistics.Totals{Pos: found.Pos, Counters: statistics.Counters{
		TotalConversations:    int64(c["totalConversations"]),
		OpenConversations:     int64(c["openConversations"]),
		TotalMessages:         int64(c["totalMessages"]),
		TotalVisitors:         int64(c["totalVisitors"]),
		AnsweredConversations: int64(c["answeredConversations"]),
		ResponseSeconds:       c["responseSeconds"],
	}}
	totals.Waiting, err = l.events(found.Waiting)
	return totals, err
}

// page is the number of events that are read at a time.
const page = 500

// Between implements statistics.Source.
func (l Log) Between(ctx context.Context, t tenant.ID, after, to int64) ([]statistics.Event, error) {
	var all []statistics.Event
	for after < to {
		records, err := l.Of(ctx, t, after, page)
		if err != nil {
			return nil, err
		}
		wanted := upTo(records, to)
		some, err := l.events(wanted)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); len(records) == 0 || len(wanted) < len(records) {
			break
		}
		after = records[len(records)-1].Pos
	}
	return all, nil
}

// upTo returns the records, which are in order, up to a position.
func upTo(records []outbox.Record, to int64) []outbox.Record {
	for i, r := range records {
		if r.Pos > to {
			return records[:i]
		}
	}
	return records
}

func (l Log) events(records []outbox.Record) ([]statistics.Event, error) {
	all := make([]statistics.Event, len(records))
	for i, r := range records {
		var err error
		if all[i], err = statistics.NewEvent(r.Website, r.Type, r.At, r.Data); err != nil {
			return nil, fmt.Errorf("clients: record %s of %s: %w", r.ID, l.Service, err)
		}
	}
	return all, nil
}
