package command

import (
	"strings"

	"fivechat.dev/libs/embedmongo/internal/plan"
	"fivechat.dev/libs/embedmongo/internal/query"
)

// ExecutedQuery reports how the documents of one query were found. A statement of an update or a delete is a query of
// its own, and so is each of its retries.
type ExecutedQuery struct {
	Command   string // find, aggregate, count, distinct, update, delete or findAndModify
	Namespace string
	Filter    string // the fields and operators, without values
	Sort      string // the fields and directions; "" without an order
	Stage     string // IXSCAN, IDHACK (one document by its _id) or COLLSCAN
	Index     string // its name; "" for COLLSCAN and IDHACK
	SortsRows bool   // no index has the order, so the rows were sorted in memory
	Keys      int64  // examined
	Matched   int64  // rows that the filter matched, with those that were skipped
}

// logged adds the query log to a query of a client.
func (r *request) logged(ns string, q plan.Query) plan.Query {
	if r.s.QueryLog == nil || r.name == "" {
		return q
	}
	command := r.name // the cursor may live longer than the request
	q.Done = func(c *plan.Cursor) {
		p := c.Plan()
		done := ExecutedQuery{
			Command:   command,
			Namespace: ns,
			Filter:    p.Filter.String(),
			Sort:      orderText(p.Sort),
			Stage:     p.Stage(),
			SortsRows: p.Sorts(),
			Keys:      c.KeysExamined,
			Matched:   c.Matched,
		}
		if done.Stage == "IXSCAN" {
			done.Index = p.IndexName()
		}
		r.s.QueryLog(done)
	}
	return q
}

func orderText(keys []query.SortKey) string {
	var parts []string
	for _, k := range keys {
		direction := " 1"
		if k.Descending {
			direction = " -1"
		}
		parts = append(parts, k.Path+direction)
	}
	return strings.Join(parts, ", ")
}
