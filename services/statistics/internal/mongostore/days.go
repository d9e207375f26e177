package mongostore

import (
	"context"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/statistics"
)

// dayRow is a UTC day of a website, or of one of its agents: the buckets of its quarters, by index. So a year in any
// time zone is some 370 rows, regardless of the number of events.
type dayRow struct {
	Website  tenant.ID                 `bson:"websiteId"`
	Day      int64                     `bson:"day"`               // since the start of 1970
	Agent    id.User                   `bson:"agentId,omitempty"` // only in statistics_agent_days
	Quarters map[int]statistics.Bucket `bson:"quarters"`
}

// The largest number of rows that are read, and held in memory, at a time.
const (
	readDays = 40
	readRows = 500
)

func declareDays(db *mongokit.DB) *mongokit.Collection[dayRow] {
	return mongokit.Tenanted[dayRow](db, "statistics_days", "day", mongokit.Index{
		Keys:   bson.D{{Key: "day", Value: 1}},
		Unique: true,
	})
}

func declareAgentDays(db *mongokit.DB) *mongokit.Collection[dayRow] {
	return mongokit.Tenanted[dayRow](db, "statistics_agent_days", "day",
		mongokit.Index{Keys: bson.D{{Key: "day", Value: 1}, {Key: "agentId", Value: 1}}, Unique: true})
}

// span matches the days of the quarters from first up to before end.
func span(first, end statistics.Quarter) bson.D {
	from, _ := first.Day()
	to, _ := (end - 1).Day()
	return bson.D{{Key: "day", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lte", Value: to}}}}
}

// each passes the row's buckets between two quarters to a function.
func (r dayRow) each(first, end statistics.Quarter, give func(statistics.Quarter, statistics.Bucket)) {
	for place, bucket := range r.Quarters {
		if q := statistics.OnDay(r.Day, place); q >= first && q < end {
			give(q, bucket)
		}
	}
}

// Buckets implements statistics.Store.
func (s *Store) Buckets(
	ctx context.Context, t tenant.ID, first, end statistics.Quarter,
	give func(statistics.Quarter, statistics.Bucket),
) error {
	for first < end {
		pageEnd := min(first+readDays*statistics.Quarters, end)
		from := first
		err := s.days.Each(ctx, t, span(first, pageEnd), mongokit.Query{
			Sort: bson.D{{Key: "day", Value: 1}},
		}, func(r dayRow) {
			r.each(from, pageEnd, give)
		})
		if err != nil {
			return err
		}
		first = pageEnd
	}
	return nil
}

// rowsBehind matches the rows after that of a day and an agent, up to a last day. The range serves the index; the $or
// only excludes rows of the first day.
func rowsBehind(day int64, agent id.User, last int64) bson.D {
	return bson.D{
		{Key: "day", Value: bson.D{{Key: "$gte", Value: day}, {Key: "$lte", Value: last}}},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: "day", Value: bson.D{{Key: "$gt", Value: day}}}},
			bson.D{{Key: "agentId", Value: bson.D{{Key: "$gt", Value: agent}}}},
		}},
	}
}

func inOrder(limit int64) mongokit.Query {
	return mongokit.Query{Sort: bson.D{{Key: "day", Value: 1}, {Key: "agentId", Value: 1}}, Limit: limit}
}

// AgentBuckets implements statistics.Store. It reads page by page, because the number of a website's agents is
// unlimited.
func (s *Store) AgentBuckets(
	ctx context.Context, t tenant.ID, first, end statistics.Quarter,
	give func(agent id.User, bucket statistics.Bucket),
) error {
	day, _ := first.Day()
	last, _ := (end - 1).Day()
	for agent := id.User(0); ; { // zero is before every agent
		rows, cut, err := s.agentDays.Part(ctx, t, rowsBehind(day, agent, last), inOrder(readRows))
		if err != nil {
			return err
		}
		for _, r := range rows {
			r.each(first, end, func(_ statistics.Quarter, bucket statistics.Bucket) { give(r.Agent, bucket) })
			day, agent = r.Day, r.Agent
		}
		if len(rows) < readRows && !cut {
			return nil
		}
	}
}

// dayOf identifies the row of a bucket.
type dayOf struct {
	website tenant.ID
	ofAgent bool
	agent   id.User
	day     int64
}

// increments returns the amounts that buckets add to each row, as members of a $inc.
func increments(all statistics.Buckets) (map[dayOf]bson.D, error) {
	rows := map[dayOf]bson.D{}
	for at, bucket := range all {
		raw, err := bson.Marshal(bucket)
		if err != nil {
			return nil, fmt.Errorf("mongostore: a bucket: %w", err)
		}
		day, place := at.Quarter.Day()
		row := dayOf{at.Website, at.OfAgent, at.Agent, day}
		if rows[row], err = flatten(rows[row], "quarters."+strconv.Itoa(place)+".", raw); err != nil {
			return nil, fmt.Errorf("mongostore: a bucket: %w", err)
		}
	}
	return rows, nil
}

// flatten adds the numbers in a document to inc, each with its path.
func flatten(inc bson.D, path string, doc bson.Raw) (bson.D, error) {
	members, err := doc.Elements()
	if err != nil {
		return inc, err
	}
	for _, m := range members {
		if below, is := m.Value().DocumentOK(); is {
			if inc, err = flatten(inc, path+m.Key()+".", below); err != nil {
				return inc, err
			}
		} else if n := m.Value().AsInt64(); n != 0 {
			inc = append(inc, bson.E{Key: path + m.Key(), Value: n})
		}
	}
	return inc, nil
}

// addBuckets adds to the rows, always in the same order.
func (s *Store) addBuckets(ctx context.Context, all statistics.Buckets) error {
	rows, err := increments(all)
	if err != nil {
		return err
	}
	for _, at := range sorted(rows, func(d dayOf) []int64 { return []int64{d.website.Int64(), int64(d.agent), d.day} }) {
		if len(rows[at]) == 0 { // the amounts cancel out
			continue
		}
		kept, key := s.days, bson.D{{Key: "day", Value: at.day}}
		if at.ofAgent {
			kept, key = s.agentDays, append(key, bson.E{Key: "agentId", Value: at.agent})
		}
		if err := kept.Increment(ctx, at.website, key, rows[at]); err != nil {
			return err
		}
	}
	return nil
}
