package mongostore

import (
	"context"
	"encoding/json"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
)

// tables are the collections with a website's data. An export lists the counters like all tables. The days are many and
// have no ids, so it lists them page by page.
type tables struct {
	counters, all datasubject.Tables
	days          []daysTable
}

type daysTable struct {
	kind string
	rows *mongokit.Collection[datasubject.Row]
	of   func(at exportPosition) (filter bson.D, q mongokit.Query) // the rows after a position
}

func newTables(db *mongokit.DB) tables {
	counters := datasubject.Table{Kind: "statistics", Small: true}.In(db, "statistics_counters")
	return tables{
		counters: datasubject.Tables{counters},
		all: datasubject.Tables{
			counters,
			datasubject.Table{Kind: "statistics day"}.In(db, "statistics_days"),
			datasubject.Table{Kind: "statistics agent day"}.In(db, "statistics_agent_days"),
		},
		days: []daysTable{
			{"statistics day", mongokit.Tenanted[datasubject.Row](db, "statistics_days", "day"), daysAfter},
			{"statistics agent day", mongokit.Tenanted[datasubject.Row](db, "statistics_agent_days", "day"), agentDaysAfter},
		},
	}
}

// exportRows is the number of rows in a page: a day of a busy website has some ten kilobytes.
const exportRows = 50

// exportPosition is the row of a days' table after which an export continues.
type exportPosition struct {
	table int
	day   int64
	agent id.User
}

func (p exportPosition) String() string {
	return paging.Numbers{int64(p.table), p.day, int64(p.agent)}.String()
}

// first is the position before all days of a table.
func first(table int) exportPosition { return exportPosition{table, math.MinInt32, 0} }

// Export implements datasubject.DataHolder. A visitor has no data here.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	if of.IsVisitor() {
		return datasubject.Page{}, nil
	}
	if after == "" {
		page, err := s.tables.counters.Export(ctx, of, "")
		page.Next = first(0).String()
		return page, err
	}
	at, err := paging.ParseNumbers(after, 3)
	if err != nil || at[0] < 0 || at[0] >= int64(len(s.tables.days)) {
		return datasubject.Page{}, fault.Bad("after", "is not a cursor of a previous page")
	}
	return s.exportDays(ctx, of.Website(), exportPosition{table: int(at[0]), day: at[1], agent: id.User(at[2])})
}

func daysAfter(at exportPosition) (bson.D, mongokit.Query) {
	return bson.D{{Key: "day", Value: bson.D{{Key: "$gt", Value: at.day}}}},
		mongokit.Query{Sort: bson.D{{Key: "day", Value: 1}}, Limit: exportRows}
}

func agentDaysAfter(at exportPosition) (bson.D, mongokit.Query) {
	return rowsBehind(at.day, at.agent, math.MaxInt32), inOrder(exportRows)
}

func (s *Store) exportDays(ctx context.Context, t tenant.ID, at exportPosition) (page datasubject.Page, err error) {
	table := s.tables.days[at.table]
	filter, q := table.of(at)
	rows, err := table.rows.List(ctx, t, filter, q)
	if err != nil {
		return page, err
	}
	for _, r := range rows {
		line, err := datasubject.Line(table.kind, r)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, json.RawMessage(line))
		at.day = bson.Raw(r).Lookup("day").AsInt64()
		agent, _ := bson.Raw(r).Lookup("agentId").AsInt64OK()
		at.agent = id.User(agent)
	}
	switch {
	case len(rows) == exportRows:
		page.Next = at.String()
	case at.table+1 < len(s.tables.days):
		page.Next = first(at.table + 1).String()
	}
	return page, nil
}

// Erase implements datasubject.DataHolder. Sums name no visitor, and stay when a visitor is erased.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	if of.IsVisitor() {
		return false, nil
	}
	return s.tables.all.Erase(ctx, of.Website())
}
