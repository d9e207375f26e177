package mongostore

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
)

// shelves are what there is of a website. An export shows the counters as all shelves are shown, and the days, which are
// many and have no numbers, page by page.
type shelves struct {
	counters, all datasubject.Shelves
	days          []daysShelf
}

type daysShelf struct {
	kind string
	rows *mongokit.Collection[datasubject.Row]
}

func newShelves(db *mongokit.DB) shelves {
	counters := datasubject.Shelf{Kind: "statistics", Small: true}.Over(db, "statistics_counters")
	return shelves{
		counters: datasubject.Shelves{counters},
		all: datasubject.Shelves{counters,
			datasubject.Shelf{Kind: "statistics day"}.Over(db, "statistics_days"),
			datasubject.Shelf{Kind: "statistics agent day"}.Over(db, "statistics_agent_days")},
		days: []daysShelf{
			{"statistics day", mongokit.Tenanted[datasubject.Row](db, "statistics_days", "day")},
			{"statistics agent day", mongokit.Tenanted[datasubject.Row](db, "statistics_agent_days", "day")}},
	}
}

// exportRows bounds a page: a day of a busy website has some ten kilobytes.
const exportRows = 50

// exportPlace is a row of one of the days' shelves, behind which an export goes on.
type exportPlace struct {
	shelf      int
	day, agent int64
}

func (p exportPlace) String() string { return fmt.Sprintf("%d.%d.%d", p.shelf, p.day, p.agent) }

// first is in front of all days of a shelf.
func first(shelf int) exportPlace { return exportPlace{shelf, math.MinInt32, 0} }

// Export implements datasubject.Keeper. A visitor has nothing here.
func (s *Store) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (datasubject.Page, error) {
	if visitor != 0 {
		return datasubject.Page{}, nil
	}
	if after == "" {
		page, err := s.shelves.counters.Export(ctx, t, 0, "")
		page.Next = first(0).String()
		return page, err
	}
	var at exportPlace
	if n, err := fmt.Sscanf(after, "%d.%d.%d", &at.shelf, &at.day, &at.agent); err != nil || n != 3 || at.shelf < 0 || at.shelf >= len(s.shelves.days) {
		return datasubject.Page{}, fault.Bad("after", "is not a place that a page named")
	}
	return s.exportDays(ctx, t, at)
}

func (s *Store) exportDays(ctx context.Context, t tenant.ID, at exportPlace) (page datasubject.Page, err error) {
	shelf := s.shelves.days[at.shelf]
	rows, err := shelf.rows.List(ctx, t, rowsBehind(at.day, at.agent, math.MaxInt32), inOrder(exportRows))
	if err != nil {
		return page, err
	}
	for _, r := range rows {
		line, err := datasubject.Line(shelf.kind, r)
		if err != nil {
			return page, err
		}
		page.Rows = append(page.Rows, json.RawMessage(line))
		at.day = bson.Raw(r).Lookup("day").AsInt64()
		at.agent, _ = bson.Raw(r).Lookup("agentId").AsInt64OK()
	}
	switch {
	case len(rows) == exportRows:
		page.Next = at.String()
	case at.shelf+1 < len(s.shelves.days):
		page.Next = first(at.shelf + 1).String()
	}
	return page, nil
}

// Erase implements datasubject.Keeper. Sums name no visitor, and stay when one goes.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor != 0 {
		return false, nil
	}
	return s.shelves.all.Erase(ctx, t)
}
