package sharding_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/tests/harness"
)

// A query may examine as many keys as twice the rows that it matches, and some more.
const (
	keysForRow  = 2
	keysBesides = 10
)

// fault is what a query may not do.
type fault string

const (
	readsAll  fault = "reads the whole collection"
	sortsRows fault = "sorts rows in memory"
	manyKeys  fault = "examines too many keys"
)

// allowed lists the queries that may have a fault, by a part of their text, with the reason.
var allowed = []struct {
	what fault
	of   string
	why  string
}{
	{readsAll, "_sums by nothing", "a gauge needs the sums of all websites, every minute"},
	{readsAll, "find statistics_positions by nothing", "a gauge needs all positions: one for each feed"},
	{readsAll, "aggregate accounts_audit by nothing", "an operator's list has the number of all entries"},
	{readsAll, "aggregate accounts_websites by nothing", "an operator's list has the number of all websites"},
	{sortsRows, "find visitors_visitors by websiteId =, lastSeenAt >=", "visitors who are online change their place in " +
		"the index by last seen; they are few, and sorting them is cheaper than examining all visitors in order"},
	{manyKeys, "find visitors_visitors by websiteId =, lastSeenAt <", "visitors who are online are skipped in a list " +
		"of the others, and they are few"},
	{manyKeys, "(createdAt < or _id <)", "rows of the cursor's own millisecond are skipped, by their keys alone"},
	{manyKeys, "(updatedAt > or _id >)", "rows of the position's own millisecond are skipped, by their keys alone"},
	{manyKeys, "_outbox by websiteId =, key in, (pos = or pos >), (key > or _id >)", "a stream that resumes reads " +
		"the records of its objects in their order, of which it has got the older ones"},
	{manyKeys, "find webhooks_deliveries by status =, not (webhookId in)", "deliveries of webhooks that are worked " +
		"on are skipped, by their keys alone"},
	{manyKeys, "_tally_changes by websiteId =, fold <, at <", "changes of the last minute's folds stay, and are skipped"},
	{manyKeys, "find conversations_conversations by websiteId =, updatedAt >=", "a list of changes checks its other " +
		"filters on the changed conversations"},
	{manyKeys, "terms =", "the server finds the conversations with one of several words, and checks the others on those"},
}

// executed is a query as it was executed, with the worst relation of keys to rows.
type executed struct {
	indexes    map[string]bool
	faults     map[fault]bool
	keys, rows int64
}

// plans are the queries so far, by their text.
var plans = struct {
	sync.Mutex
	executed map[string]*executed
}{executed: map[string]*executed{}}

// plan records a query.
func plan(q embedmongo.ExecutedQuery) {
	plans.Lock()
	defer plans.Unlock()
	text := textOf(q)
	e := plans.executed[text]
	if e == nil {
		e = &executed{indexes: map[string]bool{}, faults: map[fault]bool{}}
		plans.executed[text] = e
	}
	e.add(q)
}

func (e *executed) add(q embedmongo.ExecutedQuery) {
	byID := q.Stage == "IDHACK" // one row at most
	index := q.Index
	switch {
	case byID:
		index = "_id_"
	case q.Stage == "COLLSCAN":
		index = "none"
		e.faults[readsAll] = true
	}
	e.indexes[index] = true
	if q.SortsRows && !byID {
		e.faults[sortsRows] = true
	}
	if q.Keys > keysForRow*q.Matched+keysBesides {
		e.faults[manyKeys] = true
	}
	if q.Keys-keysForRow*q.Matched >= e.keys-keysForRow*e.rows {
		e.keys, e.rows = q.Keys, q.Matched
	}
}

// ofUser matches the name of a field that ends in the number of a user.
var ofUser = regexp.MustCompile(`\breadTo\.[0-9]+`)

// textOf returns a query without its values.
func textOf(q embedmongo.ExecutedQuery) string {
	_, collection, _ := strings.Cut(q.Namespace, ".")
	text := q.Command + " " + collection + " by " + ofUser.ReplaceAllString(q.Filter, "readTo.user")
	if q.Filter == "" {
		text += "nothing"
	}
	if q.Sort != "" {
		text += "; order " + q.Sort
	}
	return text
}

// line is the query's row in the table.
func (e *executed) line(text string) string {
	line := text + " | " + strings.Join(slices.Sorted(maps.Keys(e.indexes)), " or ")
	if e.faults[sortsRows] {
		line += ", sorted in memory"
	}
	return line
}

// reason returns why a query may have a fault, or "".
func reason(what fault, text string) string {
	for _, a := range allowed {
		if a.what == what && strings.Contains(text, a.of) {
			return a.why
		}
	}
	return ""
}

// table is the file with the queries of the journeys and their indexes. It is written if the environment has
// QUERIES=write. Queries that this run didn't execute stay in it: remove the file to drop those that no longer exist.
const table = "testdata/queries.txt"

// checkPlans checks that each query found its rows by an index, in their order, without examining many keys, and
// compares it with the table.
func checkPlans(t *testing.T) {
	t.Helper()
	plans.Lock()
	defer plans.Unlock()
	var lines, bad []string
	for _, text := range slices.Sorted(maps.Keys(plans.executed)) {
		e := plans.executed[text]
		lines = append(lines, e.line(text))
		for what := range e.faults {
			if reason(what, text) == "" {
				bad = append(bad, fmt.Sprintf("%s: %s (%d keys for %d rows)", what, e.line(text), e.keys, e.rows))
			}
		}
	}
	for _, a := range allowed {
		if !strings.Contains(strings.Join(lines, "\n"), a.of) && !seldom.MatchString(a.of) {
			t.Errorf("no such query any more: %s", a.of)
		}
	}
	if len(bad) > 0 {
		t.Errorf("%d queries without a suitable index:\n%s", len(bad), strings.Join(bad, "\n"))
	}
	known, err := os.ReadFile(table)
	if os.Getenv("QUERIES") == "write" {
		err = writeTable(string(known), lines) // a missing file has no earlier lines
	} else {
		compareTable(t, string(known))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// compareTable compares the indexes of the queries with those in the table. A query that isn't in the table is no
// error, because some occur only if processes compete for a row.
func compareTable(t *testing.T, known string) {
	t.Helper()
	expected := map[string]string{}
	for line := range strings.Lines(known) {
		text, index, _ := strings.Cut(strings.TrimSpace(line), " | ")
		expected[text] = index
	}
	for text, e := range plans.executed {
		listed, found := expected[text]
		if !found {
			t.Logf("not in %s; `make queries` adds it: %s", table, e.line(text))
			continue
		}
		for index := range e.indexes {
			if !slices.Contains(strings.FieldsFunc(listed, func(r rune) bool { return r == ' ' || r == ',' }), index) {
				t.Errorf("%s uses the index %s, and not %s as in %s; `make queries` changes that", text, index, listed, table)
			}
		}
	}
}

// writeTable writes lines, and those of the earlier table whose queries weren't executed.
func writeTable(earlier string, lines []string) error {
	for line := range strings.Lines(earlier) {
		if text, _, _ := strings.Cut(line, " | "); plans.executed[text] == nil {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	slices.Sort(lines)
	return os.WriteFile(table, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// manyRows reads lists of a website with more rows than a page has, by each filter.
func manyRows(t *testing.T) {
	w := harness.Running().World(t, harness.Pro)
	w.Import(t, 150)
	user := w.User.Int("id")
	for i := range 30 {
		v := w.Visit(t, nil)
		token := v.Open(t, fmt.Sprintf("parcel number %d", i))
		if i%3 == 0 {
			w.Agent().Do(t, "PATCH", "/conversations/"+token, harness.Map{"assigneeId": user}).Want(t, 200)
		}
		w.NewTicket(t, harness.Map{"title": fmt.Sprintf("parcel %d", i), "priority": []string{"HIGH", "LOW"}[i%2]})
	}
	w.Caller.Open(t, "parcel again")
	for _, list := range []string{
		"/conversations?", "/conversations?status=OPEN", "/conversations?status=CLOSED", "/conversations?search=parcel",
		fmt.Sprintf("/conversations?assigneeId=%d", user), fmt.Sprintf("/conversations?visitorId=%d", w.Caller.ID),
		fmt.Sprintf("/conversations?status=OPEN&assigneeId=%d", user), "/conversations?search=question",
		fmt.Sprintf("/conversations?status=OPEN&visitorId=%d", w.Caller.ID), "/conversations?status=OPEN&search=parcel",
		fmt.Sprintf("/conversations?search=parcel&visitorId=%d", w.Caller.ID), "/conversations?search=number+parcel",
		"/conversations?updatedSince=2020-01-01T00:00:00Z", "/conversations?status=OPEN&updatedSince=2020-01-01T00:00:00Z",
		"/visitors?", "/visitors?online=true", "/visitors?online=false", "/visitors?updatedSince=2020-01-01T00:00:00Z",
		"/tickets?", "/tickets?status=OPEN", "/tickets?priority=HIGH", "/tickets?search=parcel", "/tickets?page=3",
		fmt.Sprintf("/tickets?visitorId=%d", w.Caller.ID), "/tickets?status=OPEN&priority=LOW", "/conversations?page=9",
		"/tickets?updatedSince=2020-01-01T00:00:00Z", "/webhooks?", "/webhooks/" + w.Webhook + "/deliveries?",
		"/statistics/current?", "/users?",
	} {
		first := w.Agent().Get(t, list+"&limit=5")
		if cursor, ok := first.M["nextCursor"].(string); ok {
			w.Agent().Get(t, list+"&limit=5&cursor="+cursor)
		}
	}
}
